"""Images that every reader decodes to the same pixels, and their names as files."""

import hashlib
import io
from typing import NamedTuple

from PIL import ExifTags, Image

from curation.sampling.engines.conversation import decode_image

FORMATS = {"PNG", "JPEG", "WEBP"}
"""What every trainer reads."""
MODES = {"RGB", "L", "1", "P"}
"""Modes that become RGB in one way only, where nothing is transparent."""


class PlainImage(NamedTuple):
    """Encoded bytes, and whether they are other bytes than the row's."""

    data: bytes
    reencoded: bool


def plain_image(data: bytes) -> PlainImage:
    """The image as it is, or as PNG where a reader could see another one in it than the sampler did: turned by EXIF, or transparent.

    Raises:
        ValueError: the bytes are no image.
    """
    try:
        with Image.open(io.BytesIO(data)) as raw:
            upright = raw.getexif().get(ExifTags.Base.Orientation, 1) == 1
            plain = raw.format in FORMATS and raw.mode in MODES and "transparency" not in raw.info and upright
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"an image of {len(data or b'')} bytes cannot be decoded: {error}") from error
    if plain:
        return PlainImage(data, reencoded=False)
    file = io.BytesIO()
    decode_image(data).save(file, "PNG")
    return PlainImage(file.getvalue(), reencoded=True)


def image_name(data: bytes) -> str:
    """A path for an image by its content, so that equal images are one file: `3f/3f9a...c1.png`."""
    ending = {"jpeg": "jpg"}.get(kind := kind_of(data), kind)
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    return f"{digest[:2]}/{digest}.{ending}"


def kind_of(data: bytes) -> str:
    """The kind of a plain image, as a data URL names it: png, jpeg or webp."""
    return "png" if data.startswith(b"\x89PNG") else "jpeg" if data.startswith(b"\xff\xd8") else "webp"
