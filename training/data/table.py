"""The rows of shards by number, read from the Parquet files where they lie: no copy in a cache, a few row groups in memory.

table = ShardTable(files, ["id", "prompt", "images"])
table.column("id")                      # all ids, without reading an image
rows = table.dataset(with_places)       # a datasets.Dataset, which is what TRL takes; `with_places` changes each batch of rows
rows.select([3, 1, 2])                  # an order is a list of numbers
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Batch = dict[str, list[Any]]
GROUPS_IN_MEMORY = 8


class ShardTable:
    """Rows 0 to `len(table) - 1` of the files, in their order. It can be pickled: a loader's process opens the files anew."""

    def __init__(self, files: Sequence[Path], columns: Sequence[str]) -> None:
        self.files = list(files)
        self.columns = list(columns)
        self._groups: list[tuple[Path, int]] = []
        sizes = []
        for path in self.files:
            metadata = pq.read_metadata(path)
            self._groups += [(path, group) for group in range(metadata.num_row_groups)]
            sizes += [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        self._ends = list(accumulate(sizes))
        self._read: OrderedDict[int, pa.Table] = OrderedDict()

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_read": OrderedDict()}

    def only(self, columns: Sequence[str]) -> "ShardTable":
        """The same rows with these columns."""
        return ShardTable(self.files, columns)

    def column(self, name: str) -> list[Any]:
        """A column of all rows; None for those of a file that lacks it."""
        values: list[Any] = []
        for path in self.files:
            schema = pq.read_schema(path)
            if name in schema.names:
                values += pq.read_table(path, columns=[name])[name].to_pylist()
            else:
                values += [None] * pq.read_metadata(path).num_rows
        return values

    def most_images(self) -> int:
        """The largest number of images in a row, read without their bytes."""
        import pyarrow.compute as pc

        most = 0
        for path in self.files:
            if "images" in (schema := pq.read_schema(path)).names and not pa.types.is_null(schema.field("images").type):
                with pq.ParquetFile(path) as file:
                    images = file.read(columns=["images.list.element.path"])["images"]
                most = max(most, pc.max(pc.list_value_length(images)).as_py() or 0)
        return most

    def rows(self, numbers: Sequence[int]) -> Batch:
        """The rows of these numbers as columns, images decoded (PIL)."""
        from datasets import Image

        records = [self._record(number) for number in numbers]
        batch: Batch = {name: [record.get(name) for record in records] for name in self.columns}
        if "images" in batch:
            decode = Image().decode_example
            batch["images"] = [[decode(image) for image in images or ()] for images in batch["images"]]
        return batch

    def dataset(self, change: Callable[[Batch], Batch] | None = None) -> Any:
        """A `datasets.Dataset` of the row numbers alone, in memory, that becomes rows when it is read."""
        from datasets import Dataset

        def read(batch: Batch) -> Batch:
            rows = self.rows(batch["row"])
            return change(rows) if change else rows

        return Dataset.from_dict({"row": list(range(len(self)))}).with_transform(read)

    def in_memory(self) -> Any:
        """The rows as a `datasets.Dataset` that TRL may map, for rows without images."""
        from datasets import Dataset

        return Dataset.from_dict(self.rows(range(len(self))))

    def _record(self, number: int) -> dict[str, Any]:
        at = bisect_right(self._ends, number)
        start = self._ends[at - 1] if at else 0
        record: dict[str, Any] = self._group(at).slice(number - start, 1).to_pylist()[0]
        return record

    def _group(self, at: int) -> pa.Table:
        if at in self._read:
            self._read.move_to_end(at)
            return self._read[at]
        path, group = self._groups[at]
        with pq.ParquetFile(path, memory_map=True) as file:
            columns = [name for name in self.columns if name in file.schema_arrow.names]
            table = file.read_row_group(group, columns=columns)
        self._read[at] = table
        while len(self._read) > GROUPS_IN_MEMORY:
            self._read.popitem(last=False)
        return table
