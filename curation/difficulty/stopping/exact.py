"""As many samples as it takes until the decision of n samples can no longer change (curtailed sampling).

The decisions are those of `fixed`, row by row and reason by reason. What it saves depends on the bounds and on `max_lost`: as long as the
samples to come could all be cut off, and n samples would then be dropped for that, nothing is decided before half of them are there.
With `max_lost: 1` a prompt between the bounds 0 and 1 is decided by one right and one wrong answer.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from curation.difficulty.outcomes import Bools, Bounds, Floats, Ints, Tally
from curation.difficulty.stopping.base import Rule, Stopping


class Exact(Stopping):
    """Until the decision of `n` samples can no longer change; at most `n`."""

    kind: Literal["exact"] = "exact"
    rounds: ClassVar[Literal["one", "apart", "together"]] = "apart"
    round: int = Field(default=1, ge=1)
    """Least number of samples asked for at once: more makes fewer rounds and saves less."""

    def first(self, bounds: Bounds) -> int:
        nothing, group = Tally(*np.zeros((4, 1), np.int64)), np.zeros(1, np.int64)
        return int(self.rule(bounds, nothing, group).more(nothing, group)[0])

    def rule(self, bounds: Bounds, tally: Tally, groups: Ints) -> Rule:
        return ExactRule(bounds, bounds.n, self.round)


@dataclass(frozen=True)
class ExactRule(Rule):
    """See `Rule`."""

    round: int

    def more(self, tally: Tally, groups: Ints) -> Ints:
        states, which = np.unique(np.stack(tally), axis=1, return_inverse=True)
        return self._least(Tally(*states))[which.ravel()]

    def priority(self, tally: Tally, groups: Ints) -> Floats:
        """The fewer samples are missing at least, the sooner a prompt is decided."""
        return -self.more(tally, groups).astype(np.float64)

    def decide(self, tally: Tally, groups: Ints) -> Ints:
        """Of `n` samples, all those to come taken as right where it makes no difference."""
        left = np.where(self.is_decided(tally), self.bounds.n - tally.drawn, 0)
        return self.bounds.decide(tally.plus(correct=left))

    def left(self, tally: Tally, groups: Ints) -> Floats:
        """At most: all the samples of what is not settled."""
        return np.where(self.is_decided(tally), 0.0, self.bounds.n - tally.drawn)

    def is_decided(self, tally: Tally) -> Bools:
        """Whether all samples still to come lead to one decision.

        It is enough to look at the four ends, all of them correct, incorrect, truncated or unjudged: the counts and the rate of any
        other end lie between theirs, and every condition of `Bounds.decide` is a threshold on one of those.
        """
        left = self.bounds.n - tally.drawn
        ends = [self.bounds.decide(tally.plus(**{name: left})) for name in Tally._fields]
        return np.asarray(np.logical_and.reduce([end == ends[0] for end in ends]))

    def _least(self, tally: Tally) -> Ints:
        """The least number of samples after which the prompt could be decided, 0 where it is; tries every mix of right and wrong."""
        # A truncated or unjudged sample decides no sooner than a right or a wrong one, so only mixes of these two are tried, those of the
        # fewest samples first: `argmax` finds the first that decides.
        left = self.bounds.n - tally.drawn
        correct, incorrect = (side.ravel() for side in np.indices((self.bounds.n + 1,) * 2))
        order = np.argsort(correct + incorrect, kind="stable")
        correct, incorrect = correct[order], incorrect[order]
        total = correct + incorrect
        later = Tally(*(column[:, None] for column in tally)).plus(correct, incorrect)
        possible = self.is_decided(later) & (total <= left[:, None])
        found = np.where(possible.any(1), total[np.argmax(possible, axis=1)], left)
        return np.where(found > 0, np.minimum(np.maximum(found, self.round), left), 0)
