"""What a stopping rule is: how many samples of every prompt come first, and, once those are judged, how many more each one gets.

A rule sees counts and nothing else. It is pure: the same counts get the same answer, so a run that was interrupted asks for the samples
that it would have asked for. What it learns, it learns from the first round of all prompts, which is the same for every run.
"""

from abc import abstractmethod
from typing import Protocol

from curation.core.plugins import Plugin
from curation.difficulty.outcomes import Bounds, Floats, Ints, Tally


class Rule(Protocol):
    """A stopping rule in use. Arrays have one entry per prompt; `groups` is the number of its source."""

    def more(self, tally: Tally, groups: Ints) -> Ints:
        """How many more samples; 0 where the prompt is decided or has had all."""

    def priority(self, tally: Tally, groups: Ints) -> Floats:
        """How much a decision gains from more samples; where the budget does not cover all, the highest come first."""

    def decide(self, tally: Tally, groups: Ints) -> Ints:
        """Indices of `DECISIONS`."""

    def estimate(self, tally: Tally, groups: Ints) -> tuple[Floats, Floats, Floats]:
        """The pass rate and the ends of its 95 % interval, as far as something was judged."""

    def left(self, tally: Tally, groups: Ints) -> Floats:
        """How many more samples are to be expected, for the cost."""

    def reason(self, n_drawn: int) -> str:
        """Why a prompt that gets no more samples got `n_drawn`."""


class Stopping(Plugin):
    """A stopping rule and its options."""

    @abstractmethod
    def first(self, bounds: Bounds) -> int:
        """Samples of every prompt in the first round."""

    @abstractmethod
    def rule(self, bounds: Bounds, tally: Tally, groups: Ints) -> Rule:
        """The rule, fitted to the first round."""
