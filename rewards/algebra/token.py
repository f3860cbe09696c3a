"""One token of an answer."""

from typing import NamedTuple


class Token(NamedTuple):
    """`kind`: num, sym, cmd (a function or object), text (words), op, begin, end, row, amp, last."""

    kind: str
    text: str
    spaced: bool = False


ORDINAL = "ordinal"
"""The word that stands for `st`, `nd`, `rd`, `th` behind a number."""

SOMETHING = "something"
"""The name of the number that `at least 5` is about."""
