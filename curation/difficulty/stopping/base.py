"""What a stopping rule is: how many samples of every prompt come first, and, once those are judged, how many more each one gets.

A rule sees counts and nothing else. It is pure: the same counts get the same answer, so a run that was interrupted asks for the samples
that it would have asked for. What it learns, it learns from the first round of all prompts, which is the same for every run.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from curation.core.plugins import Plugin
from curation.core.row import Estimator
from curation.difficulty.outcomes import Bounds, Floats, Ints, Tally
from curation.difficulty.stopping.prior import estimates


@dataclass(frozen=True)
class Rule(ABC):
    """A stopping rule in use, by default one whose first round is all. Arrays have one entry per prompt; `groups` is the number of its
    source. `n_max`: samples of a prompt at most.
    """

    estimator: ClassVar[Estimator] = "posterior_mean"
    """What `estimate` gives as the pass rate."""
    bounds: Bounds
    n_max: int

    def more(self, tally: Tally, groups: Ints) -> Ints:
        """How many more samples; 0 where the prompt is decided or has had all."""
        return np.zeros_like(groups)

    def priority(self, tally: Tally, groups: Ints) -> Floats:
        """How much a decision gains from more samples; where the budget does not cover all, the highest come first."""
        return np.zeros(len(groups))

    @abstractmethod
    def decide(self, tally: Tally, groups: Ints) -> Ints:
        """Indices of `DECISIONS`."""

    def estimate(self, tally: Tally, groups: Ints) -> tuple[Floats, Floats, Floats]:
        """The pass rate and the ends of its 95 % interval, as far as something was judged: those of the posterior."""
        return estimates(tally.correct, self.bounds.judged(tally), groups)

    def left(self, tally: Tally, groups: Ints) -> Floats:
        """How many more samples are to be expected, for the cost."""
        return np.zeros(len(groups))

    def reason(self, n_drawn: int) -> str:
        """Why a prompt that gets no more samples got `n_drawn`."""
        return "all_samples" if n_drawn >= self.n_max else "settled"


class Stopping(Plugin):
    """A stopping rule and its options."""

    rounds: ClassVar[Literal["one", "apart", "together"]] = "together"
    """What several engines may do at once. `one`: there is no round but the first. `apart`: what the fitted rule asks for of a prompt
    depends on the counts of that prompt and on its group alone, so each takes its prompts to the end. `together`: on other prompts too, so
    they wait for one another behind every round."""
    needs_whole_pilot: ClassVar[bool] = False
    """Whether the first round tells too little of the cost, so that a pilot samples its prompts until they are stopped."""

    @property
    def passes(self) -> Literal["one", "apart", "together"]:
        """`rounds`, where it does not depend on the options."""
        return self.rounds

    @abstractmethod
    def first(self, bounds: Bounds) -> int:
        """Samples of every prompt in the first round."""

    @abstractmethod
    def rule(self, bounds: Bounds, tally: Tally, groups: Ints) -> Rule:
        """The rule, fitted to the first round."""
