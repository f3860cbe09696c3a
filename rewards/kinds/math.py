"""Mathematics: the same value or object, whatever the notation."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from rewards import worker
from rewards.kinds._base import Compare, Kind
from rewards.kinds.text import normal
from rewards.verdict import Ruling


def _fraction(text: str) -> Fraction | None:
    try:
        return Fraction(text.strip().strip("$").replace(",", "")) if len(text) < 200 else None
    except (ValueError, ZeroDivisionError):
        return None


class Math(Kind):
    """Options: the deadline of the symbolic tier."""

    kind: Literal["math"] = "math"
    timeout_s: float = 5.0
    """Seconds that one judgement may take, the start of the worker included."""

    example: ClassVar[tuple[str, str]] = (r"\frac{1}{2}", "0.5")

    def against(self, gold: str) -> Compare:
        def compare(answer: str) -> Ruling:
            if normal(gold) == normal(answer):
                return Ruling("correct", "exact")
            ours, theirs = _fraction(gold), _fraction(answer)
            if ours is not None and theirs is not None:
                return Ruling.of(ours == theirs, "rational")
            if len(answer) > 4096:
                return Ruling("wrong", "caps", "the answer is too long")
            try:
                same = worker.ask("math", "equal", {"gold": gold, "answer": answer}, self.timeout_s)
            except worker.TimedOutError as error:
                return Ruling("timeout", "symbolic", str(error))
            except worker.WorkerError as error:
                return Ruling("wrong", "symbolic", str(error))
            return Ruling.of(bool(same), "symbolic")

        return compare
