"""An image as it is trained on: checked whole, upright, RGB on white, of a size the model takes, PNG or JPEG, without metadata.

Where none of that changes a pixel the file is kept byte for byte; where only metadata goes the pixels' bytes are.
"""

import io
from typing import NamedTuple

from PIL import Image
from pydantic import Field

from curation.core.plugins import Options
from curation.images.budget import MAX_ASPECT, MAX_PIXELS, MIN_PIXELS, stored_size
from curation.images.metadata import stripped
from curation.images.pixels import Original, decode, sketch
from curation.images.safe import ImageError, inspect

KEPT_MODES = ("RGB", "L")
JPEG_QUALITY = 95
"""Of a JPEG that had to be re-encoded; its chroma is not subsampled."""


class ImageOptions(Options):
    """Which images stay, and how they are stored. A row with an image that does not is dropped."""

    min_side: int = Field(default=14, ge=1)
    """Pixels of the shorter side; less drops the row as `picture_too_small`. 14 is one patch of Qwen2.5-VL."""
    max_aspect: float = Field(default=MAX_ASPECT, ge=1)
    """Longer side by shorter; more drops the row as `picture_too_long`. Qwen2.5-VL refuses more than 200."""
    min_pixels: int = Field(default=MIN_PIXELS, ge=1)
    """Pixels, width by height. Smaller images are enlarged, as the model's processor would: 3136 are 4 visual tokens."""
    max_pixels: int = Field(default=MAX_PIXELS, ge=28 * 28)
    """Pixels, width by height. Larger images are shrunk; 784 pixels are one visual token, the default is 16,384 of them."""
    max_pictures: int = Field(default=8, ge=1)
    """Images of one row; more drop it as `too_many_pictures`."""


class Normalised(NamedTuple):
    """`notes` says what was changed; `moved` whether a place in pixels is another place now."""

    data: bytes
    notes: tuple[str, ...]
    moved: bool


def normalise_image(data: bytes, options: ImageOptions) -> Normalised:
    """The image as it is stored.

    Raises:
        ImageError: unreadable, cut short, or beyond a limit (`picture_too_small`, `picture_too_large`, `picture_too_long`).
    """
    info = inspect(data)
    _check_limits(info.width, info.height, options)
    shrunk = min(stored_size(info.width, info.height, options.min_pixels, options.max_pixels))
    image, original = sketch(data, shrunk if shrunk < min(info.width, info.height) else None)
    target = stored_size(*original.size, options.min_pixels, options.max_pixels)
    notes = list(_notes(original, target))
    moved = original.turned or target != original.size
    if image.size != target:
        image = image.resize(target, Image.Resampling.BICUBIC)
    if not notes and (bare := stripped(data)) is not None:
        if bare == data:
            return Normalised(data, (), False)
        if decode(bare).tobytes() == image.tobytes():
            return Normalised(bare, ("metadata dropped",), False)
    return Normalised(_encode(image, original.format), tuple(notes or ["encoded anew"]), moved)


def _check_limits(width: int, height: int, options: ImageOptions) -> None:
    if min(width, height) < options.min_side:
        raise ImageError("picture_too_small", f"{width}x{height}, smallest side {options.min_side}")
    if max(width, height) > options.max_aspect * min(width, height):
        raise ImageError("picture_too_long", f"{width}x{height}, largest aspect ratio {options.max_aspect:g}")


def _notes(original: Original, target: tuple[int, int]) -> list[str]:
    """What changes the pixels or the format."""
    changes = {
        "first frame": original.frames > 1,
        "turned": original.turned,
        f"{original.mode} on white": original.transparent,
        f"{original.mode} to RGB": not original.transparent and original.mode not in KEPT_MODES,
        f"{original.format} to PNG": original.format not in ("PNG", "JPEG"),
        "resized {}x{} -> {}x{}".format(*original.size, *target): target != original.size,
    }
    return [note for note, happens in changes.items() if happens]


def _encode(image: Image.Image, format: str) -> bytes:
    out = io.BytesIO()
    image.info = {}  # Pillow would write comments and profiles along
    if format == "JPEG":
        image.save(out, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    else:
        image.save(out, "PNG")
    return out.getvalue()
