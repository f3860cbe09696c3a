"""How many rows every cell gives: cells are filled in proportion to their wanted shares until the target is reached, each up to what it
has, each group up to its cap and from its floor on (water filling).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.mixture.options import Mixture

Cell = tuple[str, ...]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Quota(NamedTuple):
    """Of one cell: the rows that were wanted (before caps, floors and what there is), those there are, those taken."""

    wanted: float
    available: int
    taken: int


def quotas(available: Mapping[Cell, int], options: Mixture) -> dict[Cell, Quota]:
    """The quota of every cell; a cell holds a value for each of `options.columns`. Depends on nothing but its arguments."""
    cells = sorted(available)
    if not cells:
        return {}
    rows = np.array([available[cell] for cell in cells], dtype=np.float64)
    shares = wanted_shares(cells, rows, options)
    total = rows.sum() if options.target is None else options.target
    taken = rows if options.target is None else _rounded(_filled(cells, rows, shares, options), rows)
    return {
        cell: Quota(float(share * total), int(n), int(k))
        for cell, n, share, k in zip(cells, rows, shares, taken, strict=True)
    }


def wanted_shares(cells: list[Cell], rows: Floats, options: Mixture) -> Floats:
    """The share of each cell that temperature and weights ask for; they add up to 1 (to 0 where every weight is 0)."""
    places = [options.columns.index(column) for column in options.group_by]
    groups, group_of = np.unique([[cell[i] for i in places] for cell in cells], axis=0, return_inverse=True)
    sizes = np.bincount(group_of.ravel(), weights=rows, minlength=len(groups))
    shares: Floats = sizes[group_of.ravel()] ** (1 / options.temperature - 1) * rows
    for column, factors in options.weights.items():
        place = options.columns.index(column)
        shares = shares * [factors.get(cell[place], 1.0) for cell in cells]
    return shares / (shares.sum() or 1.0)


def _filled(cells: list[Cell], rows: Floats, shares: Floats, options: Mixture) -> Floats:
    """Rows of each cell, not yet whole numbers."""
    target = float(options.target or 0)
    floors = [(mask, floor * target) for mask, floor in _groups(cells, options, options.floors)]
    caps = [(mask, cap * target) for mask, cap in _groups(cells, options, options.caps)]
    fixed = np.zeros(len(cells), dtype=bool)
    filled = np.zeros(len(cells))
    while True:
        free = ~fixed
        least = np.zeros(len(cells))
        for mask, floor in floors:
            ours = mask & free
            missing = max(floor - filled[mask & fixed].sum(), 0.0)
            least[ours] = np.maximum(least[ours], _level(shares[ours], least[ours] * 0, rows[ours], missing))
        filled[free] = _level(shares[free], least[free], rows[free], target - filled[fixed].sum())
        over = [(filled[mask].sum() - cap, i) for i, (mask, cap) in enumerate(caps) if (mask & free).any()]
        excess, worst = max(over, default=(0.0, 0))
        if excess <= 1e-6 * max(target, 1):
            return filled
        mask, cap = caps[worst]
        ours = mask & free
        room = max(cap - filled[mask & fixed].sum(), 0.0)
        filled[ours] = _level(shares[ours], least[ours], rows[ours], room)
        if (too_much := filled[ours].sum()) > room:  # floors of other columns ask for more than this cap allows
            filled[ours] *= room / too_much
        fixed |= ours


def _groups(cells: list[Cell], options: Mixture, bounds: Mapping[Any, Mapping[str, float]]) -> list[tuple[Mask, float]]:
    return [
        (np.array([cell[options.columns.index(column)] == value for cell in cells]), share)
        for column, shares in bounds.items()
        for value, share in shares.items()
    ]


def _level(shares: Floats, least: Floats, most: Floats, total: float) -> Floats:
    """clip(level * shares, least, most) with the level at which the sum is `total`, or the nearest sum that can be had."""
    least = np.minimum(least, most)
    low, high = 0.0, 1.0
    while high < 1e18 and np.clip(high * shares, least, most).sum() < total:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if np.clip(middle * shares, least, most).sum() < total:
            low = middle
        else:
            high = middle
    return np.clip(high * shares, least, most)


def apportioned(available: Mapping[str, int], n: int) -> dict[str, int]:
    """How many rows each group gives to a sample of `n`, in proportion: at least one, so more than `n` where there are more groups.

    >>> apportioned({"a": 900, "b": 99, "c": 1}, 10), apportioned({"a": 5, "b": 3}, 1)
    ({'a': 8, 'b': 1, 'c': 1}, {'a': 1, 'b': 1})
    """
    rows = np.array([*available.values()], dtype=np.float64)
    filled = _level(rows, np.ones(len(rows)), rows, max(n, len(rows)))
    return dict(zip(available, _rounded(filled, rows).tolist(), strict=True))


def _rounded(filled: Floats, rows: Floats) -> NDArray[np.int64]:
    """Whole numbers with the same sum, by largest remainder; never more than there are."""
    whole = np.floor(filled + 1e-9)
    spare = round(filled.sum() - whole.sum())
    order = np.lexsort((np.arange(len(filled)), -(filled - whole)))
    for i in [i for i in order if whole[i] < rows[i]][:spare]:
        whole[i] += 1
    return whole.astype(np.int64)
