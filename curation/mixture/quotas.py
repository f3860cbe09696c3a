"""How many rows every cell gives: cells are filled in proportion to their wanted shares until the target is reached, each up to what it
has, each group up to its cap and from its floor on (water filling). Never more rows than the target, and no group above its cap, though
cells are rounded to whole rows.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.mixture.options import Mixture

Cell = tuple[str, ...]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Bounds = Sequence[tuple[Mask, int]]
"""Groups of cells, and the whole number of rows that bounds each."""
SLIGHT = 1e-6
"""Of a row; what is nearer to a whole number is one."""


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
    taken = rows if options.target is None else _taken(cells, rows, shares, options)
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


def _taken(cells: list[Cell], rows: Floats, shares: Floats, options: Mixture) -> NDArray[np.int64]:
    """Rows of each cell, whole numbers."""
    target = options.target or 0
    floors = [(mask, math.ceil(floor * target - SLIGHT)) for mask, floor in _groups(cells, options, options.floors)]
    caps = [(mask, math.floor(cap * target + SLIGHT)) for mask, cap in _groups(cells, options, options.caps)]
    return _rounded(_filled(rows, shares, target, floors, caps), rows, target, floors, caps)


def _filled(rows: Floats, shares: Floats, target: int, floors: Bounds, caps: Bounds) -> Floats:
    """Rows of each cell, not yet whole numbers; together `target` at most."""
    fixed = np.zeros(len(rows), dtype=bool)
    filled = np.zeros(len(rows))
    while True:
        free = ~fixed
        room = max(target - filled[fixed].sum(), 0.0)
        missing = [(mask[free], max(floor - filled[mask & fixed].sum(), 0.0)) for mask, floor in floors]
        least = np.zeros(len(rows))
        least[free] = _least(shares[free], rows[free], missing, room)
        filled[free] = _level(shares[free], least[free], rows[free], room)
        over = [(cap / total, i) for i, (mask, cap) in enumerate(caps) if (total := filled[mask].sum()) > cap + SLIGHT]
        if not over:
            return filled
        mask, cap = caps[min(over)[1]]  # the one that cuts most first, so that what another leaves is not lost to it
        ours, held = mask & free, mask & fixed
        if (too_much := filled[held].sum()) > cap:
            filled[held] *= cap / too_much
        room = max(cap - filled[held].sum(), 0.0)
        filled[ours] = _level(shares[ours], least[ours], rows[ours], room)
        if (too_much := filled[ours].sum()) > room:  # floors of other columns ask for more than this cap allows
            filled[ours] *= room / too_much
        fixed |= ours


def _least(shares: Floats, rows: Floats, floors: Sequence[tuple[Mask, float]], room: float) -> Floats:
    """What each cell has to give that every floor is met, `room` together at most.

    Every floor is shared out by itself, and a cell gives the most that one asks of it. Where this is more than there is room for, cells
    that count for several floors give first; where even that is too much, all give less in proportion.
    """
    least = np.zeros(len(rows))
    for mask, floor in floors:
        least[mask] = np.maximum(least[mask], _level(shares[mask], least[mask] * 0, rows[mask], floor))
    if least.sum() > room:
        least = _shared_least(shares, rows, floors)
    return least * (room / total if (total := least.sum()) > room else 1.0)


def _shared_least(shares: Floats, rows: Floats, floors: Sequence[tuple[Mask, float]]) -> Floats:
    """As `_least`, of as few rows as can be found: cells of the most floors first, those of the same floors together."""
    least = np.zeros(len(rows))
    masks = np.array([mask for mask, _ in floors])
    for _ in range(len(floors) + len(rows)):  # each time a floor is met or some cells have no more
        missing = np.array([floor - least[mask].sum() for mask, floor in floors])
        unmet = masks[missing > SLIGHT]
        n_floors = unmet.sum(0) * ((least < rows - SLIGHT) & (shares > 0))
        if not n_floors.any():
            break
        first = int(n_floors.argmax())
        ours = (unmet == unmet[:, [first]]).all(0) & (n_floors > 0)
        need = missing[missing > SLIGHT][unmet[:, first]].min()
        least[ours] += _level(shares[ours], least[ours] * 0, rows[ours] - least[ours], need)
    return least


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
    return dict(zip(available, _rounded(filled, rows, round(filled.sum())).tolist(), strict=True))


def _rounded(filled: Floats, rows: Floats, total: int, floors: Bounds = (), caps: Bounds = ()) -> NDArray[np.int64]:
    """Whole numbers with the sum `total`, by largest remainder, cells of groups below their floor first; never more than there are, nor
    than a cap allows, even where the sum is then smaller."""
    whole = np.floor(filled + 1e-9)
    while whole.sum() < total and _give_one(whole, filled, rows, floors, caps):
        pass
    for mask, floor in floors:
        while whole[mask].sum() < floor and _move_one(mask, whole, filled, rows, floors, caps):
            pass
    return whole.astype(np.int64)


def _give_one(whole: Floats, filled: Floats, rows: Floats, floors: Bounds, caps: Bounds) -> bool:
    """Add a row to the cell that lacks most, in place; False where none may have more."""
    open_cells = (
        (whole < rows) & (filled > 0) & ~_any(len(rows), (mask for mask, cap in caps if whole[mask].sum() >= cap))
    )
    if not open_cells.any():
        return False
    wanting = _any(len(rows), (mask for mask, floor in floors if whole[mask].sum() < floor)) & open_cells
    cells = np.flatnonzero(wanting if wanting.any() else open_cells)
    whole[cells[np.argmax((filled - whole)[cells])]] += 1
    return True


def _move_one(group: Mask, whole: Floats, filled: Floats, rows: Floats, floors: Bounds, caps: Bounds) -> bool:
    """Move a row into the group, in place, from the cell that has most too much; False where every move breaks another bound."""
    lacking = filled - whole
    takers = np.flatnonzero(group & (whole < rows) & (filled > 0))
    for taker in takers[np.argsort(-lacking[takers], kind="stable")]:
        kept = [mask for mask, floor in floors if whole[mask].sum() <= floor and not mask[taker]]
        full = [mask for mask, cap in caps if whole[mask].sum() >= cap and mask[taker]]
        givers = ~group & (whole > 0) & ~_any(len(rows), kept)
        for mask in full:
            givers &= mask
        if givers.any():
            cells = np.flatnonzero(givers)
            whole[cells[np.argmin(lacking[cells])]] -= 1
            whole[taker] += 1
            return True
    return False


def _any(n_cells: int, masks: Iterable[Mask]) -> Mask:
    """The cells that are in one of the groups."""
    found = np.zeros(n_cells, dtype=bool)
    for mask in masks:
        found |= mask
    return found
