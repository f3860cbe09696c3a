"""The rows of shards by number, read from the Parquet files where they lie: no copy in a cache, bounded memory.

table = ShardTable(files, ["id", "prompt", "images"])
table.column("id")                      # all ids, without reading an image
table.n_images()                        # how many images each row has, without reading one
rows = table.dataset(with_places)       # a datasets.Dataset, which is what TRL takes; `with_places` changes each batch of rows
rows.select([3, 1, 2])                  # an order is a list of numbers

The unit of reading is a row group (a build's hold up to 100 rows or 32 MB). The last ones are kept, by bytes. The files are read, not
mapped: compressed columns gain nothing by a map, and its pages would count as the trainer's memory.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from training.data.images import Cap, decoded

Batch = dict[str, list[Any]]
BYTES_IN_MEMORY = 96 << 20
"""Of row groups that were read; the one that is read is kept in any case. Each loader's process has its own."""


class ShardTable:
    """Rows 0 to `len(table) - 1` of the files, in their order. It can be pickled: a loader's process opens the files anew."""

    def __init__(self, files: Sequence[Path], columns: Sequence[str], cap: Cap | None = None) -> None:
        self.files = list(files)
        self.columns = list(columns)
        self.cap = cap
        self._footers = {path: pq.read_metadata(path) for path in self.files}
        self._groups = [(path, at) for path, footer in self._footers.items() for at in range(footer.num_row_groups)]
        self._ends = list(accumulate(self._footers[path].row_group(at).num_rows for path, at in self._groups))
        self._kept: OrderedDict[int, pa.Table] = OrderedDict()
        self._kept_bytes = 0

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __reduce__(self) -> tuple[Any, ...]:
        return ShardTable, (self.files, self.columns, self.cap)

    def only(self, columns: Sequence[str]) -> "ShardTable":
        """The same rows with these columns."""
        return ShardTable(self.files, columns, self.cap)

    def capped(self, cap: Cap | None) -> "ShardTable":
        """The same rows, their images scaled down to the cap."""
        return ShardTable(self.files, self.columns, cap)

    def has(self, name: str) -> bool:
        """Whether a file has this column."""
        return any(name in footer.schema.to_arrow_schema().names for footer in self._footers.values())

    def column(self, name: str) -> list[Any]:
        """A column of all rows; None for those of a file that lacks it."""
        values: list[Any] = []
        for path, footer in self._footers.items():
            if name in footer.schema.to_arrow_schema().names:
                with self._file(path) as file:
                    values += file.read(columns=[name])[name].to_pylist()
            else:
                values += [None] * footer.num_rows
        return values

    def n_images(self) -> list[int]:
        """How many images each row has; null and no column are none."""
        counts: list[int] = []
        for path, footer in self._footers.items():
            leaves = [footer.schema.column(at).path for at in range(footer.num_columns)]
            # One small leaf tells the lists' lengths; the bytes stay in the file.
            leaf = next((name for name in leaves if name.startswith("images.") and not name.endswith(".bytes")), None)
            if leaf is None:
                counts += [0] * footer.num_rows
                continue
            with self._file(path) as file:
                lengths = pc.list_value_length(file.read(columns=[leaf])["images"])
            counts += [length or 0 for length in lengths.to_pylist()]
        return counts

    def place(self, number: int) -> str:
        """Where a row is, for a message: its id, and its file."""
        at, offset = self._find(number)
        path, group = self._groups[at]
        if "id" not in self._footers[path].schema.to_arrow_schema().names:
            return f"row {number - self._start(self._groups.index((path, 0)))} of {path}"
        with self._file(path) as file:
            row_id = file.read_row_group(group, columns=["id"])["id"][offset].as_py()
        return f"row {row_id} of {path}"

    def rows(self, numbers: Sequence[int]) -> Batch:
        """The rows of these numbers as columns, images decoded (PIL). A row that is asked for twice is read once.

        Raises:
            RowError: an image cannot be decoded; says which.
        """
        records = self.records(numbers)
        if "images" in self.columns:
            for number, record in records.items():
                images = record.get("images") or ()
                record["images"] = [decoded(image, self.cap, self.place, number) for image in images]
        return {name: [records[number].get(name) for number in numbers] for name in self.columns}

    def records(self, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The rows of these numbers as the files have them, images as `{"bytes", "path"}` or null."""
        records = {}
        for number in sorted(set(numbers)):  # by row group
            at, offset = self._find(number)
            records[number] = self._group(at).slice(offset, 1).to_pylist()[0]
        return records

    def dataset(self, change: Callable[[Batch], Batch] | None = None) -> Any:
        """A `datasets.Dataset` of the row numbers alone, in memory, that becomes rows when it is read."""
        from datasets import Dataset

        def read(batch: Batch) -> Batch:
            rows = self.rows(batch["row"])
            return change(rows) if change else rows

        return Dataset.from_dict({"row": list(range(len(self)))}).with_transform(read)

    def _find(self, number: int) -> tuple[int, int]:
        """Which row group a row is in, and at which place of it."""
        at = bisect_right(self._ends, number)
        return at, number - self._start(at)

    def _start(self, at: int) -> int:
        """The first row of a row group."""
        return self._ends[at - 1] if at else 0

    def _file(self, path: Path) -> pq.ParquetFile:
        return pq.ParquetFile(path, metadata=self._footers[path], memory_map=False)

    def _group(self, at: int) -> pa.Table:
        if at in self._kept:
            self._kept.move_to_end(at)
            return self._kept[at]
        path, group = self._groups[at]
        with self._file(path) as file:
            columns = [name for name in self.columns if name in file.schema_arrow.names]
            table = file.read_row_group(group, columns=columns, use_threads=False)
        self._kept[at] = table
        self._kept_bytes += table.nbytes
        while self._kept_bytes > BYTES_IN_MEMORY and len(self._kept) > 1:
            self._kept_bytes -= self._kept.popitem(last=False)[1].nbytes
        return table
