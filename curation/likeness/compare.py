"""Whether two hashes are of one picture, encoded anew or resized: strict, so that two puzzles of one family stay two.

A copy's cells differ by what encoding and resampling can do, and by no more: JPEG at quality 30 moves the mean of a cell by a few levels,
resampling moves it by a share of the contrast around it; both fall with the number of pixels in a cell.
"""

import numpy as np
import numpy.typing as npt

from curation.likeness.hash import CELLS, PictureHash

ENCODING = (4.0, 12.0)
"""Luma levels that encoding adds to a cell: the first, plus the second divided by the cell's side in pixels."""
SAME_SIZE, RESIZED = 0.9, 1.9
"""Share of the contrast around a cell, to be divided by the cell's side in pixels."""
CHROMA = 14.0
"""Largest difference of a colour cell; chroma is subsampled and quantised most."""


CORRELATION = 0.55
"""Least correlation of the cells: where a copy is so small that any contrast is allowed, the two must still agree on the whole."""


def near(a: PictureHash, b: PictureHash) -> bool:
    """Whether one picture is the other encoded anew (JPEG at quality 30 and better), resized (0.25x to 2x), or both."""
    if a == b:
        return True
    if a.is_blank or b.is_blank or not _same_shape(a, b):
        return False
    if np.abs(_cells(a.chroma) - _cells(b.chroma)).max() > CHROMA:
        return False
    return bool(np.all(excess(a, b) <= 1)) and correlation(a, b) >= CORRELATION


def correlation(a: PictureHash, b: PictureHash) -> float:
    """Pearson's, of the cells; neither may be of one colour."""
    return float(np.corrcoef(_cells(a.luma), _cells(b.luma))[0, 1])


def excess(a: PictureHash, b: PictureHash) -> npt.NDArray[np.float32]:
    """The difference of every cell as a multiple of what it may be: (CELLS, CELLS)."""
    one, other = (_cells(h.luma).reshape(CELLS, CELLS) for h in (a, b))
    side = min(a.width, b.width, a.height, b.height) / CELLS
    share = (SAME_SIZE if (a.width, a.height) == (b.width, b.height) else RESIZED) / side
    allowed = ENCODING[0] + ENCODING[1] / side + min(share, 1.0) * np.maximum(_contrast(one), _contrast(other))
    result: npt.NDArray[np.float32] = np.abs(one - other) / allowed
    return result


def _same_shape(a: PictureHash, b: PictureHash) -> bool:
    """Equal aspect ratios, but for rounding to whole pixels."""
    rounding = 0.5 / min(a.width, b.width) + 0.5 / min(a.height, b.height)
    return abs(np.log(a.width * b.height / (a.height * b.width))) <= rounding + 0.01


def _cells(data: bytes) -> npt.NDArray[np.float32]:
    return np.frombuffer(data, np.uint8).astype(np.float32)


def _contrast(luma: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Lightest minus darkest of the 3x3 cells around each."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(luma, 1, mode="edge"), (3, 3))
    contrast: npt.NDArray[np.float32] = around.max((2, 3)) - around.min((2, 3))
    return contrast
