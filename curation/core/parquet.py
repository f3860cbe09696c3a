"""Atomic Parquet files: written under a temporary name, renamed when whole. A killed writer leaves nothing that looks valid."""

import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.attempts import smaller
from curation.core.errors import BuildError, first_line
from curation.core.file_records import note_written

ROW_GROUP_ROWS = 100
ROW_GROUP_BYTES = 32 * 2**20
"""A row group ends at whichever comes first; the Hub's viewer reads one group at a time and fails above 286 MiB. The trainer too reads
whole groups, in any order: with 1,000 rows a group two versions of a set would share more bytes, 73 % for 58 %, and a step would read ten
times as many."""


class AtomicParquetWriter:
    """Writes records with an explicit schema; the file appears at `path` only when the `with` block ends without an error.

    Row groups end after `row_group_rows` rows or about `ROW_GROUP_BYTES` of pictures and text. The bytes depend on the records, the
    schema and pyarrow's version alone. With `content_defined`, pages end where the values say so and not after so many of them: two files
    with many of their rows in common have most of their bytes in common, and the Hub stores and sends those once.
    """

    def __init__(
        self, path: Path, schema: pa.Schema, row_group_rows: int = ROW_GROUP_ROWS, content_defined: bool = False
    ) -> None:
        self.content_defined = content_defined
        self.path = path
        self.schema = schema
        self.row_group_rows = row_group_rows
        self.n_rows = 0
        self._pending: list[Mapping[str, Any]] = []
        self._pending_bytes = 0

    def __enter__(self) -> "AtomicParquetWriter":
        self._open = ExitStack()
        file = self._open.enter_context(whole_file(self.path))
        options = {
            "compression": "zstd",
            "write_page_index": True,
            "use_content_defined_chunking": self.content_defined,
        }
        self._writer = self._open.enter_context(pq.ParquetWriter(file, self.schema, **options))
        self._open.push(self._flush_unless)
        return self

    def write(self, record: Mapping[str, Any], n_bytes: int = 0) -> None:
        """Add one record; `n_bytes` is its rough size, for the row group's limit."""
        self._pending.append(record)
        self._pending_bytes += n_bytes
        self.n_rows += 1
        if len(self._pending) >= self.row_group_rows or self._pending_bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            self._writer.write_table(pa.Table.from_pylist(self._pending, schema=self.schema))
        self._pending, self._pending_bytes = [], 0

    def _flush_unless(self, failed: Any, *_: object) -> None:
        if not failed:
            self._flush()

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.__exit__(kind, error, trace)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which appears at `path`, on disk, when the `with` block ends without an error.

    Raises:
        OSError: it cannot be written; `filename` says which.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        note_written(path)
    except OSError as error:
        if error.errno is not None:
            error.filename, error.filename2 = error.filename or str(path), None
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a small text file atomically."""
    with whole_file(path) as file:
        file.write(text.encode())


def write_records(path: Path, schema: pa.Schema, records: Iterable[Mapping[str, Any]]) -> int:
    """Write small records (no pictures) atomically; returns their number."""
    with AtomicParquetWriter(path, schema, row_group_rows=10_000) as writer:
        for record in records:
            writer.write(record)
    return writer.n_rows


def read_records(
    path: Path, columns: list[str] | None = None, batch_rows: int = ROW_GROUP_ROWS
) -> Iterator[dict[str, Any]]:
    """The records of a Parquet file in order, a batch in memory at a time.

    Raises:
        BuildError: it is not there, or no whole Parquet file.
    """
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=smaller(batch_rows), columns=columns):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise BuildError(
            f"{path}: cannot be read: {first_line(error)}; `ovr-curate check` says what else is wrong"
        ) from error
