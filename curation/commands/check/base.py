"""What a check is, and what it says."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from curation.commands.check.subject import Frame, Subject
from curation.commands.preview_text import plain_text
from curation.core.plugins import Plugin


@dataclass(frozen=True, slots=True)
class Finding:
    """A defect: where it is, what was got and what was expected, what to do about it."""

    where: str
    what: str
    todo: str

    def __str__(self) -> str:
        return plain_text(" ".join(f"{self.where}: {self.what}; {self.todo}".split()))


@dataclass(frozen=True, slots=True)
class Looked:
    """How much was looked at: `n` of `unit` (plural)."""

    n: int
    unit: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """What could not be looked at: `n` things, and why. Those of one reason are added up."""

    why: str
    n: int = 0


Said = Finding | Looked | Skipped


class Check(Plugin):
    """The base of the checks; `run` looks at the whole set."""

    place: ClassVar[int]
    """Checks stand in this order: what makes others pointless comes first."""
    whole: ClassVar[bool] = False
    """Whether it compares all rows with what is said of them: nothing to look at while a shard cannot be read."""

    @abstractmethod
    def run(self, subject: Subject) -> Iterator[Said]:
        """Say what is wrong, what was looked at, what was not."""


class RowCheck(Check):
    """A check that looks at one row of a shard at a time."""

    needs: ClassVar[tuple[str, ...]] = ()
    """Columns without which there is nothing to look at; the check of the schema says that they are missing."""
    configs: ClassVar[tuple[str, ...]] = ("rl", "cold_start")
    of_controls: ClassVar[bool] = True
    """Whether it holds for control sets too."""

    def run(self, subject: Subject) -> Iterator[Said]:
        """What there is to say beside the rows."""
        yield from ()

    def is_for(self, frame: Frame) -> bool:
        """Whether the rows of a shard are looked at."""
        return (
            frame.config in self.configs
            and (self.of_controls or not frame.control)
            and set(self.needs) <= frame.columns
        )

    @abstractmethod
    def row(self, frame: Frame, record: dict[str, Any]) -> Iterator[Said]:
        """Say what is wrong with a row. `Finding.where` is left to the caller where it is empty."""
