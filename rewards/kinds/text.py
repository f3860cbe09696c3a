"""Words: the same after case, spacing, LaTeX wrappers and final punctuation are set aside."""

from __future__ import annotations

import re
import unicodedata
from typing import ClassVar, Literal

from rewards.kinds._base import Compare, Kind
from rewards.verdict import Ruling, UnreadableGoldError

_WRAPPER = re.compile(
    r"\\(?:text[a-z]*|mathrm|mathbf|mathit|mathsf|mbox|hbox|operatorname|boxed|fbox|underline|emph|bf|rm)\s*\{([^{}]*)\}"
)
_SPACING = re.compile(r"\\[,;:! ]|\\q?quad(?![a-z])|~|\\(?=\s|$)|\\[()\[\]]|[$*`]")
_EDGE = " \t\n.,;:!?'\"_()[]{}"


def unwrap(text: str) -> str:
    """Without LaTeX text commands, spacing and emphasis."""
    for _ in range(4):
        inner = _WRAPPER.sub(r"\1", text)
        if inner == text:
            break
        text = inner
    return _SPACING.sub(" ", text).strip()


def normal(text: str) -> str:
    """Case-folded words separated by single spaces."""
    text = unicodedata.normalize("NFKC", unwrap(text))
    return " ".join(text.casefold().split()).strip(_EDGE)


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


def _formula(gold: str) -> Compare | None:
    """A gold with a number in it is compared as mathematics when the words differ: `11,111` is the text `11111`."""
    from rewards.kinds.math import Math

    if not any(c.isdigit() for c in gold):
        return None
    try:
        return Math(symbolic=False).against(gold)
    except UnreadableGoldError:
        return None
