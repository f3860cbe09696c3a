"""The values of a column: how many different ones, and the one that most rows have. 8 bytes a row."""

from array import array
from collections.abc import Hashable

import numpy as np


class Values:
    """Values are told apart by a 64-bit hash; of the one that more than half of the rows have, an example is kept.

    >>> values = Values()
    >>> for number, value in enumerate(["a", "b", "a"]):
    ...     values.add(value, f"row {number}", value)
    >>> values.distinct, values.most, values.example
    (2, 2, ('row 0', 'a'))
    """

    def __init__(self) -> None:
        self._hashes = array("q")
        self._candidate, self._lead = 0, 0
        self.example = ("", "")
        """Row and text of the value that more than half have: after Boyer and Moore (1981), the last one whose lead was not used up."""

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, value: Hashable, source_id: str, text: str) -> None:
        number = hash(value)
        self._hashes.append(number)
        if not self._lead:
            self._candidate, self.example = number, (source_id, text)
        self._lead += 1 if number == self._candidate else -1

    @property
    def distinct(self) -> int:
        return len(np.unique(np.frombuffer(self._hashes, np.int64))) if self._hashes else 0

    @property
    def most(self) -> int:
        """How many rows have the value of the example, where that is more than half of several; else 0."""
        n = int((np.frombuffer(self._hashes, np.int64) == self._candidate).sum()) if self._hashes else 0
        return n if 2 * n > len(self) > 1 else 0
