"""What the search compares at last, on disk: one row's bytes at a time, since it may have millions of rows and compares a few."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow.parquet as pq

from curation.dedup.signature import beside

_CHUNK = 1 << 18


class BytesStore:
    """`read(row)` returns what the row left in the `words` or `pictures` files, rows counted over all signature files in the order given.

    Memory: 12 bytes a row.
    """

    def __init__(self, signatures: list[Path], what: str) -> None:
        self._signatures, self._what = signatures, what

    def __enter__(self) -> "BytesStore":
        columns = [f"{self._what}_start", f"{self._what}_length"]
        tables = [pq.read_table(file, columns=columns) for file in self._signatures]
        self._starts, self._lengths = (np.concatenate([table[c].to_numpy() for table in tables]) for c in columns)
        self._first_rows = np.cumsum([0, *(table.num_rows for table in tables)])
        self._stack = ExitStack()
        self._files: list[BinaryIO] = [
            self._stack.enter_context(beside(file, self._what).open("rb")) for file in self._signatures
        ]
        return self

    def read(self, row: int) -> bytes:
        file = self._files[int(np.searchsorted(self._first_rows, row, side="right")) - 1]
        file.seek(int(self._starts[row]))
        return file.read(int(self._lengths[row]))

    def chunks(self) -> Iterator[bytes]:
        """Everything, in parts that end where a word ends."""
        for file in self._files:
            file.seek(0)
            rest = b""
            while chunk := file.read(_CHUNK):
                whole, _, rest = (rest + chunk).rpartition(b" ")
                yield whole

    def __exit__(self, *error: object) -> None:
        self._stack.close()
