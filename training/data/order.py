"""In which order rows are trained on: `--order random|weight|easy_first|hard_first|strata`.

An order is a list of row numbers, made from the seed alone before the first step, so that every process has the same one and a resumed run
goes on in it.
"""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt

from training.data.table import ShardTable

Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ORDERS = ("random", "weight", "easy_first", "hard_first", "strata")


def row_order(table: ShardTable, rows: Sequence[int], order: str, seed: int, n_draws: int) -> list[int]:
    """`n_draws` of the row numbers `rows`, epoch after epoch, or by their weights.

    `weight`: each row as often as its share of the weights, its turns spread evenly. `easy_first`, `hard_first`: by pass rate in every
    epoch, ties shuffled. `strata`: every stretch of an epoch has the strata in the set's proportions.

    Raises:
        ValueError: the order is unknown, or the shards lack what it goes by; names the first row without it.
    """
    rng = np.random.default_rng(seed)
    numbers = np.asarray(rows, dtype=np.int64)
    if order == "weight":
        return _by_weight(numbers, _column(table, numbers, "weight", order), rng, n_draws)
    epoch: Callable[[], Numbers]
    if order == "random":
        epoch = lambda: rng.permutation(numbers)  # noqa: E731
    elif order in ("easy_first", "hard_first"):
        rates = _column(table, numbers, "difficulty", order)
        sign = -1 if order == "easy_first" else 1
        epoch = lambda: numbers[np.lexsort((rng.random(len(numbers)), sign * rates))]  # noqa: E731
    elif order == "strata":
        values = table.column("stratum")
        strata = np.asarray([str(values[number]) for number in rows])
        epoch = lambda: _interleaved(numbers, strata, rng)  # noqa: E731
    else:
        raise ValueError(f"--order {order!r}: expected one of {', '.join(ORDERS)}")
    n_epochs = ceil(n_draws / len(numbers))
    return [int(number) for number in np.concatenate([epoch() for _ in range(n_epochs)])[:n_draws]]


def _by_weight(numbers: Numbers, weights: Floats, rng: np.random.Generator, n_draws: int) -> list[int]:
    """Turn k of a row of weight w is at time (k + u) / w, u drawn once for the row: the first `n_draws` turns by time."""
    if not weights.sum() > 0:
        raise ValueError("--order weight: all rows have weight 0")
    turns = np.ceil(n_draws * weights / weights.sum()).astype(np.int64) + (weights > 0)
    row = np.repeat(np.arange(len(numbers)), turns)
    turn = np.arange(len(row)) - np.repeat(np.cumsum(turns) - turns, turns)
    time = (turn + rng.random(len(numbers))[row]) / weights[row]
    return [int(numbers[each]) for each in row[np.argsort(time, kind="stable")][:n_draws]]


def _interleaved(numbers: Numbers, groups: npt.NDArray[Any], rng: np.random.Generator) -> Numbers:
    """Each group shuffled and spread evenly over the epoch."""
    time = np.empty(len(numbers))
    for group in np.unique(groups):
        at = np.flatnonzero(groups == group)
        time[at] = (rng.permutation(len(at)) + rng.random()) / len(at)
    spread: Numbers = numbers[np.lexsort((rng.random(len(numbers)), time))]
    return spread


def _column(table: ShardTable, numbers: Numbers, name: str, order: str) -> Floats:
    """Weights, or pass rates, of the rows as numbers.

    Raises:
        ValueError: a row has none, or one that is negative or not finite.
    """
    values = table.column(name)
    if name == "difficulty":
        values = [value and value.get("pass_rate") for value in values]
    chosen = np.asarray([np.nan if values[number] is None else float(values[number]) for number in numbers])
    if len(bad := np.flatnonzero(~(np.isfinite(chosen) & (chosen >= 0)))):
        number = int(numbers[bad[0]])
        what = "pass rate" if name == "difficulty" else name
        raise ValueError(
            f"--order {order}: row {table.column('id')[number]} has {what} {values[number]!r}, expected a number from 0 "
            f"({len(bad)} of {len(numbers)} rows)"
        )
    return chosen
