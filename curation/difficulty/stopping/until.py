"""Until a prompt has the correct responses that are wanted: for rejection sampling, where each of them is a row.

A prompt is stopped as soon as it has them; a hard one is sampled up to `n_max`. How many it still needs follows from its own counts and
the beta prior of its source, fitted to the first round: Polya's urn gives the chances of what comes next. A round asks for the most of
which the share `needed` is needed by expectation, and at most doubles what a prompt has had: the first rounds say little. Whatever is not
correct, be it cut off or not judged, is a sample in vain.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from curation.difficulty.outcomes import Bounds, Floats, Ints, Tally
from curation.difficulty.stopping.base import Rule, Stopping
from curation.difficulty.stopping.prior import fit_priors


class Until(Stopping):
    """Until a prompt has `correct` correct responses; at most `n_max` samples."""

    kind: Literal["until"] = "until"
    rounds: ClassVar[Literal["one", "apart", "together"]] = "apart"
    needs_whole_pilot: ClassVar[bool] = True
    correct: int = Field(default=1, ge=1)
    """Correct responses that are wanted of a prompt."""
    n_max: int = Field(default=16, ge=1)
    """Most samples of a prompt."""
    needed: float = Field(default=0.8, gt=0, le=1)
    """Share of the samples of a round that has to be needed by expectation: less makes fewer rounds, and more samples in vain. 1: only as
    many as are still missing."""
    give_up: float = Field(default=0.0, ge=0, lt=1)
    """A prompt is given up when its next sample is correct with less than this probability: 0.05 spends about 20 samples on a correct one
    at most. 0: no prompt is before `n_max`."""

    @property
    def passes(self) -> Literal["one", "apart", "together"]:
        return "together" if self.fits_again else "apart"

    @property
    def fits_again(self) -> bool:
        """Whether the priors are fitted behind every round: one sample of each prompt does not tell which to give up."""
        return self.give_up > 0 and self.correct == 1

    def first(self, bounds: Bounds) -> int:
        return min(self.correct, self.n_max)

    def rule(self, bounds: Bounds, tally: Tally, groups: Ints) -> Rule:
        return UntilRule(bounds, self.n_max, self, _fitted(tally, groups))


def _fitted(tally: Tally, groups: Ints) -> Floats:
    priors = fit_priors(tally.correct, tally.drawn, groups)
    return np.array([(prior.a, prior.b) for prior in priors]).reshape(-1, 2)


@dataclass(frozen=True)
class UntilRule(Rule):
    """See `Rule`."""

    options: Until
    priors: Floats
    """The beta prior of every group by the first round, shape (groups, 2)."""

    def more(self, tally: Tally, groups: Ints) -> Ints:
        return self._spread(tally, groups)[0]

    def priority(self, tally: Tally, groups: Ints) -> Floats:
        """The chance that the next sample is correct: the budget buys the most traces so."""
        a, b = self._beta(tally, groups)
        return a / (a + b)

    def decide(self, tally: Tally, groups: Ints) -> Ints:
        return self.bounds.decide(tally)

    def left(self, tally: Tally, groups: Ints) -> Floats:
        return self._spread(tally, groups)[1]

    def reason(self, n_drawn: int) -> str:
        return "all_samples" if n_drawn >= self.n_max else "settled"

    def _spread(self, tally: Tally, groups: Ints) -> tuple[Ints, Floats]:
        """Of every prompt how many samples are asked for next, and how many are to be expected in all."""
        a, b = self._beta(tally, groups)
        states = np.stack([a, b, tally.correct, tally.drawn])
        different, which = np.unique(states, axis=1, return_inverse=True)
        correct, drawn = different[2:].astype(np.int64)
        asked, left = self._plan(different[0], different[1], correct, drawn)
        return asked[which.ravel()], left[which.ravel()]

    def _beta(self, tally: Tally, groups: Ints) -> tuple[Floats, Floats]:
        """The posterior of the chance that a sample is correct."""
        a, b = (_fitted(tally, groups) if self.options.fits_again else self.priors)[groups].T
        return a + tally.correct.astype(np.float64), b + (tally.drawn - tally.correct).astype(np.float64)

    def _plan(self, a: Floats, b: Floats, correct: Ints, drawn: Ints) -> tuple[Ints, Floats]:
        missing = np.maximum(self.options.correct - correct, 0)
        room = np.maximum(self.n_max - drawn, 0)
        # chances[:, c]: of c correct among those drawn from here, c < missing; what has enough leaves the urn.
        chances = np.zeros((len(a), self.options.correct + 1))
        chances[:, 0] = missing > 0
        counts = np.arange(chances.shape[1])
        asked, expected = np.zeros(len(a), np.int64), np.zeros(len(a))
        for k in range(int(room.max(initial=0))):
            open_ = np.where(counts < missing[:, None], chances, 0.0)
            expected += np.where(k < room, open_.sum(1), 0.0)
            is_needed = expected >= self.options.needed * (k + 1)
            may = (k < room) & (missing > 0) & (k < np.maximum(missing, drawn))
            asked = np.where(may & (is_needed | (k < missing)), k + 1, asked)
            right = open_ * ((a[:, None] + counts) / (a + b + k)[:, None])
            chances = open_ - right
            chances[:, 1:] += right[:, :-1]
        given_up = (drawn > 0) & (a / (a + b) < self.options.give_up)
        return np.where(given_up, 0, asked), np.where(given_up, 0.0, expected)
