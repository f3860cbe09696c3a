"""JSON files in every shape that data sets come in, and JSON Lines. Streams, except for column-oriented files.

    array     [{...}, {...}]
    by_key    {"id1": {...}, "id2": {...}}
    groups    {"Math": [{...}, ...], "Physics": [...]}; the keys are Math.0, Math.1, ...
    columns   {"question": [...], "answer": [...]} or pandas' {"question": {"0": ...}, "answer": {"0": ...}}
    one       the whole file is one record

`auto` tells them apart by the first few values.
"""

import contextlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

from curation.errors import SourceError, first_line
from curation.tables.record import BadItem, Item, TruncatedError

Events = Iterator[tuple[str, Any]]
"""What `ijson.basic_parse` gives: ("start_map", None), ("map_key", "q"), ("string", "..."), ..."""
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
            shape = _sniff_shape(_container(file, records)) if shape == "auto" else shape
        with _open(path) as file:
            for count, (key, value) in enumerate(_walk(_container(file, records), shape), 1):
                yield Item(count, key, value)
    except ijson.IncompleteJSONError as error:
        if _is_cut(error):
            size = path.stat().st_size
            raise TruncatedError(f"{path} is truncated: it ends at byte {size} inside record {count + 1}") from error
        raise SourceError(f"{path} is not JSON: {_position(path, error)}, after {count} records") from error
    except (ijson.JSONError, ValueError, SystemError) as error:  # bad UTF-8; ijson's parser on a number of 5,000 digits
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
                yield BadItem(number, "line_not_json", first_line(error))


def _walk(events: Events, shape: Shape) -> Iterator[tuple[str, Any]]:
    """(key, record) pairs; numbers come as int and Decimal, which keeps `32.40` as it was written."""
    if shape in ("columns", "one"):
        whole = _value(next(events), events)
        yield from _rows_of_columns(whole) if shape == "columns" else iter([("", whole)])
        return
    for key, value in _children(events):
        if shape != "groups":
            yield key, value
        elif isinstance(value, list):
            yield from ((f"{key}.{i}", item) for i, item in enumerate(value))


def _container(file: BinaryIO, records: str) -> Events:
    """The events of the container at the path `records`, then the rest of the file, so that a cut is seen.

    Made from `ijson.basic_parse`: the other functions of ijson crash the process on 100,000 nested lists.
    """
    import ijson

    events: Events = ijson.basic_parse(file)
    for name in records.split(".") if records else []:
        if next(events)[0] != "start_map":
            return
        for event, key in events:
            if event == "end_map":
                return
            if key == name:
                break
            _value(next(events), events)
        else:
            return
    depth = 0
    for event, value in events:
        yield event, value
        depth += event.startswith("start_") - event.startswith("end_")
        if not depth:
            break
    for _ in events:
        pass


def _children(events: Events) -> Iterator[tuple[str, Any]]:
    """(key, value) of each child of the container, as soon as it is complete; the key is empty in a list."""
    is_object = next(events, ("end_map", None))[0] == "start_map"
    for event in events:
        if event[0] in ("end_map", "end_array"):
            return
        yield (event[1], _value(next(events), events)) if is_object else ("", _value(event, events))


def _value(first: tuple[str, Any], events: Events) -> Any:
    """The value that begins with the event `first`; consumes its other events."""
    import ijson

    builder, depth = ijson.ObjectBuilder(), 0
    for event, value in itertools.chain([first], events):
        builder.event(event, value)
        depth += event.startswith("start_") - event.startswith("end_")
        if not depth:
            break
    return builder.value


def _rows_of_columns(table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    columns = {name: list(column.values()) if isinstance(column, dict) else column for name, column in table.items()}
    lengths = {name: len(column) if isinstance(column, list) else -1 for name, column in columns.items()}
    if len(set(lengths.values())) > 1 or -1 in lengths.values():
        yield "", table  # an object whose first field happens to be a list
        return
    for values in zip(*columns.values(), strict=True):
        yield "", dict(zip(columns, values, strict=True))


def _sniff_shape(events: Events) -> Shape:
    """Tell the shape from the container's first events, and from its second value where the first is a list of objects."""
    first = list(itertools.islice(events, 5))
    match [event for event, _ in first]:
        case ["start_array", *_]:
            return "array"
        case ["start_map", "map_key", "start_map", "map_key", last]:
            is_column = first[3][1] == "0" and not last.startswith("start_")
            return "columns" if is_column else "by_key"
        case ["start_map", "map_key", "start_map", *_] | ["start_map", "end_map", *_] | []:
            return "by_key"
        case ["start_map", "map_key", "start_array", "start_map", _]:
            return "one" if _second_value_starts_with(first, events) not in ("start_array", "") else "groups"
        case ["start_map", "map_key", "start_array", *_]:
            return "columns"
    return "one"


def _second_value_starts_with(first: list[tuple[str, Any]], events: Events) -> str:
    """The event after an object's second key; empty where it has one key, or is cut before."""
    import ijson

    rest = itertools.chain(first[2:], events)
    with contextlib.suppress(ijson.IncompleteJSONError):
        _value(next(rest), rest)
        return next(rest)[0] if next(rest)[0] == "map_key" else ""
    return ""


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
        except (ValueError, RecursionError) as precise:
            return str(precise)
    return first_line(error)
