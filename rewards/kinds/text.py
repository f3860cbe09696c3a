"""Words: the same after case, spacing, LaTeX wrappers and final punctuation are set aside."""

from __future__ import annotations

import re
import unicodedata
from typing import ClassVar, Literal

from rewards.kinds._base import Compare, Kind
from rewards.verdict import Ruling, UnreadableGoldError

_WRAPPER = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox|operatorname)\s*\{([^{}]*)\}")
_EDGE = " \t\n.,;:!?'\"`*$_()[]{}"


def normal(text: str) -> str:
    """Case-folded words separated by single spaces."""
    for _ in range(3):
        text = _WRAPPER.sub(r"\1", text)
    text = unicodedata.normalize("NFKC", text).replace("\\ ", " ").replace("~", " ")
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
        return lambda answer: Ruling.of(normal(answer) in accepted, "exact")
