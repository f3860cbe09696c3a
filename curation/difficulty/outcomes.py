"""The outcomes of a prompt's samples, counted, and what the counts mean for the prompt. Everything here works on whole arrays.

Outcomes stay apart: a response that was cut off, that the verifier could not judge or that the engine never gave is no wrong answer.
A manifest says how they count: `truncated` (cut off is wrong, or out of the pass rate) and `max_lost` (how many of a prompt's samples
may be lost to the limit or to the verifier before the prompt is dropped for that).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Decision = Literal["keep", "trivial", "infeasible", "truncated", "unjudged", "unsampled"]
Truncated = Literal["wrong", "unjudged"]
DECISIONS: tuple[Decision, ...] = ("keep", "trivial", "infeasible", "truncated", "unjudged", "unsampled")
KEEP, TRIVIAL, INFEASIBLE, TRUNCATED, UNJUDGED, UNSAMPLED = range(6)

OUTCOMES = (
    "correct",
    "wrong",
    "no_answer",
    "truncated",
    "timeout",
    "infrastructure",
    "refused",
    "unreadable_gold",
    "undecided",
)
"""Those of `rewards`, and the two that an engine adds: a sample that failed, a prompt that it rejects."""
JUDGED, UNJUDGED_OUTCOMES = OUTCOMES[:3], OUTCOMES[4:]


class Tally(NamedTuple):
    """Samples by what they can mean, one number per prompt. `incorrect` is wrong or without an answer."""

    correct: Ints
    incorrect: Ints
    truncated: Ints
    unjudged: Ints

    @property
    def drawn(self) -> Ints:
        return self.correct + self.incorrect + self.truncated + self.unjudged

    def plus(self, correct: Any = 0, incorrect: Any = 0, truncated: Any = 0, unjudged: Any = 0) -> "Tally":
        """The tally after more samples."""
        more = (correct, incorrect, truncated, unjudged)
        return Tally(*(ours + added for ours, added in zip(self, more, strict=True)))


def tally_of(counts: NDArray[Any]) -> Tally:
    """The tally of counts by outcome, one row per prompt and a column for each of `OUTCOMES`."""
    correct, wrong, no_answer, truncated, *unjudged = counts.astype(np.int64).T
    return Tally(correct, wrong + no_answer, truncated, sum(unjudged, np.zeros_like(correct)))


def count_outcomes(counts: Iterable[Mapping[str, int]]) -> NDArray[np.int64]:
    """Counters as rows with a column for each of `OUTCOMES`."""
    rows = [[count.get(name, 0) for name in OUTCOMES] for count in counts]
    return np.array(rows, dtype=np.int64).reshape(-1, len(OUTCOMES))


def n_counted(difficulty: Mapping[str, Any], truncated: Truncated) -> int:
    """How many samples of a prompt a `Difficulty` counts, as a mapping: the first so many. Those that the engine refused are none, though
    the store may have some of them, from before it did.
    """
    cut = 0 if truncated == "wrong" else difficulty["n_truncated"]
    refused = difficulty.get("n_refused", 0)  # a build of an earlier version does not say
    return int(difficulty["n_judged"] + difficulty["n_unjudged"] + cut - refused)


@dataclass(frozen=True)
class Bounds:
    """Which prompts are kept: those whose pass rate lies strictly between `low` and `high`; None is no bound."""

    n: int
    low: float | None = 0.0
    high: float | None = 1.0
    truncated: Truncated = "unjudged"
    max_lost: float = 0.5

    def judged(self, tally: Tally) -> Ints:
        """How many samples the pass rate is a share of."""
        return tally.correct + tally.incorrect + (tally.truncated if self.truncated == "wrong" else 0)

    def lost(self, tally: Tally) -> Ints:
        """`UNJUDGED` or `TRUNCATED` where more than `max_lost` of the samples are gone or none was judged, `KEEP` elsewhere."""
        drawn, none = tally.drawn, self.judged(tally) == 0
        cut = tally.truncated > self.max_lost * drawn
        conditions = [
            tally.unjudged > self.max_lost * drawn,
            cut & (self.truncated == "unjudged"),
            none & (tally.truncated > tally.unjudged),
            none,
        ]
        return np.select(conditions, [UNJUDGED, TRUNCATED, TRUNCATED, UNJUDGED], KEEP)

    def decide(self, tally: Tally) -> Ints:
        """What the counts of all samples of a prompt decide, as indices of `DECISIONS`.

        Where most samples were cut off, a prompt is `truncated` and not `infeasible`, whichever way they count.
        """
        rate = tally.correct / np.maximum(self.judged(tally), 1)
        lost = self.lost(tally)
        infeasible = np.where(2 * tally.truncated > tally.drawn, TRUNCATED, INFEASIBLE)
        trivial = rate >= (np.inf if self.high is None else self.high)
        conditions = [lost != KEEP, trivial, rate <= (-np.inf if self.low is None else self.low)]
        return np.select(conditions, [lost, np.int64(TRIVIAL), infeasible], KEEP)

    def rates(self) -> tuple[float, float]:
        """The bounds on the true rate. No finite sample shows a rate of 0 or 1, "never" or "always" right: they mean the rates at which
        `n` samples are as likely to show nothing else as not.
        """
        never = 1 - 0.5 ** (1 / self.n)
        low = -1.0 if self.low is None else self.low or never
        high = 2.0 if self.high is None else 1 - never if self.high == 1 else self.high
        return low, high
