"""The rows that a scan looked at, by their number over all files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

Numbers = npt.NDArray[np.int64]


class RowFiles:
    """The files of a stage as one numbered sequence of rows."""

    def __init__(self, files: list[Path]) -> None:
        self.files = files
        sizes = [pq.read_metadata(file).num_rows for file in files]
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    @property
    def n_rows(self) -> int:
        return int(self.starts[-1])

    def first_of_task(self, rank: str) -> int:
        """The number of the first row that task `rank` wrote."""
        return int(self.starts[next(i for i, file in enumerate(self.files) if file.name.startswith(f"{rank}-"))])

    def at(self, numbers: Numbers, columns: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        """(number, record) of some rows, in order; only the row groups that hold one are read."""
        for start, end, file in zip(self.starts, self.starts[1:], self.files, strict=False):
            wanted = np.sort(numbers[(numbers >= start) & (numbers < end)]) - start
            if len(wanted):
                for number, record in _read_at(file, wanted, columns):
                    yield int(start) + number, record


def _read_at(path: Path, wanted: Numbers, columns: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    with pq.ParquetFile(path) as file:
        start = 0
        for group in range(file.num_row_groups):
            end = start + file.metadata.row_group(group).num_rows
            inside = wanted[(wanted >= start) & (wanted < end)]
            if len(inside):
                taken = file.read_row_group(group, columns=columns).take(inside - start).to_pylist()
                yield from zip(inside.tolist(), taken, strict=True)
            start = end


def question_of(record: dict[str, Any]) -> str:
    """The text of the last user message of a stage's record, as `Row.question`."""
    return next((message["content"] for message in reversed(record["prompt"]) if message["role"] == "user"), "")
