"""How much a shared 3-gram proves, and what a row and an item share.

Weight = 1 - log(df) / log(N): inverse document frequency (Sparck Jones 1972), scaled to 1 for a gram that occurs once and 0 for one that
occurs everywhere. df counts rows of the corpus and items of the benchmarks: "m and n are relatively prime positive integers" is in
one of six AIME problems and weighs half as much as the words that make a problem.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curation.decontamination.benchmarks import Ints, Keyring
from curation.decontamination.grams import gram_keys
from curation.decontamination.text import is_number

BACKGROUND = 10_000
"""Texts that are taken to be there besides, so that weights mean the same in a corpus of ten rows."""


def weights(df: Ints, n_texts: int) -> npt.NDArray[np.float64]:
    """Document frequencies -> weights in [0, 1]."""
    share = np.log(np.maximum(df, 1)) / np.log(n_texts + BACKGROUND)
    result: npt.NDArray[np.float64] = np.maximum(1 - share, 0)
    return result


@dataclass(frozen=True, slots=True)
class Similarity:
    """What a row shares with an item."""

    containment: float
    """Share of the item's weight that is in the row."""
    coverage: float
    """Share of the row's weight that is in the item."""
    evidence: float
    """Sum of the weights of the shared grams: grams that occur nowhere else."""
    rarest: float
    """The weight of the rarest shared gram."""
    same_words: float
    """Share of the different words that both have, of the one that has more."""
    n_numbers: int
    """Different numbers of the item, 0, 1 and 2 aside, which are everywhere."""
    other_numbers: bool
    """Whether the row lacks a number of the item."""


@dataclass(frozen=True)
class Weighed:
    """A row's words, looked up once for all its candidates."""

    words: list[str]
    grams: Ints
    weight: float
    numbers: Counter[str]


class Scale:
    """Compares rows with items under the weights of a whole corpus."""

    def __init__(self, keyring: Keyring, counts: Ints, n_rows: int) -> None:
        self.keyring, self.counts = keyring, counts
        self.weights = weights(counts + keyring.item_counts, n_rows + keyring.n_items)

    def weigh(self, words: list[str]) -> Weighed:
        """A gram that no item has counts as one that occurs nowhere else."""
        # Without the grams of no item in the denominator, a long row that holds a common phrase would be covered by it entirely.
        numbers = self.keyring.find(gram_keys([words])[0])
        grams = numbers[numbers >= 0]
        weight = float(self.weights[grams].sum()) + int((numbers < 0).sum())
        return Weighed(words, np.sort(grams), weight, _numbers(words))

    def compare(self, row: Weighed, item: int, item_words: list[str]) -> Similarity:
        """What the row and the item share, by weight."""
        grams = self.keyring.grams_of(item)
        shared = self.weights[grams[np.isin(grams, row.grams, assume_unique=True)]]
        evidence, of_item = float(shared.sum()), float(self.weights[grams].sum())
        numbers, ours, theirs = _numbers(item_words), set(row.words), set(item_words)
        return Similarity(
            containment=evidence / of_item if of_item else 0.0,
            coverage=evidence / row.weight if row.weight else 0.0,
            evidence=evidence,
            rarest=float(shared.max(initial=0.0)),
            same_words=len(ours & theirs) / max(len(ours), len(theirs), 1),
            n_numbers=len(set(numbers) - {"0", "1", "2"}),
            other_numbers=not numbers <= row.numbers,
        )


def _numbers(words: list[str]) -> Counter[str]:
    return Counter(filter(is_number, words))
