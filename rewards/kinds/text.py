"""Words: the same after case, spacing, LaTeX wrappers and final punctuation are set aside."""

from typing import ClassVar, Literal

from rewards.kinds._base import Compare, Kind, Variants
from rewards.kinds._words import normal
from rewards.kinds.math import Math
from rewards.verdict import Ruling, UnreadableGoldError


class Text(Kind):
    """Options: other answers that count as the same."""

    kind: Literal["text"] = "text"
    aliases: tuple[str, ...] = ()

    example: ClassVar[tuple[str, str]] = ("Blue", r"\text{blue}.")

    def against(self, gold: str) -> Compare:
        accepted = {normal(g) for g in (gold, *self.aliases)} - {""}
        if not accepted:
            raise UnreadableGoldError(f"nothing is left of the gold {gold!r} without punctuation")
        formula = _formula(gold)

        def compare(answer: str) -> Ruling:
            if normal(answer) in accepted:
                return Ruling("correct", "exact")
            return formula(answer) if formula else Ruling("wrong", "exact")

        return compare

    def equivalents(self, gold: str) -> Variants:
        if "\\" not in gold:
            yield "upper case", gold.upper()
            yield "text", f"\\text{{{gold}}}"
        yield "full stop", gold + "."

    def near_misses(self, gold: str) -> Variants:
        yield "negated", f"not {gold}"
        yield "doubled", f"{gold} or nothing"


def _formula(gold: str) -> Compare | None:
    """Compare a gold with a number in it as mathematics when the words differ: `11,111` is the text `11111`."""
    if not any(c.isdigit() for c in gold):
        return None
    try:
        return Math(symbolic=False).against(gold)
    except UnreadableGoldError:
        return None
