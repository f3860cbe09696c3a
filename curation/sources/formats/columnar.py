"""Parquet and Arrow files, read in batches so that memory stays flat. Maps are dicts; a date that Python has not is `Unreadable`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

from curation.core.errors import SourceError, first_line
from curation.sources.formats.cut import Cut, PartSize, row_cuts
from curation.sources.formats.files import DataFile
from curation.sources.formats.limits import MAX_RATIO, RATIO_FREE_BYTES
from curation.sources.formats.record import Item, TruncatedError, Unreadable

_BATCH_ROWS = 64
"""Rows decoded at a time; an image row can be a megabyte."""


def read_parquet(file: DataFile, cut: Cut | None = None) -> Iterator[Item]:
    """The rows of a Parquet file, or of a piece of it.

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
            groups, before = _groups(table.metadata, cut)
            batches = table.iter_batches(batch_size=_BATCH_ROWS, row_groups=groups)
            for number, value in _numbered(batches, before, cut, file):
                yield Item(number, "", value)
    except KeyError as error:
        raise SourceError(f"{file}: a map after row {number} has a key twice: {error}") from error
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{file} is not a valid Parquet file, after {number} rows: {first_line(error)}") from error


def parquet_cuts(path: Path, size: PartSize) -> list[Cut]:
    """The pieces of a Parquet file."""
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(path)
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return row_cuts(((group.num_rows, _packed(group)) for group in groups), size)


def _groups(metadata: Any, cut: Cut | None) -> tuple[list[int], int]:
    """The row groups that a cut reaches into, all where there is none, and the number of rows in front of them."""
    sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    starts = [0, *accumulate(sizes)]
    if cut is None:
        return list(range(len(sizes))), 0
    inside = [i for i in range(len(sizes)) if starts[i] < cut.stop and starts[i + 1] > cut.start]
    return inside, starts[inside[0]] if inside else 0


def _numbered(batches: Iterable[Any], before: int, cut: Cut | None, file: DataFile) -> Iterator[tuple[int, Any]]:
    """The rows of batches with their numbers from 1, `before` of them in front of the first batch; those of the cut where there is one."""
    given = 0
    for batch in batches:
        first = max(cut.start - before, 0) if cut else 0
        stop = min(cut.stop - before, batch.num_rows) if cut else batch.num_rows
        if first < stop:
            batch.validate(full=True)  # damaged offsets would crash the process, not raise
        for start in range(first, stop, _BATCH_ROWS):
            values = _values(batch.slice(start, min(_BATCH_ROWS, stop - start)))
            yield from enumerate(values, before + start + 1)
            given += len(values)
        before += batch.num_rows
        if cut and before >= cut.stop:
            break
    if cut:
        cut.check(given, str(file))


def _values(rows: Any) -> list[dict[str, Any]]:
    """Rows of a batch as dicts; value by value where one is beyond what Python can hold."""
    try:
        return list(rows.to_pylist(maps_as_pydicts="strict"))
    except (OverflowError, ValueError, LookupError):
        columns = [[_value(column, row) for row in range(len(column))] for column in rows.columns]
        return [dict(zip(rows.schema.names, values, strict=True)) for values in zip(*columns, strict=True)]


def _value(column: Any, row: int) -> Any:
    """The value of a column in a row.

    Raises:
        KeyError: a map has a key twice.
    """
    import pyarrow as pa

    try:
        return column.slice(row, 1).to_pylist(maps_as_pydicts="strict")[0]
    except (OverflowError, ValueError, LookupError) as error:
        if isinstance(error, pa.ArrowException) or "duplicate key" in str(error):
            raise
        return Unreadable(f"a {column.type} that Python cannot hold: {first_line(error)}")


def _packed(group: Any) -> int:
    """Bytes that a row group takes in its file."""
    return sum(group.column(number).total_compressed_size for number in range(group.num_columns))


def _check_expansion(metadata: Any, file: DataFile) -> None:
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    for group in groups:
        columns = [group.column(number) for number in range(group.num_columns)]
        expanded = sum(column.total_uncompressed_size for column in columns)
        packed = _packed(group)
        if expanded > max(RATIO_FREE_BYTES, MAX_RATIO * packed):
            raise SourceError(f"{file} expands {packed} bytes of a row group to {expanded}: a decompression bomb?")


def _check_names(names: list[str], file: DataFile) -> None:
    if twice := [name for name in names if names.count(name) > 1]:
        raise SourceError(f"{file} has two columns {twice[0]!r}; expected a name for each")


def read_arrow(file: DataFile, cut: Cut | None = None) -> Iterator[Item]:
    """The rows of an Arrow IPC stream (what `datasets` saves) or file, or of a piece of it.

    Raises:
        TruncatedError: a stream ends inside a batch; the complete batches were yielded.
        SourceError: not Arrow, or damaged.
    """
    import pyarrow as pa

    number = 0
    try:
        with file.seekable() as place, _batches(place, file) as batches:
            for number, value in _numbered(batches, 0, cut, file):
                yield Item(number, "", value)
    except KeyError as error:
        raise SourceError(f"{file}: a map after row {number} has a key twice: {error}") from error
    except (pa.ArrowException, OSError) as error:
        if "Expected to be able to read" in str(error) or "Expected to read" in str(error):
            raise TruncatedError(f"{file} is truncated: it ends after row {number}") from error
        raise SourceError(f"{file} is not a valid Arrow file, after {number} rows: {first_line(error)}") from error


def arrow_cuts(file: DataFile, size: PartSize) -> list[Cut]:
    """The pieces of an Arrow file on disk. Its batches are mapped, so that only their sizes are read, but for compressed ones."""
    with _batches(file.path, file) as batches:
        return row_cuts(((batch.num_rows, batch.get_total_buffer_size()) for batch in batches), size)


@contextmanager
def _batches(place: Path | IO[bytes], file: DataFile) -> Iterator[Iterable[Any]]:
    """The batches of an Arrow stream or file."""
    import pyarrow as pa

    with pa.memory_map(str(place)) if isinstance(place, Path) else pa.PythonFile(place, mode="r") as source:
        is_file = source.read(6) == b"ARROW1"
        source.seek(0)
        reader = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
        _check_names(reader.schema.names, file)
        yield (reader.get_batch(i) for i in range(reader.num_record_batches)) if is_file else reader
