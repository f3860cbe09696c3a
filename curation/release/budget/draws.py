"""Draws of a share of rows, and how several become one.

Three sets of draws are carried: those that say how low the share may be, those of the best estimate and those that say how high. They are
the same where the data say it, and differ where an assumption does (see `gold`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from curation.core.order import choice_key
from curation.release.budget.budget import Range
from curation.release.budget.mixture import Floats

N = 2_000
TAIL = 0.025


def generator(purpose: str, seed: int) -> np.random.Generator:
    """Random numbers of a purpose, the same for the same seed."""
    return np.random.default_rng(choice_key(purpose, seed, ""))


@dataclass(frozen=True)
class Draws:
    """`N` draws of each."""

    low: Floats
    middle: Floats
    high: Floats

    @classmethod
    def same(cls, draws: Floats) -> "Draws":
        return cls(draws, draws, draws)

    @classmethod
    def of(cls, share: float) -> "Draws":
        return cls.same(np.full(N, share))

    @classmethod
    def unknown(cls) -> "Draws":
        """Anything from no row to all of them; the estimate takes no part."""
        return cls(np.zeros(N), np.zeros(N), np.ones(N))

    @property
    def range(self) -> Range:
        """The mean and the 95 % interval."""
        low, high = float(np.quantile(self.low, TAIL)), float(np.quantile(self.high, 1 - TAIL))
        return Range(min(max(float(self.middle.mean()), low), high), low, high)

    def map(self, change: Callable[[Floats], Floats]) -> "Draws":
        return Draws(change(self.low), change(self.middle), change(self.high))


def added(parts: Iterable[tuple[float, Draws]], unknown: float = 0.0) -> Draws:
    """The share in all of parts that have these weights, and of one of the weight `unknown` in which none or all rows may be wrong.

    What is mistaken about one part may be so about all, so their extremes fall together: the interval is the weighted sum of theirs.
    """
    low, middle, high = np.zeros(N), np.zeros(N), np.full(N, unknown)
    for weight, draws in parts:
        low = low + weight * np.sort(draws.low)
        middle = middle + weight * np.sort(draws.middle)
        high = high + weight * np.sort(draws.high)
    return Draws(low, middle, high)


def any_of(causes: Iterable[Draws], seed: int) -> Draws:
    """The share of rows that at least one cause makes wrong, as far as the causes are independent of each other: 1 - (1 - a)(1 - b)..."""
    right = Draws.of(1.0)
    for number, draws in enumerate(causes):
        order = generator(f"cause {number}", seed).permutation(N)
        right = Draws(*(r * (1 - d[order]) for r, d in zip(_three(right), _three(draws), strict=True)))
    return right.map(lambda share: 1 - share)


def _three(draws: Draws) -> tuple[Floats, Floats, Floats]:
    return draws.low, draws.middle, draws.high
