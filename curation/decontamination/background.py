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
from curation.decontamination.keyring import Ints, Keyring, Small, spread
from curation.decontamination.row_keys import read_keys

Weights = npt.NDArray[np.float64]
AT_ONCE = 2**18
"""Keys whose weights are computed at once."""


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
        self.in_rows: Small = np.zeros(len(keyring.keys), np.int32)
        """Key -> rows."""
        self.counts: Small = np.zeros(len(keyring.keys), np.int32)
        """Key -> questions of the corpus and of the evaluation sets."""
        self.weights: Weights = np.zeros(len(keyring.keys))
        """Key -> its weight."""

    def leave_out(self, rows: Ints, similar: Pairs) -> None:
        """Count the corpus without these rows, and an evaluation question `b` without the questions `a` that are similar."""
        counted = self._is_first.copy()
        counted[rows] = False
        self.in_rows.fill(0)
        for numbers, starts, keys in self._rows():
            of_row = (numbers >= 0) & counted[numbers]
            np.add.at(self.in_rows, keys[np.repeat(of_row, np.diff(starts))], 1)
        np.add(self.in_rows, self.keyring.df, out=self.counts, casting="same_kind")
        self.n_questions = int(self.keyring.copies.sum() + counted.sum())
        for start in range(0, len(self.counts), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            self.weights[part] = weights(self.counts[part], self.n_questions)
        self._changed, shared = self._shared_grams(similar)
        of_changed = self.counts[self.keyring.grams[self._changed]] - shared
        self._weights_of_changed = weights(of_changed, self.n_questions)

    def weights_of(self, question: int) -> Weights:
        """The weight of each gram of a question, as if it were the only one of its kind."""
        span = self.keyring.gram_starts[question : question + 2]
        of_question: Weights = self.weights[self.keyring.grams[span[0] : span[1]]]
        first, last = np.searchsorted(self._changed, span)
        of_question[self._changed[first:last] - span[0]] = self._weights_of_changed[first:last]
        return of_question

    def _shared_grams(self, similar: Pairs) -> tuple[Ints, Ints]:
        """Entries of the keyring's grams that similar questions have too, and how many of these."""
        keyring, order = self.keyring, np.argsort(similar.b, kind="stable")
        entries, times = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        questions, starts = np.unique(similar.b[order], return_index=True)
        # Question by question: the grams of all pairs at once would be many times those of the questions.
        for question, first, last in zip(questions.tolist(), starts, np.append(starts, len(order))[1:], strict=True):
            others = similar.a[order[first:last]]
            of_other, at = spread(keyring.gram_starts, others)
            own, theirs = keyring.grams_of(question), keyring.grams[at]
            place = np.minimum(np.searchsorted(own, theirs), len(own) - 1)
            there = own[place] == theirs
            counts = np.bincount(place[there], keyring.copies[others][of_other[there]], len(own)).astype(np.int64)
            shared = np.flatnonzero(counts)
            entries.append(keyring.gram_starts[question] + shared)
            times.append(counts[shared])
        return np.concatenate(entries), np.concatenate(times)

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
