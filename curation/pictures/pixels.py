"""From encoded bytes to pixels as a model sees them: upright, first frame, RGB on white."""

import io
import warnings

from PIL import Image, ImageOps

from curation.pictures.safe import FORMATS, explain, inspect

WHITE = (255, 255, 255)
TURNED = (5, 6, 7, 8)
"""The values of EXIF's orientation that swap width and height."""
ORIENTATION = 0x0112


def decode(data: bytes) -> Image.Image:
    """The pixels of a picture's first frame, turned as its EXIF orientation says, RGB on white.

    Raises:
        PictureError: not a picture, larger than the limits, damaged or cut short.
    """
    return sketch(data, None)[0]


def sketch(data: bytes, side: int | None) -> tuple[Image.Image, tuple[int, int]]:
    """As `decode`, and the full width and height. A JPEG may come at a half, a quarter or an eighth of its size, `side` at least.

    Raises:
        PictureError: as `decode`.
    """
    inspect(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                size = picture.size
                if side:
                    picture.draft(None, (side, side))
                picture.load()
                if picture.getexif().get(ORIENTATION) in TURNED:
                    size = size[::-1]
                return on_white(ImageOps.exif_transpose(picture)), size
    except Exception as error:  # decoders meet hostile bytes here and raise anything; the caller counts the reason
        raise explain(error, data) from error


def on_white(picture: Image.Image) -> Image.Image:
    """RGB: transparent parts become white, 16 bits a channel become 8."""
    if picture.mode.startswith("I;16"):
        picture = picture.convert("I")
    if picture.mode == "I":  # Pillow would clip at 255
        picture = picture.point(lambda value: value * (1 / 257)).convert("L")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    canvas = Image.new("RGB", picture.size, WHITE)
    canvas.paste(picture, mask=picture.getchannel("A"))
    return canvas
