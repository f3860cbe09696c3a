"""Words: the same after case, spacing, LaTeX wrappers and final punctuation are set aside. Signs alone (`] ]`, `<>`): the same signs."""

import re
from typing import ClassVar, Literal

from rewards.kinds._base import Compare, Kind, Variants
from rewards.kinds._words import normal, unwrap
from rewards.kinds.math import Math
from rewards.verdict import Ruling, UnreadableGoldError

_NO_FORMULA = re.compile(r"\d+\s*[/.-]\s*\d+\s*[/.-]\s*\d+|^\W*\d{1,2}:\d\d\W*$|^\W*\(\d+\)\W*\(\d+\)")
"""Dates, times, numbers of statements."""
_BRACKETS = re.compile(r"[()\[\]{}<>]+")
_NO_SIGN = re.compile(r"[\s$\\.,;:!?'\"`*]|\\(?:left|right|quad|langle|rangle)(?![a-z])")


class Text(Kind):
    """No options of its own."""

    kind: Literal["text"] = "text"

    example: ClassVar[tuple[str, str]] = ("Blue", r"\text{blue}.")

    def against(self, gold: str) -> Compare:
        if signs := _signs(gold):
            return lambda answer: Ruling.of(_signs(answer) == signs, "exact")
        wanted = normal(gold)
        if not wanted:
            raise UnreadableGoldError(f"nothing is left of the gold {gold!r} without punctuation")
        formula = _formula(gold)

        def compare(answer: str) -> Ruling:
            if normal(answer) == wanted:
                return Ruling("correct", "exact")
            return formula(answer) if formula else Ruling("wrong", "exact")

        return compare

    def equivalents(self, gold: str) -> Variants:
        if _signs(gold):
            yield "text", f"\\text{{{gold}}}"
            return
        if "\\" not in gold:
            yield "upper case", gold.upper()
            yield "text", f"\\text{{{gold}}}"
        yield "full stop", gold + "."

    def near_misses(self, gold: str) -> Variants:
        if _signs(gold):
            yield "doubled", f"{gold} {gold}"
            return
        yield "negated", f"not {gold}"
        yield "doubled", f"{gold} or nothing"


def _signs(text: str) -> str:
    """The brackets of a text that holds nothing else; '' for any other."""
    bare = _NO_SIGN.sub("", unwrap(text))
    return bare if _BRACKETS.fullmatch(bare) else ""


def _formula(gold: str) -> Compare | None:
    """Compare a gold with a number in it as mathematics when the words differ: `11,111` is `11111`. A date is no fraction."""
    if not any(c.isdigit() for c in gold) or _NO_FORMULA.search(gold):
        return None
    try:
        return Math(symbolic=False).against(gold)
    except UnreadableGoldError:
        return None
