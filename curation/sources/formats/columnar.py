"""Parquet and Arrow files, read in batches so that memory stays flat. Maps are dicts."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from curation.core.errors import SourceError, first_line
from curation.sources.formats.files import DataFile
from curation.sources.formats.limits import MAX_RATIO, RATIO_FREE_BYTES
from curation.sources.formats.record import Item, TruncatedError

_BATCH_ROWS = 64
"""Rows decoded at a time; an image row can be a megabyte."""


def read_parquet(file: DataFile) -> Iterator[Item]:
    """The rows of a Parquet file.

    Raises:
        SourceError: not Parquet, cut short (the footer is missing), damaged, or expanding out of proportion.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with file.seekable() as source, pq.ParquetFile(source) as table:
            _check_expansion(table.metadata, file)
            _check_names(table.schema_arrow.names, file)
            for batch in table.iter_batches(batch_size=_BATCH_ROWS):
                batch.validate(full=True)
                for value in batch.to_pylist(maps_as_pydicts="strict"):
                    number += 1
                    yield Item(number, "", value)
    except KeyError as error:
        raise SourceError(f"{file}: a map after row {number} has a key twice: {error}") from error
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{file} is not a valid Parquet file, after {number} rows: {first_line(error)}") from error


def _check_expansion(metadata: Any, file: DataFile) -> None:
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    for group in groups:
        columns = [group.column(number) for number in range(group.num_columns)]
        expanded = sum(column.total_uncompressed_size for column in columns)
        packed = sum(column.total_compressed_size for column in columns)
        if expanded > max(RATIO_FREE_BYTES, MAX_RATIO * packed):
            raise SourceError(f"{file} expands {packed} bytes of a row group to {expanded}: a decompression bomb?")


def _check_names(names: list[str], file: DataFile) -> None:
    if twice := [name for name in names if names.count(name) > 1]:
        raise SourceError(f"{file} has two columns {twice[0]!r}; expected a name for each")


def read_arrow(file: DataFile) -> Iterator[Item]:
    """The rows of an Arrow IPC stream (what `datasets` saves) or file.

    Raises:
        TruncatedError: a stream ends inside a batch; the complete batches were yielded.
        SourceError: not Arrow, or damaged.
    """
    import pyarrow as pa

    number = 0
    try:
        with ExitStack() as stack:
            place = stack.enter_context(file.seekable())
            mapped = pa.memory_map(str(place)) if isinstance(place, Path) else pa.PythonFile(place, mode="r")
            source = stack.enter_context(mapped)
            is_file = source.read(6) == b"ARROW1"
            source.seek(0)
            reader = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
            _check_names(reader.schema.names, file)
            batches = (reader.get_batch(i) for i in range(reader.num_record_batches)) if is_file else reader
            for batch in batches:
                batch.validate(full=True)  # damaged offsets would crash the process, not raise
                for start in range(0, batch.num_rows, _BATCH_ROWS):
                    for value in batch.slice(start, _BATCH_ROWS).to_pylist(maps_as_pydicts="strict"):
                        number += 1
                        yield Item(number, "", value)
    except KeyError as error:
        raise SourceError(f"{file}: a map after row {number} has a key twice: {error}") from error
    except (pa.ArrowException, OSError) as error:
        if "Expected to be able to read" in str(error) or "Expected to read" in str(error):
            raise TruncatedError(f"{file} is truncated: it ends after row {number}") from error
        raise SourceError(f"{file} is not a valid Arrow file, after {number} rows: {first_line(error)}") from error
