"""Words: the same after case, articles, punctuation, spacing and LaTeX wrappers are set aside, and nothing else. Signs alone
(`] ]`, `<>`): the same signs. Dates and times: the same ones, in any notation.
"""

import re
from typing import ClassVar, Literal

from rewards.algebra.wording.dates import date, time
from rewards.kinds._base import Compare, Kind, Variants
from rewards.kinds._words import bare, same_words, unwrap, without_lead
from rewards.kinds.math import Math
from rewards.verdict import Ruling, UnreadableGoldError

_SEVERAL = re.compile(r",(?!\d{3}(?!\d))|;|(?<=\S)\s+(?=\S)")
"""More than one number, which stand in an order."""
_NO_FORMULA = re.compile(r"\d+\s*[/.-]\s*\d+\s*[/.-]\s*\d+|^\W*\d{1,2}:\d\d\W*$|^\W*\(\d+\)\W*\(\d+\)")
"""Dates, times, numbers of statements."""
_LETTER = re.compile(r"(?<![\\A-Za-z])[A-Za-z]|[^\W\d_a-zA-Z]")
_BRACKETS = re.compile(r"[()\[\]{}<>]+")
_NO_SIGN = re.compile(r"[\s$\\.,;:!?'\"`*]|\\(?:left|right|quad|langle|rangle)(?![a-z])")


class Text(Kind):
    """No options of its own."""

    kind: Literal["text"] = "text"

    example: ClassVar[tuple[str, str]] = ("Blue", r"\text{blue}.")

    def against(self, gold: str) -> Compare:
        if signs := _signs(gold):
            return lambda answer: Ruling.of(_signs(answer) == signs, "exact")
        wanted = bare(gold)
        if not wanted:
            raise UnreadableGoldError(f"nothing is left of the gold {gold!r} without punctuation")
        plain = unwrap(gold)
        day, moment = date(plain), _moment(plain)
        formula = None if day or moment else _formula(gold)

        def compare(answer: str) -> Ruling:
            if same_words(gold, answer) or same_words(gold, said := without_lead(answer)):
                return Ruling("correct", "exact")
            if day or moment:
                plain = unwrap(said)
                return Ruling.of(date(plain) == day if day else _moment(plain) == moment, "dates")
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


def _moment(text: str) -> tuple[int, int, int] | None:
    """Hour, minute and second of a time: `8:45` is in the morning."""
    found = time(text)
    return found[:3] if found else None


def _signs(text: str) -> str:
    """The brackets of a text that holds nothing else; '' for any other."""
    signs = _NO_SIGN.sub("", unwrap(text))
    return signs if _BRACKETS.fullmatch(signs) else ""


def _formula(gold: str) -> Compare | None:
    """Compare a gold of numbers without words as mathematics: `11,111` is `11111`. A date is no fraction."""
    if (
        not any(c.isdigit() for c in gold)
        or _NO_FORMULA.search(gold)
        or _SEVERAL.search(gold)
        or _LETTER.search(unwrap(gold))
    ):
        return None
    try:
        compare = Math(symbolic=False).against(gold)
    except UnreadableGoldError:
        return None
    percent = "%" in gold
    return lambda answer: compare(answer) if ("%" in answer) == percent else Ruling("wrong", "exact", "a percent sign")
