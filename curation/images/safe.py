"""Open encoded images safely: nothing is decoded before its format and size are known to be harmless.

    info = inspect(data)                # reads the header only
    with opened(data) as image: ...     # of a known format and size; may be decoded

Both raise ImageError with a short reason code: `picture_unreadable`, `picture_truncated`, `picture_too_large`.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

from curation.core.errors import BadRowError, first_line

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
"""What data sets ship. Everything else that Pillow opens (EPS runs Ghostscript) is refused."""
MAX_BYTES = 64 << 20
MAX_PIXELS = 64_000_000
"""8,000 x 8,000; decoded as RGBA that is 256 MB. Qwen2.5-VL's own limit is 16384 patches of 28 x 28, 12.8 million pixels."""
MAX_SIDE = 30_000


class ImageError(BadRowError):
    """An image that cannot be used."""


class ImageInfo(NamedTuple):
    """What the header says."""

    format: str
    width: int
    height: int
    mode: str


def inspect(data: bytes) -> ImageInfo:
    """Read an image's header and check its format and size; decodes no pixel.

    Raises:
        ImageError: not an image of a known format, or larger than the limits.
    """
    with opened(data) as image:
        return ImageInfo(str(image.format), image.width, image.height, image.mode)


@contextmanager
def opened(data: bytes) -> Iterator[Image.Image]:
    """An image within the limits, not decoded yet; whatever its decoder raises inside the block is an ImageError.

    Raises:
        ImageError: as `inspect`, or what is decoded inside the block is damaged or cut short.
    """
    if len(data) > MAX_BYTES:
        raise ImageError("picture_too_large", f"{len(data)} bytes, limit {MAX_BYTES}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
                    limits = f"limit {MAX_PIXELS} pixels and {MAX_SIDE} a side"
                    raise ImageError("picture_too_large", f"{image.width}x{image.height}, {limits}")
                yield image
    except ImageError:
        raise
    except Exception as error:  # decoders meet hostile bytes here and raise anything; the caller counts the reason
        raise explain(error, data) from error


def explain(error: Exception, data: bytes = b"") -> ImageError:
    """The reason code of whatever a decoder raised."""
    text = first_line(error)
    if isinstance(error, ImageError):
        return error
    if isinstance(error, Image.DecompressionBombError | MemoryError):
        return ImageError("picture_too_large", text)
    if isinstance(error, UnidentifiedImageError):
        text = f"no {', '.join(FORMATS)}: {len(data)} bytes starting with {data[:12]!r}"
        return ImageError("picture_unreadable", text)
    if "truncated" in text.lower() or "not enough image data" in text.lower():
        return ImageError("picture_truncated", text)
    return ImageError("picture_unreadable", f"{type(error).__name__}: {text}")
