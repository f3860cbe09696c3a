"""JSON files in every shape that data sets come in, and JSON Lines. Streams, except for column-oriented files.

    array     [{...}, {...}]
    by_key    {"id1": {...}, "id2": {...}}
    groups    {"Math": [{...}, ...], "Physics": [...]}; the keys are Math.0, Math.1, ...
    columns   {"question": [...], "answer": [...]} or pandas' {"question": {"0": ...}, "answer": {"0": ...}}
    one       the whole file is one record

`auto` tells them apart by the first few values.
"""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

from curation.errors import SourceError
from curation.tables.record import BadItem, Item, TruncatedError

Shape = Literal["auto", "array", "by_key", "groups", "columns", "one"]

_BOM = b"\xef\xbb\xbf"


def read_json(path: Path, shape: Shape = "auto", records: str = "") -> Iterator[Item]:
    """The records of a JSON file; `records` is the dotted path of their container where it is not the top level.

    Raises:
        TruncatedError: the file ends inside a record, after the complete ones were yielded.
        SourceError: not JSON, or not the shape that was asked for.
    """
    import ijson

    count = 0
    try:
        with _open(path) as file:
            shape = _sniff_shape(file, records) if shape == "auto" else shape
        with _open(path) as file:
            for count, (key, value) in enumerate(_walk(file, shape, records), 1):
                yield Item(count, key, value)
    except ijson.IncompleteJSONError as error:
        if _is_cut(error):
            size = path.stat().st_size
            raise TruncatedError(f"{path} is truncated: it ends at byte {size} inside record {count + 1}") from error
        raise SourceError(f"{path} is not JSON: {_position(path, error)}, after {count} records") from error
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is not JSON: {_position(path, error)}, after {count} records") from error
    if not count:
        where = f" at {records!r}" if records else ""
        raise SourceError(f"{path} holds no records{where} (read as shape {shape!r})")


def read_json_lines(path: Path) -> Iterator[Item | BadItem]:
    """One record per line; blank lines are skipped, a line that is not JSON is a BadItem."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.removeprefix(_BOM).strip() if number == 1 else line.strip()
            if not text:
                continue
            try:
                yield Item(number, "", json.loads(text))
            except (ValueError, RecursionError) as error:
                yield BadItem(number, "line_not_json", str(error).splitlines()[0])


def _walk(file: BinaryIO, shape: str, records: str) -> Iterator[tuple[str, Any]]:
    """(key, record) pairs; numbers come as int and Decimal, which keeps `32.40` as it was written."""
    import ijson

    dot = f"{records}." if records else ""
    match shape:
        case "array":
            for value in ijson.items(file, f"{dot}item"):
                yield "", value
        case "by_key":
            yield from _pairs(file, records)
        case "groups":
            for name, group in _pairs(file, records):
                yield from ((f"{name}.{i}", value) for i, value in enumerate(group))
        case "columns":
            for table in ijson.items(file, records):
                yield from _rows_of_columns(table)
        case _:
            for value in ijson.items(file, records):
                yield "", value


def _pairs(file: BinaryIO, records: str) -> Iterator[tuple[str, Any]]:
    """(key, value) of an object, each as soon as it is complete: `ijson.kvitems` waits for the next key, and a cut file has none."""
    import ijson

    key, depth, builder = None, 0, ijson.ObjectBuilder()
    for prefix, event, value in ijson.parse(file):
        if key is None:
            if event == "map_key" and prefix == records:
                key, depth, builder = value, 0, ijson.ObjectBuilder()
            continue
        builder.event(event, value)
        depth += event.startswith("start_") - event.startswith("end_")
        if not depth:
            yield key, builder.value
            key = None


def _rows_of_columns(table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    columns = {name: list(column.values()) if isinstance(column, dict) else column for name, column in table.items()}
    lengths = {name: len(column) if isinstance(column, list) else -1 for name, column in columns.items()}
    if len(set(lengths.values())) > 1 or -1 in lengths.values():
        yield "", table  # an object whose first field happens to be a list
        return
    for values in zip(*columns.values(), strict=True):
        yield "", dict(zip(columns, values, strict=True))


def _sniff_shape(file: BinaryIO, records: str) -> Shape:
    """Tell the shape from the first events of the container."""
    import ijson

    inside = (
        event for prefix, event, _ in ijson.parse(file) if f"{prefix}.".startswith(f"{records}." if records else "")
    )
    first = list(itertools.islice(inside, 6))
    match first:
        case ["start_array", *_]:
            return "array"
        case ["start_map", "map_key", "start_map", "map_key", *_]:
            return "by_key"
        case ["start_map", "map_key", "start_array", "start_map", *_]:
            return "groups"
        case ["start_map", "map_key", "start_array", *_]:
            return "columns"
    return "one"


def _open(path: Path) -> BinaryIO:
    file = path.open("rb")
    if file.read(3) != _BOM:
        file.seek(0)
    return file


def _is_cut(error: Exception) -> bool:
    return "premature EOF" in str(error) or "Incomplete" in str(error)


def _position(path: Path, error: Exception) -> str:
    """Line and column where the standard parser stops, for files small enough to read twice; else what the streaming parser says."""
    if path.stat().st_size <= 64 << 20:
        try:
            json.loads(path.read_bytes().removeprefix(_BOM))
        except ValueError as precise:
            return str(precise)
    return str(error).splitlines()[0]
