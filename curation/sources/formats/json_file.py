"""JSON files in every shape that data sets come in, and JSON Lines. Streams, except for column-oriented files.

    array     [{...}, {...}]
    by_key    {"id1": {...}, "id2": {...}}
    groups    {"Math": [{...}, ...], "Physics": [...]}; the keys are Math.0, Math.1, ...
    columns   {"question": [...], "answer": [...]} or pandas' {"question": {"0": ...}, "answer": {"0": ...}}
    one       the whole file is one record

`auto` recognises them by the first few values.
"""

import contextlib
import itertools
import json
from collections.abc import Iterator
from io import BufferedReader
from typing import Any, Literal

from curation.core.errors import CurationError, SourceError, first_line
from curation.sources.formats.files import DataFile
from curation.sources.formats.limits import MAX_RECORD_BYTES, MAX_VALUES, MAX_WHOLE_BYTES
from curation.sources.formats.record import BadItem, Item, TruncatedError
from curation.sources.formats.surrogates import CHUNK, JsonText

Events = Iterator[tuple[str, Any]]
"""What `ijson.basic_parse` gives: ("start_map", None), ("map_key", "q"), ("string", "..."), ..."""
Shape = Literal["auto", "array", "by_key", "groups", "columns", "one"]

_BOM = b"\xef\xbb\xbf"
_SMALL = 4 << 20


def read_json(file: DataFile, shape: Shape = "auto", records: str = "") -> Iterator[Item | BadItem]:
    """The records of a JSON file; `records` is the dotted path of their container where it is not the top level.

    Raises:
        TruncatedError: the file ends inside a record, after the complete ones were yielded.
        SourceError: not JSON, not the shape that was asked for, or a record larger than `MAX_RECORD_BYTES`.
    """
    import ijson

    count, text = 0, None
    try:
        if shape == "auto":
            with _open(file) as stream:
                shape = _sniff_shape(_container(JsonText(stream, str(file), MAX_WHOLE_BYTES), records))
        limit = MAX_WHOLE_BYTES if shape in ("columns", "one") else MAX_RECORD_BYTES
        with _open(file) as stream:
            text = JsonText(stream, str(file), limit)
            for count, (key, value) in enumerate(_walk(_container(text, records), shape), 1):
                text.begin()
                if isinstance(value, _TooLarge) and shape in ("columns", "one"):
                    raise SourceError(f"{file}: got more than {MAX_VALUES} values in {shape}, expected a list of rows")
                if isinstance(value, _TooLarge):
                    yield BadItem(count, "record_too_large", f"more than {MAX_VALUES} values")
                else:
                    yield Item(count, key, text.with_surrogates(value))
    except ijson.IncompleteJSONError as error:
        if "premature EOF" in str(error) or "Incomplete" in str(error):
            at = f"it ends at byte {text.n_bytes} inside" if text else "it ends inside"
            raise TruncatedError(f"{file} is truncated: {at} record {count + 1}") from error
        raise SourceError(f"{file} is not JSON: {_position(file, error)}, after {count} records") from error
    except SourceError:
        raise
    except (ijson.JSONError, ValueError, SystemError) as error:  # bad UTF-8; ijson's parser on a number of 5,000 digits
        raise SourceError(f"{file} is not JSON: {_position(file, error)}, after {count} records") from error
    if not count:
        where = f" at {records!r}" if records else ""
        raise SourceError(f"{file} holds no records{where} (read as shape {shape!r})")


def read_json_lines(file: DataFile) -> Iterator[Item | BadItem]:
    """One record per line; blank lines are skipped, a line that is not JSON or too large is a BadItem."""
    with file.open() as stream:
        for number in itertools.count(1):
            if not (line := stream.readline(MAX_RECORD_BYTES)):
                return
            if len(line) == MAX_RECORD_BYTES and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):
                    line = stream.readline(MAX_RECORD_BYTES)
                yield BadItem(number, "record_too_large", f"a line of {MAX_RECORD_BYTES} bytes or more")
                continue
            text = line.removeprefix(_BOM).strip() if number == 1 else line.strip()
            if not text:
                continue
            if text.count(b",") + text.count(b"[") + text.count(b"{") > MAX_VALUES:
                yield BadItem(number, "record_too_large", f"more than {MAX_VALUES} values")
                continue
            try:
                yield Item(number, "", json.loads(text))
            except (ValueError, RecursionError) as error:
                yield BadItem(number, "line_not_json", first_line(error))


def _walk(events: Events, shape: Shape) -> Iterator[tuple[str, Any]]:
    """(key, record) pairs; numbers come as int and Decimal, which keeps `32.40` as it was written."""
    if shape in ("columns", "one"):
        whole = _value(next(events), events)
        yield from _rows_of_columns(whole) if shape == "columns" and isinstance(whole, dict) else iter([("", whole)])
        return
    for key, value in _children(events):
        if shape != "groups":
            yield key, value
        elif isinstance(value, list):
            yield from ((f"{key}.{i}", item) for i, item in enumerate(value))


def _container(text: JsonText, records: str) -> Events:
    """The events of the container at the path `records`, then the rest of the file, so that a cut is seen.

    Made from `ijson.basic_parse`: the other functions of ijson crash the process on 100,000 nested lists.
    """
    import ijson

    events: Events = ijson.basic_parse(text, buf_size=CHUNK)
    for name in records.split(".") if records else []:
        if next(events)[0] != "start_map":
            return
        for event, key in events:
            if event == "end_map":
                return
            if key == name:
                break
            _skip(events, text)
        else:
            return
    depth = 0
    for event, value in events:
        yield event, value
        depth += event.startswith("start_") - event.startswith("end_")
        if not depth:
            break
    for _ in events:
        text.begin()


def _skip(events: Events, text: JsonText) -> None:
    """Go past one value."""
    depth = 0
    for event, _ in events:
        text.begin()
        depth += event.startswith("start_") - event.startswith("end_")
        if not depth:
            return


def _children(events: Events) -> Iterator[tuple[str, Any]]:
    """(key, value) of each child of the container, as soon as it is complete; the key is empty in a list."""
    is_object = next(events, ("end_map", None))[0] == "start_map"
    for event in events:
        if event[0] in ("end_map", "end_array"):
            return
        yield (event[1], _value(next(events), events)) if is_object else ("", _value(event, events))


class _TooLarge:
    """In the place of a value of more than `MAX_VALUES` values."""


def _value(first: tuple[str, Any], events: Events) -> Any:
    """The value that begins with the event `first`; consumes its other events.

    A value that is too large is still read to its end, without being built: the records behind it count.
    """
    import ijson

    builder, depth = ijson.ObjectBuilder(), 0
    for count, (event, value) in enumerate(itertools.chain([first], events)):
        if count < MAX_VALUES:
            builder.event(event, value)
        elif count == MAX_VALUES:
            builder = None
        depth += event.startswith("start_") - event.startswith("end_")
        if not depth:
            break
    return builder.value if builder else _TooLarge()


def _rows_of_columns(table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    columns = {name: list(column.values()) if isinstance(column, dict) else column for name, column in table.items()}
    lengths = {name: len(column) if isinstance(column, list) else -1 for name, column in columns.items()}
    if len(set(lengths.values())) > 1 or -1 in lengths.values():
        yield "", table  # an object whose first field happens to be a list
        return
    for values in zip(*columns.values(), strict=True):
        yield "", dict(zip(columns, values, strict=True))


def _sniff_shape(events: Events) -> Shape:
    """The shape, from the container's first events, and from its second value where the first is a list of objects."""
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


def _open(file: DataFile) -> BufferedReader:
    stream = file.open()
    if stream.peek(3).startswith(_BOM):
        stream.read(3)
    return stream


def _position(file: DataFile, error: Exception) -> str:
    """Line and column where the standard parser stops, for files small enough to read twice; else what the streaming parser says."""
    with contextlib.suppress(CurationError), file.open() as stream:
        if len(whole := stream.read(_SMALL + 1)) <= _SMALL:
            try:
                json.loads(whole.removeprefix(_BOM))
            except (ValueError, RecursionError) as precise:
                return str(precise)
    return first_line(error)
