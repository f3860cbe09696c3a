"""Drop traces that go round in circles: the same passages again and again, usually until the token limit.

After Gopher's repetition rules (Rae et al. 2021, arXiv 2112.11446, table A1: characters in duplicate n-grams, n = 5 to 10, at most
10 to 15 %). What differs: reasoning restates its formulas, so short n-grams and short lines repeat in good traces. Here n is 20 words and
the limit 25 %: of 179 public Sky-T1 traces 33 are above it, of 278 good traces of DeepSeek-R1 and Marco-o1 none (their most is 15 %,
and at n = 10 one had 22 %). A loop without spaces has no words, but compresses to almost nothing.
"""

import zlib
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from curation.core.row import Row
from curation.filters.base import Filter, Judgement

_SPACE, _SIGN = 1, 2
_KINDS = np.zeros(0xD7B1, np.uint8)
"""Character -> whether it is white space or a Han, kana or hangul sign, which is a word of its own; those behind the last are neither."""
_KINDS[[number for number in range(len(_KINDS)) if chr(number).isspace()]] = _SPACE
for _first, _last in ("一鿿", "぀ヿ", "가힯"):
    _KINDS[ord(_first) : ord(_last) + 1] = _SIGN
_FAST = pa.Codec("zstd", 1)
_FACTOR = 0xD1342543DE82EF95
_INVERSE = pow(_FACTOR, -1, 1 << 64)


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
        if repeated_share(trace, self.n_words) > self.max_repeated:
            return False, "repetition"
        return (False, "repetition") if self._is_compressible(trace.encode()) else True

    def _is_compressible(self, data: bytes) -> bool:
        """zstd's fastest level says of most traces, in a tenth of the time, that zlib need not be asked."""
        limit = self.min_compressed * len(data)
        return len(data) >= 1000 and _FAST.compress(data).size < 3 * limit and len(zlib.compress(data)) < limit


def repeated_share(text: str, n: int) -> float:
    """Share of the characters that are in a run of n words which occurred before; overlapping runs count once.

    >>> repeated_share("a b c a b c", 3)
    0.5
    """
    is_ascii = text.isascii()
    data = text.encode("ascii" if is_ascii else "utf-32-le", "surrogatepass")
    codes = np.frombuffer(data, np.uint8 if is_ascii else np.uint32).astype(np.uint32)
    kinds: npt.NDArray[np.uint8] = np.take(_KINDS, codes, mode="clip")
    inside = np.flatnonzero(kinds != _SPACE)
    codes, is_first = codes[inside], np.ones(len(inside), np.bool_)
    np.not_equal(inside[1:], inside[:-1] + 1, out=is_first[1:])
    if not is_ascii and (is_sign := kinds[inside] == _SIGN).any():
        is_first[1:] |= is_sign[1:] | is_sign[:-1]
    starts = np.append(np.flatnonzero(is_first), len(codes))
    if len(starts) - 1 <= n:
        return 0.0
    hashes = _hashes(codes + (is_first.astype(np.uint32) << np.uint32(24)), starts, n)
    ordered = np.sort((hashes >> np.uint64(32)).astype(np.uint32))
    if not (ordered[1:] == ordered[:-1]).any():
        return 0.0
    first, inverse = np.unique(hashes, return_index=True, return_inverse=True)[1:]
    repeated = counted_to = 0
    for start in np.flatnonzero(first[inverse] != np.arange(len(inverse))).tolist():
        repeated += int(starts[start + n] - starts[max(start, counted_to)])
        counted_to = start + n
    return repeated / len(codes)


def _hashes(signs: npt.NDArray[np.uint32], starts: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of every run of n words, given their characters, of which those that begin a word are others, and where they start.

    It is a polynomial: the difference of two sums from the beginning, taken back to where the run begins.
    """
    sums = np.zeros(len(signs) + 1, np.uint64)
    np.cumsum(signs * _powers(_FACTOR, len(signs)), out=sums[1:])
    ends = sums[starts]
    hashes: npt.NDArray[np.uint64] = (ends[n:] - ends[:-n]) * _powers(_INVERSE, len(signs))[starts[:-n]]
    return hashes


def _powers(factor: int, n: int) -> npt.NDArray[np.uint64]:
    """The first n powers of a factor, modulo 2^64."""
    return _table_of_powers(factor, 1 << max(n - 1, 1 << 15).bit_length())[:n]


@lru_cache(maxsize=4)
def _table_of_powers(factor: int, n: int) -> npt.NDArray[np.uint64]:
    powers = np.full(n, factor, np.uint64)
    powers[0] = 1
    return np.cumprod(powers)
