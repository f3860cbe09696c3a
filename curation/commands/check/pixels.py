"""Whether two encoded images show the same: the same file, the same pixels, or the same picture in another size or quality."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from curation.core.row import row_id
from curation.images.safe import ImageError, opened

SIDE = 48
"""Both are compared at so many pixels a side."""
NEAR = 6.0
"""Root mean square of the difference in grey levels (of 255) up to which two pictures are one: a JPEG of quality 75 and a resampling stay
below 4."""
COARSE = 40.0
"""Largest difference of a single place: what two charts that differ in a number have at one."""


def same_picture(one: bytes, other: bytes, exactly: bool) -> bool | None:
    """Whether two images have the same pixels, or, unless `exactly`, show the same. None where one of the two does not decode."""
    if one == other:
        return True
    try:
        if exactly:
            return row_id("", [one]) == row_id("", [other])
        a, b = _small(one), _small(other)
    except ImageError:
        return None
    difference = np.abs(a - b)
    return bool(np.sqrt((difference**2).mean()) <= NEAR and difference.max() <= COARSE)


def _small(data: bytes) -> npt.NDArray[np.float64]:
    """The picture on white, upright or not as it is, as `SIDE` x `SIDE` x RGB."""
    with opened(data) as image:
        image.load()
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        white.alpha_composite(rgba)
        return np.asarray(white.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX), np.float64)
