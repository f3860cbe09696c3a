"""The rows that a stage leaves, read by their number.

    rows = Rows([RowFile(path, 20_000)])
    len(rows), list(rows)                           # every row, typed
    rows.records(["id", "license"])                 # a few columns of every row
    rows.at(np.array([3, 17]), ["prompt"])          # and of some

Rows are written seldom: by the stage that collects them and the one that normalises them. Every other stage leaves a line of decision for
each row, and the lines are applied here, where rows are read: a row that was dropped is not there, a column that was set has its new value.
A number counts the rows that are there, over all files.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.core.row import Row, from_record

Numbers = npt.NDArray[np.int64]
Record = dict[str, Any]
LINES_AT_ONCE = 1_000
"""Of a file of decisions as Python's values: one by one they take longer, and all of them room."""


@dataclass(frozen=True)
class RowFile:
    """A file of rows, the decisions on them since, oldest first, and the number of rows that are left."""

    path: Path
    n_rows: int
    decisions: tuple[Path, ...] = ()

    @property
    def n_written(self) -> int:
        """Rows in the file, those dropped since counted too."""
        return int(pq.read_metadata(self.path).num_rows)

    @property
    def written(self) -> Numbers:
        """Of every row that is left its number in the file as it was written."""
        return self._places()[0]

    def read(self, columns: Sequence[str] | None = None, wanted: Numbers | None = None) -> Iterator[Record]:
        """Records of the rows `wanted` (ascending numbers among those left; all by default). Row groups without any are not read."""
        names = list(columns) if columns is not None else self.columns
        chosen = slice(None) if wanted is None else wanted
        places = [place[chosen] for place in self._places()]
        set_since = [_Lines(file, names, place) for file, place in zip(self.decisions, places[1:], strict=True)]
        for row, record in enumerate(self._records(names, places[0])):
            for lines in set_since:
                lines.apply(record, row)
            yield record

    def column(self, name: str) -> pa.ChunkedArray:
        """The values of one column of the rows that are left, read without the others."""
        values = None
        for file, place in zip((self.path, *self.decisions), self._places(), strict=True):
            if name in pq.read_schema(file).names:
                column = pq.read_table(file, columns=[name]).column(0).take(pa.array(place))
                values = column if values is None else pc.coalesce(column, values)
        if values is None:
            raise KeyError(name)
        if values.null_count:
            raise ValueError(f"{self.path}: {values.null_count} rows have no value in the column {name!r}")
        return values

    @property
    def columns(self) -> list[str]:
        """The columns of the rows, and those that were added since."""
        names = dict.fromkeys(pq.read_schema(self.path).names)
        for file in self.decisions:
            names |= dict.fromkeys(pq.read_schema(file).names[2:])
        return list(names)

    def _places(self) -> list[Numbers]:
        """Of every row that is left its place in the file, then its line in every file of decisions."""
        places = [np.arange(self.n_written)]
        for file in self.decisions:
            kept = pq.read_table(file, columns=["keep"]).column("keep").to_numpy()
            places = [place[kept] for place in places] + [np.flatnonzero(kept)]
        return places

    def _records(self, names: list[str], wanted: Numbers) -> Iterator[Record]:
        """What the file itself says of the rows at `wanted`, a row group in memory at a time."""
        with pq.ParquetFile(self.path) as file:
            own = [name for name in names if name in file.schema_arrow.names]
            absent = dict.fromkeys(name for name in names if name not in own)
            start = 0
            for group in range(file.num_row_groups):
                end = start + file.metadata.row_group(group).num_rows
                inside = wanted[np.searchsorted(wanted, start) : np.searchsorted(wanted, end)] - start
                if len(inside) and not own:
                    yield from (dict(absent) for _ in inside)
                elif len(inside):
                    table = file.read_row_group(group, columns=own)
                    taken = table if len(inside) == len(table) else table.take(inside)
                    yield from ({**record, **absent} for record in taken.to_pylist())
                start = end


def file_of(path: Path) -> RowFile:
    """A Parquet file as it is, every record a row."""
    return RowFile(path, int(pq.read_metadata(path).num_rows))


class _Lines:
    """What one file of decisions sets of some rows."""

    def __init__(self, file: Path, names: Sequence[str], lines: Numbers) -> None:
        schema = pq.read_schema(file)
        self.stage = (schema.metadata or {})[b"ovr.stage"].decode()
        notes = ["note"] if "provenance" in names else []
        table = pq.read_table(file, columns=[*(name for name in schema.names[2:] if name in names), *notes]).take(lines)
        self.columns = {
            name: column.combine_chunks()
            for name, column in zip(table.column_names, table.columns, strict=True)
            if not _is_empty(column)
        }
        self._first, self._values = -LINES_AT_ONCE, list[tuple[str, list[Any]]]()

    def apply(self, record: Record, row: int) -> None:
        """Set what the line says of the row with this number; rows come in their order."""
        if not self._first <= row < self._first + LINES_AT_ONCE:
            self._first = row
            self._values = [
                (name, column.slice(row, LINES_AT_ONCE).to_pylist()) for name, column in self.columns.items()
            ]
        for name, values in self._values:
            if (value := values[row - self._first]) is None:
                continue
            if name == "note":
                provenance = [*json.loads(record["provenance"]), [self.stage, value]]
                record["provenance"] = json.dumps(provenance, ensure_ascii=False)
            else:
                record[name] = value


def _is_empty(column: pa.ChunkedArray) -> bool:
    return bool(column.null_count == len(column))


class Rows:
    """The rows of a stage as one numbered sequence over its files."""

    def __init__(self, files: Iterable[RowFile]) -> None:
        self.files = tuple(files)
        self.starts: Numbers = np.cumsum([0, *(file.n_rows for file in self.files)])
        """File -> the number of its first row; the last is the number of rows."""

    def __len__(self) -> int:
        return int(self.starts[-1])

    def __iter__(self) -> Iterator[Row]:
        return map(from_record, self.records())

    def part(self, file: int) -> "Rows":
        """The rows of one file."""
        return Rows([self.files[file]])

    def some(self, numbers: Numbers) -> "SomeRows":
        """The rows at `numbers`, which ascend."""
        return SomeRows(self, numbers)

    def records(self, columns: Sequence[str] | None = None) -> Iterator[Record]:
        """The record of every row; a column that no stage has written is None."""
        return (record for file in self.files for record in file.read(columns))

    def column(self, name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """One column of numbers.

        Raises:
            KeyError: no stage has written it.
            ValueError: some rows have no value.
        """
        columns = [file.column(name).to_numpy() for file in self.files]
        values: npt.NDArray[Any] = np.concatenate([np.empty(0, dtype), *columns]).astype(dtype)
        return values

    def at(self, numbers: Numbers, columns: Sequence[str] | None = None) -> Iterator[tuple[int, Record]]:
        """(number, record) of some rows, in ascending order; only the row groups that hold one are read."""
        wanted = np.sort(numbers)
        for start, end, file in zip(self.starts, self.starts[1:], self.files, strict=False):
            inside = wanted[np.searchsorted(wanted, start) : np.searchsorted(wanted, end)]
            if len(inside):
                yield from zip(inside.tolist(), file.read(columns, inside - start), strict=True)

    @property
    def written(self) -> Numbers:
        """Of every row its number among the rows as they were last written, those dropped since counted too."""
        starts = np.cumsum([0, *(file.n_written for file in self.files)])
        return np.concatenate(
            [np.empty(0, np.int64), *(f.written + s for f, s in zip(self.files, starts, strict=False))]
        )

    def numbers_by_task(self) -> dict[str, Numbers]:
        """Task that wrote rows -> of every row that it wrote the number that it has now, -1 for one that was dropped since."""
        numbers: dict[str, Numbers] = {}
        for file, start in zip(self.files, self.starts.tolist(), strict=False):
            now = np.full(file.n_written, -1)
            now[file.written] = start + np.arange(file.n_rows)
            task = file.path.name[:5]
            numbers[task] = np.concatenate([numbers.get(task, np.empty(0, np.int64)), now])
        return numbers


@dataclass(frozen=True)
class SomeRows:
    """The rows at some numbers, which ascend: a sequence of their own, that is read again and again."""

    rows: Rows
    numbers: Numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Row]:
        return map(from_record, self.records())

    def records(self, columns: Sequence[str] | None = None) -> Iterator[Record]:
        """The record of each, as it is in the stage's rows."""
        return (record for _, record in self.rows.at(self.numbers, columns))

    def some(self, numbers: Numbers) -> Self:
        """Some of these, by their numbers among them."""
        return replace(self, numbers=self.numbers[numbers])


def decided(rows: Rows, decisions: Path, kept: dict[str, int]) -> Rows:
    """The rows after a stage that left its lines in the folder `decisions`, of which `kept` are kept of every file."""
    return Rows(
        RowFile(file.path, kept[file.path.name], (*file.decisions, decisions / file.path.name)) for file in rows.files
    )
