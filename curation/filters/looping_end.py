r"""Drop traces whose thought or answer ends in a loop: one passage again and again, up to the token limit or to where it was broken off.

`repetition` asks how much of the whole trace occurred before (Gopher, Rae et al. 2021, arXiv 2112.11446, table A1); a loop that
begins late, or one of a few words, is too small a share of it. Degenerate text repeats itself exactly and without end (Holtzman et al.
2020, arXiv 1904.09751, 4.1), so here the end is compared with itself one period before, in linear time. Numbers may count on
(`x1 = .., x2 = ..`): then more rounds are asked for, since a list counts too.
"""

import re
from typing import ClassVar, Literal

from pydantic import Field

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.text.traces import parts_of

_TAIL = 12_000
"""Characters at the end that are looked at; a period is at most a third."""
_KEY = 24
"""Characters at the end whose earlier places are the candidates for a period."""
_CANDIDATES = 12
_NUMBER = re.compile(r"\d+")
_SPACES = bytes.maketrans(b"\t\n\r\v\f\x1c\x1d\x1e\x1f", b" " * 9)


class LoopingEnd(Filter):
    """An end of the thought or of the answer that repeats itself."""

    kind: Literal["looping_end"] = "looping_end"
    of_traces: ClassVar[bool] = True
    remedies: ClassVar[dict[str, str]] = {
        "loops_at_the_end": "min_rounds, min_chars",
        "counts_at_the_end": "min_counted, min_chars",
    }
    min_rounds: int = Field(default=3, ge=2)
    """Rounds of a passage."""
    min_chars: int = Field(default=240, ge=20)
    """Characters that the rounds have together; a word that is said eight times in a row is a loop with fewer."""
    min_counted: int = Field(default=15, ge=2)
    """Rounds of a passage with letters in which nothing but numbers differs."""

    def judge(self, row: Row) -> Judgement:
        for text in parts_of(row.completion)[:2]:
            tail = _with_single_spaces(text[-_TAIL:])
            period, length = period_at_end(tail)
            if period and _is_loop(tail[-period:], length / period, length, self.min_rounds, self.min_chars):
                return False, "loops_at_the_end", f"{length // period} times {tail[-period:][:80]!r}"
            if any(map(str.isdigit, tail[-200:])) and _may_count(tail, len(tail) // self.min_counted):
                counted = _NUMBER.sub("0", tail)
                period, length = period_at_end(counted)
                unit = counted[-period:] if period else ""
                if (
                    length >= self.min_chars
                    and length >= self.min_counted * period
                    and sum(map(str.isalpha, unit)) >= 1
                ):
                    return False, "counts_at_the_end", f"{length // period} times {unit[:80]!r}"
        return True


def period_at_end(text: str) -> tuple[int, int]:
    """The period of the end of a text and how many characters have it; (0, 0) where nothing repeats.

    >>> period_at_end("We begin here. " + "It is twenty-four or so. " * 4)
    (25, 102)
    """
    key, end, best = text[-_KEY:], len(text) - _KEY, (0, 0)
    if len(text) < _KEY + 1:
        return best
    for _ in range(_CANDIDATES):
        end = text.rfind(key, 0, end + len(key) - 1)
        if end < 0:
            break
        period = len(text) - len(key) - end
        if period * 2 > len(text):
            break
        length = period + _common_end(text, period)
        if length > best[1]:
            best = period, length
    return best


def _with_single_spaces(text: str) -> str:
    """`" ".join(text.split())`, of ASCII in a third of the time."""
    if not text.isascii():
        return " ".join(text.split())
    data = text.encode().translate(_SPACES)
    while b"  " in data:
        data = data.replace(b"  ", b" ")
    return data.strip(b" ").decode()


def _may_count(text: str, longest: int) -> bool:
    """Whether the end, its numbers made one, occurred at most `longest` characters before: without that no period is so short."""
    near = _NUMBER.sub("0", text[-4 * (longest + _KEY) :])
    return len(near) < longest + _KEY or near.rfind(near[-_KEY:], -longest - _KEY, -1) >= 0


def _common_end(text: str, period: int) -> int:
    """How many characters at the end are those one period before."""
    low, high = 0, len(text) - period
    while low < high:
        middle = (low + high + 1) // 2
        if text[len(text) - middle :] == text[len(text) - period - middle : len(text) - period]:
            low = middle
        else:
            high = middle - 1
    return low


def _is_loop(unit: str, rounds: float, length: int, min_rounds: int, min_chars: int) -> bool:
    letters = sum(map(str.isalpha, unit))
    if letters < 2:  # a rule, a row of a table, a matrix of zeros
        return length >= 2 * min_chars
    return rounds >= min_rounds and (length >= min_chars or rounds >= 8)
