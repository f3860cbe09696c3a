"""The keys that every row shares with the evaluation questions, as the scan leaves them: a file a task, a line a row."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.parquet import whole_file
from curation.decontamination.keyring import Ints

KEYS = pa.schema([("keys", pa.list_(pa.int32()))])
KEYS_AT_ONCE = 2**18
"""Keys in memory until they are written."""


class KeysWriter:
    """Writes the keys of rows batch by batch."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lengths: list[Ints] = []
        self._numbers: list[Ints] = []
        self._pending = 0

    def __enter__(self) -> "KeysWriter":
        self._open = ExitStack()
        file = self._open.enter_context(whole_file(self.path))
        self._writer = self._open.enter_context(pq.ParquetWriter(file, KEYS, compression="zstd"))
        return self

    def write(self, n_rows: int, rows: Ints, numbers: Ints) -> None:
        """The keys of `n_rows` rows: `numbers[i]` is one of row `rows[i]`, which ascend."""
        self._lengths.append(np.bincount(rows, minlength=n_rows))
        self._numbers.append(numbers)
        self._pending += len(numbers)
        if self._pending >= KEYS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if self._lengths:
            offsets = np.cumsum(np.concatenate([[0], *self._lengths])).astype(np.int32)
            lists = pa.ListArray.from_arrays(offsets, np.concatenate(self._numbers).astype(np.int32))
            self._writer.write_batch(pa.record_batch([lists], schema=KEYS))
        self._lengths, self._numbers, self._pending = [], [], 0

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self._flush()
        self._open.__exit__(kind, error, trace)


def read_keys(path: Path) -> Iterator[tuple[int, Ints, Ints]]:
    """Batch by batch: (number of its first row, where the keys of each row begin and the last end, the keys)."""
    first = 0
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            lists = file.read_row_group(group).column("keys").combine_chunks()
            yield first, lists.offsets.to_numpy().astype(np.int64), lists.values.to_numpy()
            first += len(lists)
