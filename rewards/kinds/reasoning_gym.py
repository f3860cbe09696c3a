"""reasoning-gym: a procedural task is judged by the scorer of the library that made it (Stojanovski et al. 2025,
arXiv 2505.24760).

Correct only at a score of 1.0: partial credit rewards formatting. What the scorer raises on the gold's own answer is
the row's fault (unreadable gold); what it raises on another answer is that answer's (wrong).
"""

from functools import cached_property
from typing import Any, ClassVar, Literal

from rewards.kinds._base import Compare, Kind
from rewards.verdict import Ruling, UnreadableGoldError
from rewards.worker import client as worker
from rewards.worker.connection import TimedOutError, WorkerError


class ReasoningGym(Kind):
    """Options: which generator, and the entry it made."""

    kind: Literal["reasoning_gym"] = "reasoning_gym"
    dataset: str
    """The name under which the generator is registered, e.g. `leg_counting`."""
    entry: dict[str, Any]
    """The generated entry: question, answer, metadata."""
    timeout_s: float = 10.0
    """Seconds that the library's scorer may take for one answer; what takes longer is `timeout`."""

    example: ClassVar[tuple[str, str]] = ("12", "12")

    @property
    def needs_gold(self) -> bool:
        """Some generators give a problem with many answers and none of their own; their scorer decides alone."""
        return self.entry.get("answer") is not None

    def against(self, gold: str) -> Compare:
        if "answer" not in self.entry:
            raise UnreadableGoldError("options.entry has no answer")
        return self._compare

    def _score(self, answer: str) -> float:
        arguments = {"dataset": self.dataset, "answer": answer, "entry": self.entry}
        return float(worker.ask("reasoning_gym", "score", arguments, self.timeout_s))

    @cached_property
    def _gold_scores(self) -> bool:
        """Whether the library's own answer gets full marks from its own scorer."""
        gold = self.entry["answer"]
        try:
            return gold is None or self._score(str(gold)) >= 1.0
        except WorkerError:
            return False

    def _compare(self, answer: str) -> Ruling:
        try:
            return self._ruling(answer.strip())
        except TimedOutError as error:
            return Ruling("timeout", "scorer", str(error))

    def _ruling(self, answer: str) -> Ruling:
        try:
            score = self._score(answer)
        except WorkerError as error:
            if self._gold_scores:
                return Ruling("wrong", "scorer", f"the scorer refused it: {error}")
            return Ruling("unreadable_gold", "scorer", f"the scorer refuses its own answer: {error}")
        return Ruling.of(score >= 1.0, "scorer", f"score {score:g}")
