"""CSV, Parquet and Arrow files, read in batches so that memory stays flat."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from curation.errors import SourceError, first_line
from curation.tables.record import BadItem, Item, TruncatedError

_BATCH_ROWS = 64
"""Rows decoded at a time; a picture row can be a megabyte."""


def read_csv(path: Path) -> Iterator[Item | BadItem]:
    """One record per row, keyed by the header line; separator , ; or tab, whichever the header has most of. Cells stay text.

    Raises:
        TruncatedError: the file ends inside a quoted cell.
        SourceError: not CSV in UTF-8.
    """
    csv.field_size_limit(sys.maxsize)
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            file.seek(0)
            rows = csv.reader(file, delimiter=max(",\t;", key=header.count), strict=True)
            names = next(rows, [])
            for number, cells in enumerate((row for row in rows if row), 1):
                if len(cells) != len(names):
                    yield BadItem(number, "wrong_number_of_cells", f"{len(cells)} cells, expected {len(names)}")
                else:
                    yield Item(number, "", dict(zip(names, cells, strict=True)))
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8 after row {number}: {error.reason} at byte {error.start}") from error
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise TruncatedError(f"{path} is truncated: it ends inside row {number + 1}") from error
        raise SourceError(f"{path} is not CSV after row {number}: {error}") from error


def read_parquet(path: Path) -> Iterator[Item]:
    """The rows of a Parquet file.

    Raises:
        SourceError: not Parquet, cut short (the footer is missing) or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches(batch_size=_BATCH_ROWS):
                batch.validate(full=True)
                for value in batch.to_pylist():
                    number += 1
                    yield Item(number, "", value)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{path} is not a sound Parquet file, after {number} rows: {first_line(error)}") from error


def read_arrow(path: Path) -> Iterator[Item]:
    """The rows of an Arrow IPC stream (what `datasets` saves) or file.

    Raises:
        TruncatedError: a stream ends inside a batch; the complete batches were yielded.
        SourceError: not Arrow, or damaged.
    """
    import pyarrow as pa

    number = 0
    try:
        with pa.memory_map(str(path)) as source:
            is_file = source.read(6) == b"ARROW1"
            source.seek(0)
            reader = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
            batches = (reader.get_batch(i) for i in range(reader.num_record_batches)) if is_file else reader
            for batch in batches:
                batch.validate(full=True)  # damaged offsets would crash the process, not raise
                for start in range(0, batch.num_rows, _BATCH_ROWS):
                    for value in batch.slice(start, _BATCH_ROWS).to_pylist():
                        number += 1
                        yield Item(number, "", value)
    except (pa.ArrowException, OSError) as error:
        if "Expected to be able to read" in str(error) or "Expected to read" in str(error):
            raise TruncatedError(f"{path} is truncated: it ends after row {number}") from error
        raise SourceError(f"{path} is not a sound Arrow file, after {number} rows: {first_line(error)}") from error
