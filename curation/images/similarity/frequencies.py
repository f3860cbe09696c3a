"""Bits of an image's lowest frequencies: pHash (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010).

Differs from it in the order of the bits, by rising frequency, and in leaving the mean out. A bit is whether a coefficient of the DCT lies
above the median; bits of coefficients near the median are the first to flip in a copy.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from curation.images.similarity.cells import Cells


def lowest(luma: Cells, n: int) -> Cells:
    """The n lowest frequencies of a square image but its mean, less their median: (n,)."""
    basis = _basis(len(luma))
    coefficients = (basis @ luma @ basis.T)[_places(n)].astype(np.float32, copy=False)
    return coefficients - np.float32(np.median(coefficients))


def packed(coefficients: Cells) -> npt.NDArray[np.uint8]:
    """Their signs as bits, eight a byte."""
    return np.packbits(coefficients > 0)


@cache
def _basis(side: int, n: int = 16) -> Cells:
    """The first n rows of the DCT-II: (n, side)."""
    angles = np.outer(np.arange(n), 2 * np.arange(side) + 1) * (np.pi / (2 * side))
    return np.cos(angles).astype(np.float32)


@cache
def _places(n: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Row and column of the n lowest frequencies, diagonal by diagonal."""
    places = sorted(((u, v) for u in range(16) for v in range(16) if u + v), key=lambda place: (sum(place), place))
    rows, columns = np.array(places[:n]).T
    return rows, columns
