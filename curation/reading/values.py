"""The values of a column: how many different ones, and the one that most rows have. 12 bytes a row."""

from array import array

import numpy as np
import xxhash

FREQUENT = 9
"""A value is frequent where more than one row in so many has it."""


def hashed(*texts: str | bytes) -> int:
    """A hash of 64 bits, the same in every process."""
    digest = xxhash.xxh3_64()
    for text in texts:
        data = text if isinstance(text, bytes) else text.encode(errors="backslashreplace")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return int(digest.intdigest())


class Values:
    """Values are told apart by their hash; with each the number of its row is kept.

    >>> values = Values()
    >>> for number, value in enumerate(["b", "a", "b", "a", "a"]):
    ...     values.add(number, value)
    >>> values.distinct, values.most()
    (2, (3, 1))
    """

    def __init__(self) -> None:
        self.hashes, self.numbers = array("Q"), array("I")

    def __len__(self) -> int:
        return len(self.hashes)

    def add(self, number: int, *value: str | bytes) -> None:
        """Take note of the value that row `number` has."""
        self.hashes.append(hashed(*value))
        self.numbers.append(number)

    def extend(self, other: "Values", offset: int, skip: int = 0) -> None:
        """Take in those of later rows, whose numbers begin at `offset`, but for the first `skip`."""
        self.hashes.extend(other.hashes[skip:])
        self.numbers.extend(number + offset for number in other.numbers[skip:])

    @property
    def distinct(self) -> int:
        return len(np.unique(np.asarray(self.hashes)))

    def most(self) -> tuple[int, int]:
        """How many rows have the most frequent value and the number of the first of them; 0 where no value is frequent. Of two as frequent
        the one that comes first."""
        _, first, counts = np.unique(np.asarray(self.hashes), return_index=True, return_counts=True)
        count = int(counts.max(initial=0))
        if count * FREQUENT <= len(self) or count < 2:
            return 0, 0
        return count, self.numbers[int(first[counts == count].min())]


class ValuesOfQuestions:
    """The values of rows with different questions: of one question with many traces, which come one after the other, the first."""

    def __init__(self) -> None:
        self.values, self.first, self.last = Values(), "", ""

    def add(self, question: str, number: int, *value: str | bytes) -> None:
        """Take note of a value, unless the row before had the question of this id."""
        if question != self.last:
            self.values.add(number, *value)
            self.first, self.last = self.first or question, question

    def extend(self, other: "ValuesOfQuestions", offset: int) -> None:
        """Take in those of later rows."""
        goes_on = bool(self.last) and other.first == self.last
        self.values.extend(other.values, offset, skip=int(goes_on))
        self.first, self.last = self.first or other.first, other.last or self.last
