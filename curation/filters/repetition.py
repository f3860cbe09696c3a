"""Drop traces that go round in circles: the same passages again and again, usually until the token limit.

After Gopher's repetition rules (Rae et al. 2021, arXiv 2112.11446, table A1: characters in duplicate n-grams, n = 5 to 10, at most
10 to 15 %). What differs: reasoning restates its formulas, so short n-grams and short lines repeat in good traces. Here n is 20 words and
the limit 25 %: of 179 public Sky-T1 traces 33 are above it, of 278 good traces of DeepSeek-R1 and Marco-o1 none (their most is 15 %,
and at n = 10 one had 22 %). A loop without spaces has no words, but compresses to almost nothing.
"""

import re
import zlib
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from curation.core.row import Row
from curation.filters.base import Filter, Judgement

_SIGN = re.compile(r"[一-鿿぀-ヿ가-힯]")
_WORD = re.compile(rf"{_SIGN.pattern}|[^\s一-鿿぀-ヿ가-힯]+")
"""A Han, kana or hangul sign, or what stands between spaces."""


class Repetition(Filter):
    """Loops in the completion."""

    kind: Literal["repetition"] = "repetition"
    of_traces: ClassVar[bool] = True
    remedies: ClassVar[dict[str, str]] = {"repetition": "n_words, max_repeated, min_compressed"}
    n_words: int = Field(default=20, ge=2)
    """Words of a passage; shorter ones repeat in good traces too."""
    max_repeated: float = Field(default=0.25, ge=0, le=1)
    """Share of the characters that may be in passages of `n_words` words which occurred before; 1: all."""
    min_compressed: float = Field(default=0.1, ge=0, le=1)
    """Size of the trace compressed by zlib, as a share of its size: good traces have 0.22 to 0.4. Only of 1,000 bytes and more;
    0: not looked at."""

    def judge(self, row: Row) -> Judgement:
        trace = row.completion
        words = _WORD.findall(trace) if not trace.isascii() and _SIGN.search(trace) else trace.split()
        if repeated_share(words, self.n_words) > self.max_repeated:
            return False, "repetition"
        return (False, "repetition") if self._is_compressible(trace.encode()) else True

    def _is_compressible(self, data: bytes) -> bool:
        """zlib's fastest level says of most traces, in a third of the time, that its usual one need not be asked."""
        limit = self.min_compressed * len(data)
        return len(data) >= 1000 and len(zlib.compress(data, 1)) < 3 * limit and len(zlib.compress(data)) < limit


def repeated_share(words: list[str], n: int) -> float:
    """Share of the characters that are in a run of n words which occurred before; overlapping runs count once.

    >>> repeated_share("a b c a b c".split(), 3)
    0.5
    """
    if len(words) <= n:
        return 0.0
    numbers: dict[str, int] = {}
    ids = np.fromiter((numbers.setdefault(word, len(numbers)) for word in words), np.uint64, len(words))
    _, first, inverse = np.unique(_hashes(ids, n), return_index=True, return_inverse=True)
    repeated = counted_to = 0
    for start in np.flatnonzero(first[inverse] != np.arange(len(inverse))).tolist():
        repeated += sum(map(len, words[max(start, counted_to) : start + n]))
        counted_to = start + n
    total = sum(map(len, words))
    return repeated / total if total else 0.0


def _hashes(ids: npt.NDArray[np.uint64], n: int) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of every run of n words: the words' numbers are mixed, and the sum has a weight for each place."""
    mixed = (ids + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    hashes = np.zeros(len(ids) - n + 1, np.uint64)
    for place in range(n):
        hashes = hashes * np.uint64(0xD1342543DE82EF95) + mixed[place : place + len(hashes)]
    return hashes
