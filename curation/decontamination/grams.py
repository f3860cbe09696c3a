"""Keys: 64-bit hashes of what two questions can share - a 3-gram of words, the whole text, the text without numbers."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

import numpy as np
import numpy.typing as npt
import xxhash

from curation.decontamination.text import is_number, template_words

Keys = npt.NDArray[np.uint64]

N = 3
"""Words in a gram. Longer ones miss what was reworded; how much three common words prove depends on their weight, not on length."""
MIN_TEMPLATE_WORDS = 6
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)


@lru_cache(maxsize=1 << 16)
def _hash_word(word: str) -> int:
    return int(xxhash.xxh3_64_intdigest(b"#" if is_number(word) else word.encode())) if word else 0


def gram_keys(texts: Sequence[Sequence[str]]) -> tuple[Keys, npt.NDArray[np.int64]]:
    """The grams of several texts: (key, number of the text), sorted by text, each once a text. A text shorter than a gram is one gram."""
    padded = [[*words, *[""] * (N - len(words))] if 0 < len(words) < N else words for words in texts]
    lengths = np.array([len(words) for words in padded], np.int64)
    hashes = np.fromiter(map(_hash_word, chain.from_iterable(padded)), np.uint64, lengths.sum())
    owner = np.repeat(np.arange(len(texts)), lengths)
    # All texts lie one after the other: a gram is any N words with one owner, and is hashed as a sum of its words' hashes, each times the
    # odd factor of its place, so that the order of the words counts and no loop runs over texts.
    starts = np.flatnonzero(owner[: len(owner) - N + 1] == owner[N - 1 :]) if len(owner) >= N else np.array([], int)
    keys = np.zeros(len(starts), np.uint64)
    for i, factor in enumerate(_FACTORS):
        keys += (hashes[starts + i] ^ (hashes[starts + i] >> np.uint64(29))) * factor
    keys ^= keys >> np.uint64(32)
    of_number = hashes == _hash_word("#")
    numbered = np.logical_or.reduce([of_number[starts + i] for i in range(N)])
    keys = (keys & ~np.uint64(1)) | numbered.astype(np.uint64)
    owner = owner[starts]
    order = np.lexsort((keys, owner))
    keys, owner = keys[order], owner[order]
    new = np.ones(len(keys), bool)
    new[1:] = (keys[1:] != keys[:-1]) | (owner[1:] != owner[:-1])
    return keys[new], owner[new]


def has_number(keys: Keys) -> npt.NDArray[np.bool_]:
    """Whether a number is among the words of a gram: its key is odd then."""
    return (keys & np.uint64(1)).astype(bool)


def whole_key(words: Sequence[str]) -> int:
    """The key of the whole text; 0 for an empty one."""
    return int(xxhash.xxh3_64_intdigest(" ".join(words).encode(), seed=1)) if words else 0


def template_key(words: list[str]) -> int:
    """The key of the text without its numbers; 0 where that leaves too little to distinguish two problems."""
    kept = template_words(words)
    if len(kept) < MIN_TEMPLATE_WORDS:
        return 0
    return int(xxhash.xxh3_64_intdigest(" ".join(kept).encode(), seed=2))
