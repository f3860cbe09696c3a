"""Whether two hashes are of one image, re-encoded or resized: strict, so that two puzzles of one family stay two.

The cells of a copy differ by what encoding and resampling can do, and by no more. JPEG at quality 30 moves a cell's mean by a few levels;
resampling moves it by a share of the contrast around it; both fall with the number of pixels in a cell. Another digit moves its cells by
more, as long as it spans about two of them in the smaller image. The numbers are from 1,104 public images of eight sources.
"""

import numpy as np

from curation.images.similarity.cells import Cells, Tolerance, contrast, correlation, residual
from curation.images.similarity.hash import CELLS, ImageHash

SAME_SIZE = Tolerance(1.0, 0.15, 0.6)
RESIZED = Tolerance(2.1, 0.15, 0.8)
SHRUNK = 0.4
"""A copy at less than this share of the size may have lost its digits: there no cell may differ much more than the others."""
TYPICAL, OUTLIER = 0.9, 2.5
"""The quantile of the cells' changes that counts as usual, and how many times as much is an outlier."""
UNDISPUTED = 0.9
"""Share of the contrast that is never an outlier, times the cell's side in pixels."""
CHROMA = 14.0
"""Largest change of a colour cell: chroma is subsampled and quantised most."""
CORRELATION = 0.55
"""Least correlation of the cells: where a copy is so small that nearly any contrast is allowed, the whole must still agree."""
STRETCH = 0.01
"""How far the aspect ratios may differ beyond the rounding to whole pixels."""


def near(a: ImageHash, b: ImageHash) -> bool:
    """Whether one image is the other re-encoded (JPEG at quality 30 and better), resized (0.25x to 2x), or both.

    Images of one colour are near only where their hashes are equal.
    """
    if a == b:
        return True
    if not _same_shape(a, b) or a.is_blank or b.is_blank:
        return False
    if np.abs(_cells(a.chroma) - _cells(b.chroma)).max() > CHROMA:
        return False
    one, other = (_cells(image.luma).reshape(CELLS, CELLS) for image in (a, b))
    if correlation(one, other) < CORRELATION:
        return False
    side = min(a.width, b.width, a.height, b.height) / CELLS
    tolerance = SAME_SIZE if (a.width, a.height) == (b.width, b.height) else RESIZED
    worst = residual(one, other, side)
    if _scale(a, b) < SHRUNK and worst > max(UNDISPUTED / side, OUTLIER * _usual(one, other)):
        return False
    return worst <= tolerance.share(side)


def _scale(a: ImageHash, b: ImageHash) -> float:
    return min(a.width, b.width) / max(a.width, b.width)


def _usual(one: Cells, other: Cells) -> float:
    """By what share of the contrast around them most cells changed, of those where there is some.

    Flat cells are left out: their change is rounding, and would pull the quantile down to where every edge is an outlier.
    """
    around = contrast(one, other)
    there = around > 24
    return float(np.quantile(np.abs(one - other)[there] / (around[there] + 4), TYPICAL)) if there.any() else 0.0


def _same_shape(a: ImageHash, b: ImageHash) -> bool:
    rounding = 0.5 / min(a.width, b.width) + 0.5 / min(a.height, b.height)
    return abs(float(np.log(a.width * b.height / (a.height * b.width)))) <= rounding + STRETCH


def _cells(data: bytes) -> Cells:
    return np.frombuffer(data, np.uint8).astype(np.float32)
