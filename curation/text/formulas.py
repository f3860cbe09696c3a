r"""Formulas, figures and lines of a question: what has to go before its prose is read."""

import re

from rewards.options import without_figures

__all__ = ["FORMULA", "folded_lines", "without_figures", "without_formulas"]

FORMULA = r"\$\$.{0,2000}?\$\$|\$(?:(?!\b[a-z]{2,} [a-z]{2,})[^$]){0,2000}\$|\\\[.{0,2000}?\\\]|\\\(.{0,2000}?\\\)"
"""A formula with its delimiters, for regular expressions with DOTALL. Words in a row between two dollar signs: those are prices."""
_FORMULA = re.compile(FORMULA, re.DOTALL)


def without_formulas(text: str, instead: str = " ") -> str:
    """The text with `instead` for every formula.

    >>> without_formulas("If $x = 1$, it costs $2 or as much as $3.", "x")
    'If x, it costs $2 or as much as $3.'
    """
    return _FORMULA.sub(lambda _: instead, text)


def folded_lines(text: str) -> str:
    """The text with single spaces and without blank lines: patterns then need not look through runs of white space."""
    return "\n".join(folded for line in text.split("\n") if (folded := " ".join(line.split())))
