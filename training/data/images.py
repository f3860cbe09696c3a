"""The images of a row: decoded, at most so large, or one line that says which cannot be."""

from collections.abc import Callable, Mapping
from math import floor, sqrt
from typing import Any, NamedTuple


class Cap(NamedTuple):
    """How many pixels an image may have. One with more gets sides of multiples of `factor` (Qwen2.5-VL: patches of 14, merged by 2)."""

    max_pixels: int
    factor: int = 28


class RowError(ValueError):
    """What is wrong with a row. It stays one line when a loader's process raises it, where torch puts a traceback before it."""

    def __str__(self) -> str:
        lines = super().__str__().strip().splitlines()
        return lines[-1].removeprefix(f"{type(self).__module__}.{type(self).__name__}: ") if lines else ""


def decoded(image: Mapping[str, Any] | None, cap: Cap | None, place: Callable[[int], str], number: int) -> Any:
    """A PIL image as `datasets.Image` decodes it, scaled down to the cap.

    Raises:
        RowError: there are no bytes, or no image can be made of them.
    """
    from datasets import Image

    given = (image or {}).get("bytes")
    if not given:
        raise RowError(f"{place(number)}: an image has no bytes; leave the row out, or build the shard anew")
    try:
        picture = Image().decode_example({"bytes": given, "path": None})
    except Exception as error:  # Pillow's plugins raise whatever they like: OSError, SyntaxError, struct.error, ...
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RowError(f"{place(number)}: an image of {len(given)} bytes cannot be decoded: {reason}") from error
    return shrunk(picture, cap) if cap else picture


def height_and_width(image: Mapping[str, Any] | None, place: Callable[[int], str], number: int) -> tuple[int, int]:
    """The size that a decoded image has, from its header alone.

    Raises:
        RowError: there are no bytes, or no image's header is in them.
    """
    import io

    import PIL.Image

    given = (image or {}).get("bytes")
    try:
        picture = PIL.Image.open(io.BytesIO(given or b""))
        width, height = picture.size
        turned = picture.getexif().get(0x0112, 1) >= 5  # `datasets.Image` turns it upright
    except Exception as error:  # see `decoded`
        raise RowError(
            f"{place(number)}: an image of {len(given or b'')} bytes has no header that can be read"
        ) from error
    return (width, height) if turned else (height, width)


def shrunk(picture: Any, cap: Cap) -> Any:
    """The picture, scaled down where Qwen-VL's processor would scale it down to `cap.max_pixels` (`smart_resize` of transformers).

    It is done here and not in a processor alone, so that the trainer, its vLLM and every model see the same picture: one of these
    sides is not scaled again.
    """
    sides = picture.size
    width, height = (round(side / cap.factor) * cap.factor for side in sides)
    if width * height <= cap.max_pixels:
        return picture
    scale = sqrt(sides[0] * sides[1] / cap.max_pixels)
    smaller = [max(cap.factor, floor(side / scale / cap.factor) * cap.factor) for side in sides]
    return picture.resize(smaller, resample=3)  # bicubic, as Qwen-VL's
