"""Small images for the page: a hostile or broken one is said, and harms nothing."""

import base64
import io
from typing import NamedTuple

from curation.images.pixels import sketch
from curation.images.safe import ImageError

SIDE = 192
"""Of the longer side of a thumbnail, in pixels."""
MOST = 8
"""Images of one row that are shown."""


class Thumbnail(NamedTuple):
    """`uri` is empty where the image does not decode; `problem` says why. `original` is the size of the image itself, `420 x 300`."""

    uri: str
    width: int
    height: int
    original: str
    problem: str = ""


def thumbnail(data: bytes) -> Thumbnail:
    """A WebP of at most `SIDE` pixels a side as a data URI."""
    try:
        image, original = sketch(data, SIDE)
        image.thumbnail((SIDE, SIDE))
        written = io.BytesIO()
        image.save(written, "WEBP", quality=72, method=4)
    except (ImageError, OSError, ValueError) as error:
        return Thumbnail("", 0, 0, "", " ".join(str(error).split()) or type(error).__name__)
    uri = f"data:image/webp;base64,{base64.b64encode(written.getvalue()).decode()}"
    return Thumbnail(uri, image.width, image.height, "{} x {}".format(*original.size))
