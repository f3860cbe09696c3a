"""How often the corpus uses a word: what it uses often is no typo."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from curation.dedup.minhash import word_hashes

KNOWN_FROM = 5
"""Uses from which a word is known."""
_SLOTS = 1 << 22


class Vocabulary:
    """Counts words by their hash, in 16 MB. Two words of one slot count together: at worst a typo is taken for a word."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        self._uses = np.zeros(_SLOTS, dtype=np.uint32)
        for words in texts:
            np.add.at(self._uses, _slots(words), 1)

    def __contains__(self, word: str) -> bool:
        return bool(self._uses[_slots(word.encode())[0]] >= KNOWN_FROM)


def _slots(words: bytes) -> NDArray[np.uint32]:
    return word_hashes(words) & np.uint32(_SLOTS - 1)
