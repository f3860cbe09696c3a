"""How the mistakes on one prompt fall, on anything or on the other options: probabilities over the grid of s, and of g for a wrong gold."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

S = np.array([0.02, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.98])
G = np.array([0.0, 0.05, 0.15, 0.3, 0.5, 0.7, 0.9])


class Open:
    """Mistakes that are anything: each beside the first agrees with that with probability s. A mistake is a wrong gold with one of the
    rates `G`, of which 0, a gold that nobody gives, has half of the prior.
    """

    def priors(self) -> tuple[Floats, Floats]:
        """The means of the weights of s and g."""
        g = np.array([len(G) - 1.0, *np.ones(len(G) - 1)]) / (2 * len(G) - 2)
        s: Floats = np.full(len(S), 1 / len(S))
        return s, g

    def most(self, m: int, n: int, at_most: bool = False) -> Floats:
        """P(the most frequent of n mistakes occurs m times, or at most so often | s)."""
        if at_most:
            return np.asarray(np.sum([self.most(x, n) for x in range(m + 1)], axis=0))
        if m > n or (m == 0) != (n == 0):
            return np.zeros(len(S))
        return rate_of(m - 1, n - 1, S) if n else np.ones(len(S))

    def gold_and_rest(self, k: int, rest: int, m: int, at_most: bool) -> Floats:
        """P(of k + rest mistakes k are the gold, and the most frequent other one occurs m times | s, g)."""
        return self.most(m, rest, at_most)[:, None] * rate_of(k, k + rest, G)


OUTSIDE = 0.01
"""Share of the prompts with options whose mistakes may be anything, as a small model answers with what is no option."""


class Options:
    """Mistakes among the other options: one of them attracts s of them, the rest falls evenly. A wrong gold is the one that attracts, or
    another: by the prior, any option alike. On a few prompts (`OUTSIDE`) they fall as on open questions.
    """

    def __init__(self, n_options: int) -> None:
        self.n = n_options - 1
        self.s: Floats = np.clip(S, 1 / self.n, 1.0) if self.n > 1 else np.ones(len(S))
        self.other: Floats = (1 - self.s) / max(self.n - 1, 1)
        self._among_all = _within(self.n, self.s)
        self._beside_the_attracting = _within(self.n - 1, None)
        self._beside_another = _within(self.n - 1, self.s / np.maximum(1 - self.other, 1e-9))

    def priors(self) -> tuple[Floats, Floats]:
        s: Floats = np.where(self.n * S >= 0.9, 1.0, 1e-3)
        g: Floats = np.maximum(np.array([1.0, self.n - 1]) / self.n, 1e-3)
        return np.divide(s, s.sum()), g

    def most(self, m: int, n: int, at_most: bool = False) -> Floats:
        inside, outside = _occurs(self._among_all, m, n, at_most), Open().most(m, n, at_most)
        return np.asarray((1 - OUTSIDE) * inside + OUTSIDE * outside)

    def gold_and_rest(self, k: int, rest: int, m: int, at_most: bool) -> Floats:
        attracting = rate_of(k, k + rest, self.s) * _occurs(self._beside_the_attracting, m, rest, at_most)
        other = rate_of(k, k + rest, self.other) * _occurs(self._beside_another, m, rest, at_most)
        inside = np.stack([attracting, other if self.n > 1 else np.zeros(len(S))], axis=1)
        outside = Open().gold_and_rest(k, rest, m, at_most) @ Open().priors()[1]
        return np.asarray((1 - OUTSIDE) * inside + OUTSIDE * outside[:, None])


Within = Callable[[int, int], Floats]
"""P(no option has more than m of n mistakes | s)."""


def _within(options: int, s: Floats | None) -> Within:
    """Among so many options of which one attracts s of the mistakes; without s all are alike."""

    @cache
    def within(m: int, n: int) -> Floats:
        if s is None or options == 0:
            return np.full(len(S), _even(m, n, options))
        parts = [rate_of(a, n, s) * _even(m, n - a, options - 1) for a in range(min(m, n) + 1)]
        return np.asarray(np.sum(parts, axis=0))

    return within


def _occurs(within: Within, m: int, n: int, at_most: bool) -> Floats:
    """P(the most frequent option has m of n mistakes, or at most so many | s)."""
    return within(m, n) if at_most or m == 0 else within(m, n) - within(m - 1, n)


@cache
def mistakes_of(n_options: int) -> Open | Options:
    """Of a prompt with so many options."""
    return Options(n_options) if n_options > 1 else Open()


@cache
def _even(m: int, n: int, options: int) -> float:
    """P(no option has more than m of n mistakes that fall evenly)."""
    if options == 0:
        return float(n == 0)
    if m * options < n or options == 1:
        return float(m >= n)
    first = [math.comb(n, a) * (1 / options) ** a * (1 - 1 / options) ** (n - a) for a in range(min(m, n) + 1)]
    return sum(share * _even(m, n - a, options - 1) for a, share in enumerate(first))


def rate_of(hits: int, draws: int, rates: Floats) -> Floats:
    """P(so many of the draws hit | each hits with a rate)."""
    found: Floats = math.comb(draws, hits) * rates**hits * (1 - rates) ** (draws - hits)
    return found
