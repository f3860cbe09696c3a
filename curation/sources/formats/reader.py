"""One `iter_records` in front of all formats."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from curation.core.errors import SourceError
from curation.sources.formats.columnar import read_arrow, read_parquet
from curation.sources.formats.csv_file import CsvOptions, read_csv
from curation.sources.formats.cut import Cut
from curation.sources.formats.file_part import FilePart
from curation.sources.formats.files import DataFile, Format, data_files, sniff
from curation.sources.formats.json_file import read_json
from curation.sources.formats.json_layout import Has, Shape, has_nothing
from curation.sources.formats.json_lines import lines_are_wrapped, read_json_lines
from curation.sources.formats.record import BadItem, BadRecord, Item, Record, TruncatedError


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read: what a table's options of these names say. `has` tells a record by the field that its question is in."""

    format: Format | Literal["auto"] = "auto"
    shape: Shape = "auto"
    records: str = ""
    split: str = ""
    encoding: str = ""
    csv: CsvOptions = field(default_factory=CsvOptions)
    keep_truncated: bool = False
    drop_bad_rows: bool = True
    has: Has = has_nothing


def iter_records(
    patterns: Sequence[str], reading: Reading, part: FilePart | None = None
) -> Iterator[Record | BadRecord]:
    """The records of all files that the patterns match, file by file, or of a part of them.

    A file that is cut short raises, unless `keep_truncated`: then its complete records and one BadRecord `truncated_file` come.

    Raises:
        SourceError: no file, no records, a file that cannot be read as what it is, or, unless `drop_bad_rows`, a bad record.
    """
    files = data_files(patterns)
    for file in part.of(files) if part else files:
        for record in _records_of(replace(file, encoding=reading.encoding), reading, part.cut if part else None):
            if isinstance(record, BadRecord) and not reading.drop_bad_rows and record.reason != "truncated_file":
                what = f"{record.reason}: {record.detail}"
                raise SourceError(f"{file}, record {record.number}: {what}; `on_bad_row: drop` counts such rows")
            yield record


def _records_of(file: DataFile, reading: Reading, cut: Cut | None) -> Iterator[Record | BadRecord]:
    if file.problem:
        reason, detail = file.problem
        if reason == "truncated_file" and not reading.keep_truncated:
            raise TruncatedError(detail)
        yield BadRecord(file.name, 1, reason, detail)
        return
    number = 0
    try:
        for item in _read_file(file, reading, cut):
            number = item.number
            if isinstance(item, BadItem):
                yield BadRecord(file.name, *item)
            else:
                yield Record(file.name, file.folder, *item)
    except TruncatedError as error:
        if not reading.keep_truncated:
            raise
        yield BadRecord(file.name, error.number or number + 1, "truncated_file", str(error))
    except OSError as error:
        raise SourceError(f"cannot read {file}: {error.strerror or error}") from error
    else:
        if not number and not cut:
            raise SourceError(f"{file} holds no records")


def format_of(file: DataFile, reading: Reading) -> Format:
    """The format that a file is read as.

    Raises:
        SourceError: none is known, or a split is asked for where the format has none.
    """
    format = sniff(file) if reading.format == "auto" else reading.format
    if format == "jsonl":
        named = reading.records or reading.split or reading.shape in ("by_key", "groups", "columns")
        if named or (reading.shape == "auto" and lines_are_wrapped(file, reading.has)):
            format = "json"
    if reading.split and format != "json":
        raise SourceError(
            f"{file}: got split {reading.split!r}, but a file of {format} has no splits; leave `split` out"
        )
    return format


def _read_file(file: DataFile, reading: Reading, cut: Cut | None) -> Iterator[Item | BadItem]:
    format = format_of(file, reading)
    if cut and format in ("json", "csv"):
        raise SourceError(f"{file} changed while it was read: it is no longer made of pieces, it is {format}")
    match format:
        case "json":
            return read_json(file, reading.shape, reading.records, reading.has, reading.split)
        case "jsonl":
            return read_json_lines(file, reading.shape, reading.has, cut)
        case "csv":
            return read_csv(file, reading.csv)
        case "parquet":
            return read_parquet(file, cut)
        case "arrow":
            return read_arrow(file, cut)
