"""Shares and means with their 95 % intervals, as the tables of the report show them: [value, low, high]."""

from typing import Any, NamedTuple, cast

import numpy as np

from curation.difficulty.stopping.fixed import wilson

Interval = list[float | None]
FEW = 30
"""Below as many rows their spread says too little; the widest that a mean of shares can have is taken."""


def rate(hits: float, n: float) -> Interval:
    """A share with Wilson's interval; of nothing no share, and 0 to 1.

    >>> [None if one is None else round(one, 3) for one in rate(2, 10)], rate(0, 0)
    ([0.2, 0.057, 0.51], [None, 0.0, 1.0])
    """
    if n <= 0:
        return [None, 0.0, 1.0]
    low, high = wilson(cast(Any, np.array([hits], float)), cast(Any, np.array([n], float)))
    return [hits / n, float(low[0]), float(high[0])]


class Sums(NamedTuple):
    """Of the rates of some rows: how many, their sum and the sum of their squares."""

    n: int
    total: float
    squares: float


def mean_rate(sums: Sums) -> Interval:
    """The mean of rows' rates. The interval is about rows drawn as these were: Wilson's for as many yes and no as would vary so much; from
    few rows, or rows that are all alike, it is that of as many yes and no as there are rows, which is never too narrow.

    >>> [round(one, 3) for one in mean_rate(Sums(1, 0.5, 0.25))], mean_rate(Sums(0, 0.0, 0.0))
    ([0.5, 0.055, 0.945], [None, 0.0, 1.0])
    """
    if sums.n == 0:
        return [None, 0.0, 1.0]
    mean = min(max(sums.total / sums.n, 0.0), 1.0)
    variance = max(sums.squares / sums.n - mean**2, 0.0) * sums.n / max(sums.n - 1, 1)
    effective = sums.n * mean * (1 - mean) / variance if sums.n >= FEW and variance > 1e-12 else sums.n
    return [mean, *rate(mean * effective, effective)[1:]]
