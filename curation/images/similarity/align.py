"""Which part of an image another one shows: the edges of an upright rectangle, by least squares.

Lucas and Kanade (1981) with four parameters, coarse to fine, with Levenberg's damping. Cutting a rectangle out and shrinking it to n x n
cells is two products with matrices of area weights, whatever the edges.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from curation.images.similarity.cells import Cells

Box = npt.NDArray[np.float64]
"""Left, upper, right, lower edge as shares of the width and the height."""

LEVELS = {12: 4, 24: 4, 48: 5}
"""Cells a side -> steps at most."""
SLACK = 0.2
"""How far an edge may lie inside the image."""
STEP = 0.03
"""How far an edge moves at once: half a cell of the coarsest level."""


def align(part: Mapping[int, Cells], whole: Cells, box: Box) -> Box:
    """The rectangle of `whole` that `part`, given in the cells of every level, shows; sought from `box`.

    Coarse cells first: a step is linear, so it leads the right way only while the edges are off by less than a cell. A step that
    makes the error larger is not taken; more damping makes the next one shorter.
    """
    for n, steps in LEVELS.items():
        cut, damping = cut_out(whole, box, n), 0.02
        error = part[n] - cut
        for _ in range(steps):
            tried = _inside(box + _step(cut, error, box, damping))
            new = cut_out(whole, tried, n)
            new_error = part[n] - new
            before, after = float((error * error).sum()), float((new_error * new_error).sum())
            if after >= before:
                damping *= 16
                continue
            moved = float(np.abs(tried - box).max())
            box, cut, error, damping = tried, new, new_error, damping / 4
            if after > 0.98 * before or moved < 0.0007:
                break
    return box


def cut_out(whole: Cells, box: Box, n: int) -> Cells:
    """The means of n x n equal parts of a rectangle."""
    left, upper, right, lower = box
    height, width = whole.shape
    cut = _areas(n, height, upper, lower) @ whole @ _areas(n, width, left, right).T
    return cut.astype(np.float32, copy=False)


def _areas(n: int, size: int, low: float, high: float) -> Cells:
    """What each of n equal parts of [low, high] covers of `size` pixels, as weights that add up to 1: (n, size)."""
    edges = np.clip(np.linspace(low, high, n + 1) * size, 0, size)
    covered = np.clip(edges[:, None] - np.arange(size, dtype=np.float64), 0, 1)
    weights: Box = covered[1:] - covered[:-1]
    weights /= weights.sum(1, keepdims=True)
    return weights.astype(np.float32)


def _step(cut: Cells, error: Cells, box: Box, damping: float) -> Box:
    """How to move the four edges so that the cut comes nearer to the part.

    Where a cell lies between two edges is a mean of them by its place, so moving an edge moves it by 1 - place (left, upper) or place
    (right, lower). The small multiples of the identity keep the equations solvable where an image has edges in one direction alone.
    """
    n = len(cut)
    place = (np.arange(n, dtype=np.float32) + 0.5) / n
    down, across = np.gradient(cut)
    across, down = across * (n / (box[2] - box[0])), down * (n / (box[3] - box[1]))
    slopes = np.stack([across * (1 - place), down * (1 - place)[:, None], across * place, down * place[:, None]])
    slopes = slopes.reshape(4, -1).astype(np.float64)
    square = slopes @ slopes.T
    square += np.diag(np.diag(square) * damping + 1e-4 * np.trace(square) + 1e-3)
    return np.clip(np.linalg.solve(square, slopes @ error.ravel()), -STEP, STEP)


def _inside(box: Box) -> Box:
    return np.concatenate([np.clip(box[:2], 0, SLACK), np.clip(box[2:], 1 - SLACK, 1)])
