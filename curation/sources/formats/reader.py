"""One `iter_records` in front of all formats."""

from collections.abc import Iterator, Sequence
from typing import Literal

from curation.core.errors import SourceError
from curation.sources.formats.columnar import read_arrow, read_csv, read_parquet
from curation.sources.formats.files import DataFile, Format, data_files, sniff
from curation.sources.formats.json_file import Shape, read_json, read_json_lines
from curation.sources.formats.record import BadItem, BadRecord, Item, Record, TruncatedError


def iter_records(
    patterns: Sequence[str],
    format: Format | Literal["auto"] = "auto",
    shape: Shape = "auto",
    records: str = "",
    keep_truncated: bool = False,
) -> Iterator[Record | BadRecord]:
    """The records of all files that the patterns match, file by file.

    A file that is cut short raises, unless `keep_truncated`: then its complete records and one BadRecord `truncated_file` come.

    Raises:
        SourceError: no file, no records, or a file that cannot be read as what it is.
    """
    for file in data_files(patterns):
        if file.problem:
            reason, detail = file.problem
            if reason == "truncated_file" and not keep_truncated:
                raise TruncatedError(detail)
            yield BadRecord(file.name, 1, reason, detail)
            continue
        number = 0
        try:
            for item in _read_file(file, format, shape, records):
                number = item.number
                if isinstance(item, BadItem):
                    yield BadRecord(file.name, *item)
                else:
                    yield Record(file.name, file.folder, *item)
        except TruncatedError as error:
            if not keep_truncated:
                raise
            yield BadRecord(file.name, number + 1, "truncated_file", str(error))
        except OSError as error:
            raise SourceError(f"cannot read {file}: {error.strerror or error}") from error
        else:
            if not number:
                raise SourceError(f"{file} holds no records")


def _read_file(
    file: DataFile, format: Format | Literal["auto"], shape: Shape, records: str
) -> Iterator[Item | BadItem]:
    match sniff(file) if format == "auto" else format:
        case "json":
            return read_json(file, shape, records)
        case "jsonl":
            return read_json_lines(file)
        case "csv":
            return read_csv(file)
        case "parquet":
            return read_parquet(file)
        case "arrow":
            return read_arrow(file)
