"""Images as cells: means over n x n equal parts, of luma and chroma, and how the cells of two images compare."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

Cells = npt.NDArray[np.float32]

BLANK = 6
"""Luma levels: an image with less between its darkest and its lightest cell shows nothing that could be compared."""
ENCODING = (5.0, 12.0)
"""Luma levels that a cell may change by encoding: the first, and the second divided by the cell's side in pixels."""


class Tolerance(NamedTuple):
    """The share of the contrast around a cell that it may change: `slope` by the cell's side in pixels, between the bounds."""

    slope: float
    least: float
    most: float

    def share(self, side: float) -> float:
        """For a cell of so many pixels a side, in the smaller image."""
        return min(max(self.slope / side, self.least), self.most)


def planes_of(image: Image.Image, width: int, height: int) -> tuple[Image.Image, Image.Image, Image.Image]:
    """Luma, blue and red chroma of an RGB image in so many cells."""
    luma, blue, red = image.resize((width, height), Image.Resampling.BOX).convert("YCbCr").split()
    return luma, blue, red


def residual(one: Cells, other: Cells, side: float) -> float:
    """The largest share of the contrast around a cell by which it differs, beyond what encoding does. `side` is a cell's in pixels."""
    beyond = np.abs(one - other) - (ENCODING[0] + ENCODING[1] / side)
    return float((np.maximum(beyond, 0) / (contrast(one, other) + 1)).max())


def correlation(one: Cells, other: Cells) -> float:
    """Pearson's, over the cells; 0 where either is of one colour."""
    a, b = one.ravel() - one.mean(), other.ravel() - other.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm else 0.0


def contrast(one: Cells, other: Cells) -> Cells:
    """Lightest minus darkest of the 3x3 cells around each, in the image where that is more."""
    both = np.pad(np.stack([one, other]), ((0, 0), (1, 1), (1, 1)), mode="edge")
    result: Cells = (_around(both, np.maximum) - _around(both, np.minimum)).max(0)
    return result


def _around(cells: Cells, pick: np.ufunc) -> Cells:
    rows = pick(pick(cells[:, :-2], cells[:, 1:-1]), cells[:, 2:])
    result: Cells = pick(pick(rows[:, :, :-2], rows[:, :, 1:-1]), rows[:, :, 2:])
    return result
