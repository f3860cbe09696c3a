"""The outcomes of judging. Right, wrong, nothing to judge, cut off, and three ways of not knowing are different things and
are counted apart.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Outcome = Literal["correct", "wrong", "no_answer", "unreadable_gold", "timeout", "undecided", "truncated"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class UnreadableGoldError(ValueError):
    """The reference answer cannot be read by the kind that should judge it; no response may be scored against it."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A kind's verdict on one final answer. `tier` names the step that decided: exact, rational, ball, points, sets, symbolic..."""

    outcome: Outcome
    tier: str
    detail: str = ""

    @classmethod
    def of(cls, same: bool, tier: str, detail: str = "") -> "Ruling":
        return cls("correct" if same else "wrong", tier, detail)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one response. `extracted` is the text that was judged, None where the response had no answer.

    >>> Verdict("correct", "42").reward
    1.0
    """

    outcome: Outcome
    extracted: str | None = None
    detail: str = ""
    tier: str = ""

    @property
    def reward(self) -> float | None:
        """1.0 correct; 0.0 wrong, no answer or truncated; None where the judge cannot know (unreadable gold, timeout, undecided).

        A truncated response earns 0.0, so that a policy gains nothing by never finishing; to leave such samples out
        (as the pass rates of ovr-curate do), ask for `outcome == "truncated"`.
        """
        if self.outcome == "correct":
            return 1.0
        return None if self.outcome in ("unreadable_gold", "timeout", "undecided") else 0.0

    @property
    def is_read(self) -> bool:
        """Whether the judge has understood the answer: a wrong one for lack of that says little about the answer.

        >>> Verdict("wrong", "8").is_read, Verdict("wrong", "seven or eight", "not one number").is_read
        (True, False)
        """
        if self.outcome in ("no_answer", "timeout", "undecided"):
            return False
        return self.outcome != "wrong" or not self.detail.startswith(NOT_READ)


NOT_READ = (
    "the answer is no formula", "not one number", "no boxes", "no points", "over a limit", "nested too deeply", "no value",
    "undecided", "one side cannot be parsed", "brackets that do not match", "prose, not an answer",
)  # fmt: skip
"""How the details of the kinds begin that say so; a test holds them to it."""
