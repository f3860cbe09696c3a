"""How common a gram is: in how many different questions of the corpus and of the evaluation sets it occurs.

Copies prove nothing about how common words are, so they do not count. A cluster of duplicates counts as one question; an item that stands
in several evaluation sets does too; and a row that is an evaluation question - word by word, in other words, with other numbers - is that
question, which is counted already. So a thousand copies are as easy to find as one.

    background = Background(keyring, rows, rows.numbers_by_task(), scans)
    background.leave_out(is_copy, similar)          # the rows that are evaluation questions, the pairs of similar ones among these
    background.weights_of(question)                 # of its grams, in their order
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from curation.core.rows import Numbers, Rows
from curation.decontamination.frequency import weights
from curation.decontamination.keyring import Ints, Keyring, spread
from curation.decontamination.row_keys import read_keys


@dataclass(frozen=True, slots=True)
class Pairs:
    """Row (or evaluation question) `a[i]` and evaluation question `b[i]`, sorted by `a`."""

    a: Ints
    b: Ints

    def of(self, a: int) -> list[int]:
        """All that are paired with one."""
        first, last = np.searchsorted(self.a, [a, a + 1])
        return list(map(int, self.b[first:last]))

    @classmethod
    def sorted(cls, pairs: list[tuple[int, int]]) -> "Pairs":
        table = np.array(sorted(pairs), np.int64).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1])

    def where(self, mask: npt.NDArray[np.bool_]) -> "Pairs":
        return Pairs(self.a[mask], self.b[mask])


class Background:
    """The document frequencies of the keyring's keys. Memory: 30 bytes for every 3-gram of the evaluation questions and a byte a row."""

    def __init__(self, keyring: Keyring, rows: Rows, numbers: Mapping[str, Numbers], scans: Path) -> None:
        self.keyring, self._numbers, self.scans = keyring, numbers, scans
        self._is_first = _first_of_clusters(rows)

    def leave_out(self, rows: Ints, similar: Pairs) -> None:
        """Count the corpus without these rows, and an evaluation question `b` without the questions `a` that are similar."""
        counted = self._is_first.copy()
        counted[rows] = False
        self.in_rows: Ints = np.zeros(len(self.keyring.keys), np.int64)
        """Key -> rows."""
        for numbers, starts, keys in self._rows():
            of_row = (numbers >= 0) & counted[numbers]
            self.in_rows += np.bincount(keys[np.repeat(of_row, np.diff(starts))], minlength=len(self.in_rows))
        self.counts = self.in_rows + self.keyring.df
        """Key -> questions of the corpus and of the evaluation sets."""
        self.n_questions = int(self.keyring.copies.sum() + counted.sum())
        self.weights = weights(self.counts, self.n_questions)
        """Key -> its weight."""
        of_grams = self.weights[self.keyring.grams]
        shared = self._shared_grams(similar)
        changed = np.flatnonzero(shared)
        of_grams[changed] = weights(self.counts[self.keyring.grams[changed]] - shared[changed], self.n_questions)
        self._of_grams = of_grams

    def weights_of(self, question: int) -> npt.NDArray[np.float64]:
        """The weight of each gram of a question, as if it were the only one of its kind."""
        of_question: npt.NDArray[np.float64] = self._of_grams[
            self.keyring.gram_starts[question] : self.keyring.gram_starts[question + 1]
        ]
        return of_question

    def _shared_grams(self, similar: Pairs) -> Ints:
        """Entry of the keyring's grams -> similar questions that have it too."""
        if not len(similar.a):
            return np.zeros(len(self.keyring.grams), np.int64)
        pair, at = spread(self.keyring.gram_starts, similar.a)
        entries = (self.keyring.question_of_gram << 32) | self.keyring.grams
        codes = (similar.b[pair] << 32) | self.keyring.grams[at]
        places = np.minimum(np.searchsorted(entries, codes), len(entries) - 1)
        shared = entries[places] == codes
        copies = self.keyring.copies[similar.a][pair]
        return np.bincount(places[shared], copies[shared], len(entries)).astype(np.int64)

    def _rows(self) -> Iterator[tuple[Numbers, Ints, Ints]]:
        """Batch by batch of what the scan saw: the number that each row has now (-1: none), where its keys begin, and all keys."""
        for file in sorted(self.scans.glob("*-keys.parquet")):
            if (numbers := self._numbers.get(file.name[:5])) is not None:
                for first, starts, keys in read_keys(file):
                    yield numbers[first : first + len(starts) - 1], starts, keys


def _first_of_clusters(rows: Rows) -> npt.NDArray[np.bool_]:
    """Whether a row is the first of its cluster."""
    is_first = np.zeros(len(rows), bool)
    is_first[np.unique(rows.column("cluster", np.int64), return_index=True)[1]] = True
    return is_first
