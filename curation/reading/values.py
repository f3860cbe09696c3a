"""The values of a column: how many different ones, and the one that most rows have. 8 bytes a row."""

from array import array
from collections.abc import Hashable

import numpy as np

KEPT = 8


class Values:
    """Values are told apart by a 64-bit hash. Of every value that more than a ninth of the rows have an example is kept: the frequent
    ones of a stream after Misra and Gries (1982).

    >>> values = Values()
    >>> for number, value in enumerate(["a", "b", "a"]):
    ...     values.add(value, f"row {number}", value)
    >>> values.distinct, values.most()
    (2, (2, 'row 0', 'a'))
    """

    def __init__(self) -> None:
        self._hashes = array("q")
        self._leads: dict[int, int] = {}
        self._examples: dict[int, tuple[str, str]] = {}

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, value: Hashable, source_id: str, text: str) -> None:
        number = hash(value)
        self._hashes.append(number)
        if number in self._leads:
            self._leads[number] += 1
        elif len(self._leads) < KEPT:
            self._leads[number], self._examples[number] = 1, (source_id, text)
        else:
            self._leads = {one: lead - 1 for one, lead in self._leads.items() if lead > 1}
            self._examples = {one: self._examples[one] for one in self._leads}

    @property
    def distinct(self) -> int:
        return len(np.unique(self._array()))

    def most(self) -> tuple[int, str, str]:
        """How many rows have the most frequent value, and an example of it, as row and text; 0 where no value is frequent."""
        hashes = self._array()
        counts = {number: int((hashes == number).sum()) for number in self._leads}
        number = max(counts, key=lambda one: counts[one], default=None)
        if number is None or counts[number] * (KEPT + 1) <= len(hashes) or counts[number] < 2:
            return 0, "", ""
        return counts[number], *self._examples[number]

    def _array(self) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        return np.array(self._hashes, np.int64)
