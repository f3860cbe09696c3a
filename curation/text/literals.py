"""Which of many literals a text may contain, at the price of one pass over it, whatever their number.

The trigrams of a text are marked in a table of bits; a literal that is in the text has all of its own marked. What the table does not rule
out is looked for. The table and the small letters of a text are kept, since several filters ask about one trace.
"""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_SHORT = 2_000
"""Characters up to which looking for every literal is faster."""


class Literals:
    """Literals in small letters, of three bytes at least.

    >>> Literals(["<|", "user"]).any_in("A User.")
    Traceback (most recent call last):
    ValueError: got the literal '<|', expected three bytes or more
    >>> Literals(["user:", "human:"]).any_in("Human: hi")
    True
    """

    def __init__(self, literals: Iterable[str]) -> None:
        self.literals = tuple(literals)
        grams = [_grams(literal) for literal in self.literals]
        if short := [literal for literal, own in zip(self.literals, grams, strict=True) if not len(own)]:
            raise ValueError(f"got the literal {short[0]!r}, expected three bytes or more")
        self._starts = np.cumsum([0, *map(len, grams[:-1])])
        self._grams = np.concatenate(grams)

    def any_in(self, text: str) -> bool:
        """Whether one of the literals is in the text, in letters of any case."""
        small = small_letters(text)
        if len(small) <= _SHORT:
            return any(literal in small for literal in self.literals)
        possible = np.logical_and.reduceat(_marked(small)[self._grams], self._starts)
        return any(self.literals[number] in small for number in np.flatnonzero(possible).tolist())


@lru_cache(maxsize=4)
def small_letters(text: str) -> str:
    """The text in small letters (`str.casefold`)."""
    return text.casefold()


@lru_cache(maxsize=2)
def _marked(text: str) -> npt.NDArray[np.bool_]:
    marked = np.zeros(1 << 16, np.bool_)
    marked[_grams(text).astype(np.intp)] = True
    return marked


def _grams(text: str) -> npt.NDArray[np.uint16]:
    """A number for every three bytes of UTF-8; of ASCII letters no two have the same."""
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8).astype(np.uint16)
    return (data[:-2] << np.uint16(10)) ^ (data[1:-1] << np.uint16(5)) ^ data[2:]
