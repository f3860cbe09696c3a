"""The parts that a source of files is read in, by the files alone: planning reads their sizes, and of JSON Lines where lines end."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from curation.core.errors import SourceError, first_line
from curation.sources.formats.columnar import arrow_cuts, parquet_cuts
from curation.sources.formats.cut import Cut, PartSize, can_be_cut, line_cuts
from curation.sources.formats.file_part import FilePart
from curation.sources.formats.files import DataFile, data_files
from curation.sources.formats.reader import Reading, format_of

_LEAST_BYTES = 1 << 8
"""A file of fewer bytes than a part's by this factor is not looked into: so many rows do not fit in."""


def plan_parts(patterns: Sequence[str], reading: Reading, size: PartSize) -> list[FilePart]:
    """The parts in the order of the records: pieces of large files, and small files together.

    Raises:
        SourceError: no file, or one that cannot be read as what it is.
    """
    return list(_parts(patterns, reading, size))


def _parts(patterns: Sequence[str], reading: Reading, size: PartSize) -> Iterator[FilePart]:
    group: FilePart | None = None
    for number, file in enumerate(data_files(patterns)):
        one = FilePart(number, number + 1, file.name, file.n_bytes)
        cuts = _cuts(replace(file, encoding=reading.encoding), one.n_bytes, reading, size)
        if group and (len(cuts) > 1 or _is_full(group, size)):
            yield group
            group = None
        if len(cuts) > 1:
            n_rows = sum(cut.n for cut in cuts)
            yield from (replace(one, cut=cut, share=cut.n / n_rows) for cut in cuts)
        else:
            group = replace(group, stop=one.stop, n_bytes=group.n_bytes + one.n_bytes) if group else one
    if group:
        yield group


def _is_full(group: FilePart, size: PartSize) -> bool:
    return group.n_bytes >= size.bytes or group.stop - group.first >= size.rows


def _cuts(file: DataFile, n_bytes: int, reading: Reading, size: PartSize) -> list[Cut]:
    """The pieces of a file; one or none where it is read as a whole."""
    if file.member or file.problem or file.encoding or n_bytes * _LEAST_BYTES < size.bytes:
        return []
    try:
        match format_of(file, reading) if can_be_cut(file.path) else "json":
            case "jsonl":
                return line_cuts(file.path, size)
            case "parquet":
                return parquet_cuts(file.path, size)
            case "arrow":
                return arrow_cuts(file, size)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"cannot read {file}: {first_line(error)}") from error
    return []
