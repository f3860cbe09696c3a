"""The same number of samples for every prompt, whatever they say: the yardstick for the other rules."""

from typing import ClassVar, Literal

import numpy as np

from curation.core.row import Estimator
from curation.difficulty.outcomes import Bounds, Floats, Ints, Tally
from curation.difficulty.stopping.base import Rule, Stopping

_Z95 = 1.959963984540054


class Fixed(Stopping):
    """`n` samples of every prompt."""

    kind: Literal["fixed"] = "fixed"
    rounds: ClassVar[Literal["one", "apart", "together"]] = "one"

    def first(self, bounds: Bounds) -> int:
        return bounds.n

    def rule(self, bounds: Bounds, tally: Tally, groups: Ints) -> Rule:
        return FixedRule(bounds, bounds.n)


class FixedRule(Rule):
    """See `Rule`."""

    estimator: ClassVar[Estimator] = "share"

    def decide(self, tally: Tally, groups: Ints) -> Ints:
        return self.bounds.decide(tally)

    def estimate(self, tally: Tally, groups: Ints) -> tuple[Floats, Floats, Floats]:
        judged = self.bounds.judged(tally)
        return tally.correct / np.maximum(judged, 1), *wilson(tally.correct, judged)

    def reason(self, n_drawn: int) -> str:
        return "fixed"


def wilson(n_correct: Ints, n_judged: Ints) -> tuple[Floats, Floats]:
    """Wilson's score interval (1927) for the true rates behind `n_correct` of `n_judged`; (0, 1) for 0 of 0.

    Brown, Cai and DasGupta (Interval Estimation for a Binomial Proportion, Statistical Science 16(2), 2001, section 4)
    recommend it, or Jeffreys', for n up to 40; unlike the textbook interval it is not empty at 0 of n and n of n.
    """
    n, z2 = np.maximum(n_judged, 1), _Z95**2
    rate = n_correct / n
    centre, scale = rate + z2 / (2 * n), 1 + z2 / n
    spread = _Z95 * np.sqrt(rate * (1 - rate) / n + z2 / (4 * n**2))
    low = np.where(n_correct == 0, 0.0, (centre - spread) / scale)
    high = np.where(n_correct == n_judged, 1.0, (centre + spread) / scale)
    return low, high
