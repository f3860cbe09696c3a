"""A sample of rows, read from the shards where they lie: images encoded, a few row groups at a time."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow.parquet as pq

from training.preflight.check import Problem
from training.preflight.shards import row_name

SAMPLE = 1000
SEED = 0
COLUMNS = (
    "id",
    "prompt",
    "completion",
    "images",
    "answer",
    "answer_kind",
    "answer_options",
    "verified",
)


@dataclass
class SampledRow:
    """A row as the shard holds it."""

    where: str
    values: dict[str, Any]
    decoded: list[Any] = field(default_factory=list)
    """Each image, or the error that came of it."""
    opened: list[Any] = field(default_factory=list)
    """The images as the processor gets them; the check of images fills them in."""
    is_whole: bool = True
    """Whether the checks before found nothing that keeps the row from the processor."""

    @property
    def prompt(self) -> list[dict[str, Any]]:
        return self.values.get("prompt") or []

    @property
    def completion(self) -> list[dict[str, Any]]:
        return self.values.get("completion") or []

    @property
    def images(self) -> list[Any]:
        return self.values.get("images") or []

    def text(self, column: str = "prompt") -> str:
        """The contents of a column's messages, joined."""
        return "\n".join(message.get("content") or "" for message in self.values.get(column) or [] if message)


class RowCheck(Protocol):
    """A check that is shown each sampled row once and then says what is wrong."""

    def row(self, row: SampledRow) -> None:
        """Look at a row."""

    def problems(self) -> Iterator[Problem]:
        """What was found, after the last row."""


def sample(n_rows: int, size: int = SAMPLE) -> list[int]:
    """Row numbers in ascending order: all, or `size` of them, the same ones every time.

    >>> sample(3), len(sample(5000)), sample(5000) == sample(5000)
    ([0, 1, 2], 1000, True)
    """
    if n_rows <= size:
        return list(range(n_rows))
    return sorted(random.Random(SEED).sample(range(n_rows), size))


def read_sample(
    files: Sequence[Path], numbers: Sequence[int], columns: Sequence[str] = COLUMNS
) -> Iterator[SampledRow]:
    """The rows of these ascending numbers."""
    wanted = iter(numbers)
    number = next(wanted, None)
    start = 0
    for path in files:
        with pq.ParquetFile(path) as file:
            names = [name for name in columns if name in file.schema_arrow.names]
            for group in range(file.num_row_groups):
                end = start + file.metadata.row_group(group).num_rows
                places = []
                while number is not None and number < end:
                    places.append(number - start)
                    number = next(wanted, None)
                if places:
                    table = file.read_row_group(group, columns=names)
                    for place in places:
                        values = table.slice(place, 1).to_pylist()[0]
                        yield SampledRow(row_name(values.get("id"), start + place), values)
                start = end
