"""What a red flag is: a fault of reading that it counts in one source, and how many rows with it are too many.

    class Shouting(RowFlag):
        name = "shouting"
        remedy = "read the text field instead of its title"

        def quote(self, row: View) -> str | None:
            return row.question if row.question.isupper() else ""

A flag sees every row of one source, in order, and keeps a few bytes a row at most. What it finds depends on the rows alone: where a source
is read in parts, `extend` takes in what was seen of the rows behind, and the finding is that of one who saw them all.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

from curation.core.row import BadRow, Row
from curation.reading.view import View

MAX_QUOTE = 120
NO_ROW = -1
"""The number of a record that became no row."""
Lookup = Callable[[int], Row]
"""Number -> the row that was read, under the id that it has."""


@dataclass(frozen=True)
class Finding:
    """`count` of the `of` rows that a flag asks about have its fault; the first of them is quoted. `raised` where they are too many."""

    flag: str
    count: int
    of: int
    source_id: str
    quote: str
    raised: bool


class Flag:
    """A fault, counted in one source. The docstring of a flag says what it means."""

    name: ClassVar[str]
    remedy: ClassVar[str]
    least: ClassVar[int] = 3
    """Fewer rows than this are chance."""
    share: ClassVar[float] = 0.02
    """Of the rows that it asks about: fewer are exceptions."""

    def __init__(self) -> None:
        self.count, self.of = 0, 0
        self.number, self.source_id, self.quoted = NO_ROW, "", ""

    def read(self, row: View) -> None:
        """See a row that was read."""

    def bad(self, row: BadRow) -> None:
        """See a record that could not become a row."""

    def mark(self, row: View, quote: str) -> None:
        """Count a row with the fault."""
        if not self.count:
            self.number, self.quoted = row.number, quote
        self.count += 1

    def extend(self, other: Self, offset: int) -> None:
        """Take in what another flag of this kind has seen of the rows behind, whose numbers begin at `offset`."""
        if not self.count and other.count:
            self.number = other.number if other.number == NO_ROW else other.number + offset
            self.source_id, self.quoted = other.source_id, other.quoted
        self.count, self.of = self.count + other.count, self.of + other.of

    def finding(self, rows: Lookup) -> Finding:
        """What was found once all rows were seen; `rows` gives one of them again."""
        raised = self.count >= self.least and self.count >= self.share * self.of
        source_id = rows(self.number).source_id if self.count and self.number != NO_ROW else self.source_id
        return Finding(self.name, self.count, self.of, source_id, short(self.quoted), raised)


class RowFlag(Flag, ABC):
    """A fault that a row alone shows."""

    def read(self, row: View) -> None:
        if (quote := self.quote(row)) is not None:
            self.of += 1
            if quote:
                self.mark(row, quote)

    @abstractmethod
    def quote(self, row: View) -> str | None:
        """The text that shows the fault, '' where there is none, None for a row that is not asked about."""


def short(text: str) -> str:
    """A quote on one line."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_QUOTE else line[: MAX_QUOTE - 3] + "..."


def around(text: str, start: int, end: int) -> str:
    """The text at [start:end) with some of what stands beside it."""
    return short(text[max(start - 30, 0) : min(end, start + 60) + 30])
