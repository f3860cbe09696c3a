"""MinHash of word shingles, hashed by numpy over the bytes of the text and permuted by rensa.

A word's hash is a sum over its bytes of (random number of the byte) x (power of its place), modulo 2^32. The text is summed up once: the
sum at a word's end less the sum before the word, divided by the power where the word begins, is its hash. A shingle's hash is the
polynomial of its words' hashes, modulo 2^64, mixed.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from curation.dedup.options import Dedup

Words = NDArray[np.uint32]
Hashes = NDArray[np.uint64]

MAX_BYTES = 1 << 20
"""Of a text beyond this, the rest counts for the exact key alone."""

SEED = 1
"""Of the permutations."""
MAX_WORDS = 1 << 18
"""Of the texts that are looked at together: some 20 MB."""
_MULTIPLIER = 0x9E3779B97F4A7C15
_LETTERS = np.random.Generator(np.random.PCG64(5)).integers(1, 2**32, 256, dtype=np.uint32)
_LETTERS[ord(" ")] = 0


@cache
def _powers(base: int) -> NDArray[np.uint32]:
    """base^0, base^1, ... modulo 2^32, one for each place in a text."""
    powers = np.ones(MAX_BYTES, dtype=np.uint32)
    n = 1
    while n < MAX_BYTES:
        powers[n : 2 * n] = powers[:n] * np.uint32(pow(base, n, 2**32))
        n *= 2
    return powers


_ROW_FACTORS = np.array([pow(_MULTIPLIER, i, 2**64) for i in range(1, 17)], dtype=np.uint64)
_BASE = 0x9E3779B1
_INVERSE = pow(_BASE, -1, 2**32)


def word_hashes(words: bytes) -> Words:
    """A hash for each of the words, which spaces part, in their order; one for a text without any."""
    return hashes_of_each([words])[0]


def hashes_of_each(texts: Sequence[bytes]) -> list[Words]:
    """The word hashes of several texts, which are summed up as one where they fit."""
    cut = [text[:MAX_BYTES] for text in texts]
    lengths = [len(text) + 1 for text in cut]
    if len(cut) > 1 and sum(lengths) > MAX_BYTES:
        return [word_hashes(text) for text in cut]
    starts, hashes = _hashed(b" ".join(cut))
    each = np.split(hashes, np.searchsorted(starts, np.cumsum(lengths[:-1])))
    return [of_text if len(of_text) else _NO_WORD for of_text in each]


_NO_WORD: Words = np.zeros(1, dtype=np.uint32)


def _hashed(words: bytes) -> tuple[NDArray[np.int64], Words]:
    """Where every word begins, and its hash."""
    text = np.frombuffer(words, dtype=np.uint8)
    is_letter = np.empty(len(text) + 1, dtype=bool)
    is_letter[0] = False
    np.not_equal(text, ord(" "), out=is_letter[1:])
    starts = np.flatnonzero(is_letter[1:] > is_letter[:-1])
    if not len(starts):
        return starts, np.empty(0, dtype=np.uint32)
    # A running sum may be cut into words by subtraction, so no loop runs over words; numpy's 32-bit integers wrap round as wanted.
    sums = _LETTERS.take(text)
    sums *= _powers(_BASE)[: len(text)]
    np.cumsum(sums, dtype=np.uint32, out=sums)
    hashes: Words = sums[np.append(starts[1:] - 1, len(text) - 1)]
    hashes[1:] -= hashes[:-1].copy()
    hashes *= _powers(_INVERSE).take(starts)
    return starts, hashes


def shingle_hashes(hashes: Words, size: int) -> Hashes:
    """Hashes of all runs of `size` of the words, with repetitions; of the whole text where it has fewer words."""
    return mix(_runs(hashes, min(size, len(hashes))))


def _runs(hashes: Words, size: int) -> Hashes:
    n = len(hashes) - size + 1
    runs = hashes[:n].astype(np.uint64)
    for i in range(1, size):
        runs *= np.uint64(_MULTIPLIER)
        runs += hashes[i : n + i]
    return runs


def mix(hashes: Hashes) -> Hashes:
    """The finaliser of splitmix64: every bit of the input changes half of the output."""
    mixed = hashes ^ (hashes >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def band_keys(texts: Sequence[Words], options: Dedup) -> NDArray[np.uint32]:
    """One key a band of each text, shape (texts, bands): two of Jaccard similarity s share the key of a band with probability
    s^rows_per_band.
    """
    if not texts:
        return np.empty((0, options.bands), dtype=np.uint32)
    if len(texts) > 1 and sum(map(len, texts)) > MAX_WORDS:
        half = len(texts) // 2
        return np.concatenate([band_keys(texts[:half], options), band_keys(texts[half:], options)])
    size, together = options.shingle, np.concatenate(texts)
    starts = np.cumsum([0, *map(len, texts)])
    runs = (
        _runs(together, size) if len(together) >= size else together
    )  # those from one text into the next are left out
    each = [
        runs[start : start + len(text) - size + 1] if len(text) >= size else _runs(text, len(text))
        for start, text in zip(starts.tolist(), texts, strict=False)
    ]
    # A band's rows are summed under odd factors into one key: equal rows give equal keys, and 32 bits of it are enough to meet by.
    ends, permutations = np.cumsum([0, *map(len, each)], dtype=np.uint64), options.bands * options.rows_per_band
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(mix(np.concatenate(each)), ends, permutations, SEED)
    rows = np.array(matrix.to_rows(), dtype=np.uint64).reshape(len(texts), options.bands, options.rows_per_band)
    keys: Hashes = mix((rows * _ROW_FACTORS[: options.rows_per_band]).sum(axis=2, dtype=np.uint64))
    return (keys >> np.uint64(32)).astype(np.uint32)


def jaccard(one: bytes, other: bytes, size: int) -> float:
    """The similarity that MinHash estimates, exactly: shared shingles / all shingles."""
    a, b = (np.unique(shingle_hashes(word_hashes(text), size)) for text in (one, other))
    shared = len(np.intersect1d(a, b, assume_unique=True))
    return shared / (len(a) + len(b) - shared)
