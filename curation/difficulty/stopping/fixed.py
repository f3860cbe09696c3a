"""`fixed`: n samples of every prompt."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from curation.difficulty.interval import wilson
from curation.difficulty.outcomes import Bounds, Floats, Ints, Tally
from curation.difficulty.stopping.base import Rule, Stopping


class Fixed(Stopping):
    """`n` samples of every prompt."""

    kind: Literal["fixed"] = "fixed"

    def first(self, bounds: Bounds) -> int:
        return bounds.n

    def rule(self, bounds: Bounds, tally: Tally, groups: Ints) -> Rule:
        return FixedRule(bounds)


@dataclass(frozen=True)
class FixedRule:
    """See `Rule`."""

    bounds: Bounds

    def more(self, tally: Tally, groups: Ints) -> Ints:
        return np.zeros_like(groups)

    def urgency(self, tally: Tally, groups: Ints) -> Floats:
        return np.zeros(len(groups))

    def decide(self, tally: Tally, groups: Ints) -> Ints:
        return self.bounds.decide(tally)

    def estimate(self, tally: Tally, groups: Ints) -> tuple[Floats, Floats, Floats]:
        judged = self.bounds.judged(tally)
        return tally.correct / np.maximum(judged, 1), *wilson(tally.correct, judged)

    def left(self, tally: Tally, groups: Ints) -> Floats:
        return np.zeros(len(groups))

    def reason(self, n_drawn: int) -> str:
        return "fixed"
