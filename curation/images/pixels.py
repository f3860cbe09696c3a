"""From encoded bytes to pixels as a model sees them: upright, first frame, RGB on white."""

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple, cast

from PIL import Image

from curation.images.safe import opened

WHITE = (255, 255, 255)
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF's orientation -> what makes the image upright."""


MOST_KEPT = 8_000_000
"""Pixels that are kept decoded, 24 MB."""


class Original(NamedTuple):
    """What an image was before it was decoded. `size` is width and height when upright."""

    format: str
    mode: str
    size: tuple[int, int]
    frames: int
    turned: bool
    transparent: bool


def decode(data: bytes) -> Image.Image:
    """The pixels of an image's first frame, turned as its EXIF orientation says, RGB on white; not to be changed, others get them too.

    Raises:
        ImageError: not an image, larger than the limits, damaged or cut short.
    """
    return sketch(data, None)[0]


def sketch(data: bytes, side: int | None) -> tuple[Image.Image, Original]:
    """As `decode`, and what the image was. A JPEG may come at a half, a quarter or an eighth of its size, `side` at least.

    Raises:
        ImageError: as `decode`.
    """
    return _sketch(data, side) if side else _whole(data)


class _Recent:
    """The pixels that were decoded last: a row's images are looked at by several steps, one after the other."""

    def __init__(self, most_pixels: int) -> None:
        self._left, self._lock = most_pixels, Lock()
        self._of: OrderedDict[bytes, tuple[Image.Image, Original]] = OrderedDict()

    def __call__(self, data: bytes) -> tuple[Image.Image, Original]:
        if known := self._of.get(data):
            return known
        decoded = _sketch(data, None)
        with self._lock:
            if data not in self._of:
                self._of[data] = decoded
                self._left -= _n_pixels(decoded[0])
            while self._left < 0:
                self._left += _n_pixels(self._of.popitem(last=False)[1][0])
        return decoded


def _n_pixels(image: Image.Image) -> int:
    return image.width * image.height


def _sketch(data: bytes, side: int | None) -> tuple[Image.Image, Original]:
    with opened(data) as image:
        mode, size = image.mode, image.size
        if side:
            image.draft(None, (side, side))
        image.load()
        turn = TURNS.get(_orientation(image))
        if turn in (TURNS[5], TURNS[6], TURNS[7], TURNS[8]):
            size = size[::-1]
        # further frames of a JPEG (MPO) are a camera's previews and depth maps, and are cut off as metadata is
        format = "JPEG" if image.format == "MPO" else str(image.format)
        frames = 1 if format == "JPEG" else int(getattr(image, "n_frames", 1))
        transparent = image.has_transparency_data
        original = Original(format, mode, size, frames, turn is not None, transparent)
        upright = image if turn is None else image.transpose(turn)
        return on_white(upright), original


_whole = _Recent(MOST_KEPT)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # garbage in EXIF is no reason to lose the pixels
        return 1


def on_white(image: Image.Image) -> Image.Image:
    """RGB: transparent parts become white, more than 8 bits a channel become 8."""
    if image.mode.startswith(("I", "F")):  # Pillow would clip at 255
        image = _as_bytes(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    canvas = Image.new("RGB", image.size, WHITE)
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas


def _as_bytes(image: Image.Image) -> Image.Image:
    """Deep gray values as 8 bits: of 16, or of the 8 or 12 that scanners put into 16, by the largest value; floats of 0 to 1 too."""
    image = image.convert("F")
    _, high = cast(tuple[float, float], image.getextrema())
    most = next((bound for bound in (1.0, 255.0, 4095.0, 65535.0) if high <= bound), high)
    return image.point(lambda value: value * (255 / most)).convert("L")
