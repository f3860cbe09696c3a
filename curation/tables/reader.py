"""One `iter_records` in front of all formats."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from curation.errors import SourceError
from curation.tables.columnar import read_arrow, read_csv, read_parquet
from curation.tables.files import Format, find_files, sniff
from curation.tables.json_file import Shape, read_json, read_json_lines
from curation.tables.record import BadItem, BadRecord, Item, Record, TruncatedError


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
    for name, path in find_files(patterns):
        number = 0
        try:
            for item in _read_file(path, sniff(path) if format == "auto" else format, shape, records):
                number = item.number
                if isinstance(item, BadItem):
                    yield BadRecord(name, *item)
                else:
                    yield Record(name, path.parent, *item)
        except TruncatedError as error:
            if not keep_truncated:
                raise
            yield BadRecord(name, number + 1, "truncated_file", str(error))
        except OSError as error:
            raise SourceError(f"cannot read {path}: {error.strerror or error}") from error
        else:
            if not number:
                raise SourceError(f"{path} holds no records")


def _read_file(path: Path, format: Format, shape: Shape, records: str) -> Iterator[Item | BadItem]:
    match format:
        case "json":
            return read_json(path, shape, records)
        case "jsonl":
            return read_json_lines(path)
        case "csv":
            return read_csv(path)
        case "parquet":
            return read_parquet(path)
        case "arrow":
            return read_arrow(path)
