"""What every reader yields: records of plain values, and lines that could not become one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from curation.core.errors import SourceError


class Item(NamedTuple):
    """One record inside its file. `number` counts from 1 (the line, in JSON Lines); `key` is the dict key where there is one."""

    number: int
    key: str
    value: Any


class BadItem(NamedTuple):
    """A place in a file that holds no record: a short reason code and what was got."""

    number: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """In a record, a value that Python cannot hold: it costs the rows that name it. `why` says what it is."""

    why: str


class TruncatedError(SourceError):
    """A file ends inside a record; the reader has yielded the complete ones. `number` is that of the cut one, where it is known."""

    def __init__(self, message: str, number: int = 0) -> None:
        super().__init__(message)
        self.number = number


@dataclass(frozen=True, slots=True)
class Record:
    """A record and where it is. `file` is a name to show, relative to the glob's fixed part; `folder` None for the Hub."""

    file: str
    folder: Path | None
    number: int
    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that could not be read, with its reason code."""

    file: str
    number: int
    reason: str
    detail: str
