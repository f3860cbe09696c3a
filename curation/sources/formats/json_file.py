"""JSON files in every layout that data sets come in (`formats.json_layout`). Streams, except for column-oriented files.

A file may hold several values, one after the other: each list of them is read to its end, each object is a record or, where the first was
a container, another one. What is behind the last value and is none ends the source.
"""

import json
from collections.abc import Iterator
from typing import Any

from curation.core.errors import SourceError
from curation.sources.formats.files import DataFile
from curation.sources.formats.json_layout import Has, Layout, Shape, has_nothing, key_of, layout_of, sketch, spread
from curation.sources.formats.json_text import JsonSyntaxError, JsonText
from curation.sources.formats.json_values import DoubledKeyError, TooManyValuesError, decode
from curation.sources.formats.limits import MAX_RECORD_BYTES, MAX_VALUES, MAX_WHOLE_BYTES
from curation.sources.formats.record import BadItem, Item, TruncatedError

__all__ = ["Shape", "read_json"]


def read_json(
    file: DataFile, shape: Shape = "auto", records: str = "", has: Has = has_nothing, split: str = ""
) -> Iterator[Item | BadItem]:
    """The records of a JSON file; `records` is the dotted path of their container where it is not the top level.

    Raises:
        TruncatedError: the file ends inside a record, after the complete ones were yielded.
        SourceError: not JSON, not the shape that was asked for, or a record larger than `MAX_RECORD_BYTES`.
    """
    layout = _layout(file, shape, records, has, split)
    whole = layout.shape in ("columns", "one")
    limit = MAX_WHOLE_BYTES if whole else MAX_RECORD_BYTES
    count = 0
    with file.open() as stream:
        text = JsonText(stream, str(file), limit)
        try:
            for key, raw in _pieces(text, layout):
                try:
                    value = decode(raw)
                except (DoubledKeyError, TooManyValuesError, RecursionError) as error:
                    if whole and not isinstance(error, DoubledKeyError):
                        much = f"got more than {MAX_VALUES} values in {layout.shape}"
                        raise SourceError(f"{file}: {much}, expected a list of rows") from error
                    count += 1
                    yield BadItem(count, *_spoiled(error))
                    continue
                except ValueError as error:
                    raise SourceError(_not_json(file, text, raw, error, count)) from error
                rows = _rows_of_columns(value, str(file)) if layout.shape == "columns" else spread(key, value, has)
                for name, record in rows:
                    count += 1
                    yield Item(count, name, record)
        except JsonSyntaxError as error:
            raise SourceError(f"{file} is not JSON: {error}, after {count} records") from error
        except TruncatedError as error:
            if "compressed" in str(error) or "whole" in str(error):
                raise
            raise TruncatedError(f"{error} inside record {count + 1}") from error
    if not count:
        where = f" at {records!r}" if records else ""
        raise SourceError(f"{file} holds no records{where} (read as shape {layout.shape!r})")


def _layout(file: DataFile, shape: Shape, records: str, has: Has, split: str) -> Layout:
    path = tuple(records.split(".")) if records else ()
    if shape != "auto":
        return Layout(path, shape, (split,) if split else ())
    with file.open() as stream:
        text = JsonText(stream, str(file), MAX_WHOLE_BYTES)
        try:
            for name in path:
                if text.peek() != b"{" or not _go_to(text, name):
                    return Layout(path, "array")
        except (SourceError, ValueError):
            return Layout(path, "array")  # the reader says what is wrong
        found = layout_of(sketch(text), has, split, str(file))
    return Layout((*path, *found.path), found.shape, found.groups)


def _pieces(text: JsonText, layout: Layout) -> Iterator[tuple[str, bytes]]:
    """(key, text) of every record in every value of the file."""
    first = text.peek()
    while byte := text.peek():
        if byte not in (b"[", b"{"):
            raise text.fail(f"expected a list, an object or the end of the file, got {byte.decode(errors='replace')!r}")
        if byte == first or layout.shape == "one":
            yield from _container(text, layout)
        elif byte == b"[":
            yield from _children(text)
        else:
            yield "", text.take()


def _container(text: JsonText, layout: Layout) -> Iterator[tuple[str, bytes]]:
    """The records at the path of the layout; then the rest of what is around them, so that a cut is seen."""
    entered = 0
    for name in layout.path:
        if text.peek() != b"{":
            text.skip()
            break
        entered += 1
        if not _go_to(text, name):
            break
    else:
        match layout.shape:
            case "one" | "columns":
                yield "", text.take()
            case "groups":
                yield from _groups(text, layout.groups)
            case _:
                yield from _children(text)
    for _ in range(entered):
        while not text.at_end:
            text.key()
            text.skip()
        text.leave()


def _go_to(text: JsonText, name: str) -> bool:
    """Enter an object and go to the value of a key; whether there is one."""
    text.enter()
    while not text.at_end:
        if key_of(text) == name:
            return True
        text.skip()
    return False


def _children(text: JsonText, group: str = "") -> Iterator[tuple[str, bytes]]:
    """(key, text) of each child of the container; in a list the key is empty, in a group the item's number."""
    is_object, number = text.peek() == b"{", 0
    text.enter()
    while not text.at_end:
        key = key_of(text) if is_object else str(number) if group else ""
        yield f"{group}.{key}" if group else key, text.take()
        number += 1
    text.leave()


def _groups(text: JsonText, chosen: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    text.enter()
    while not text.at_end:
        group = key_of(text)
        if text.peek() in (b"[", b"{") and (not chosen or group in chosen):
            yield from _children(text, group)
        else:
            text.skip()
    text.leave()


def _rows_of_columns(table: Any, where: str) -> Iterator[tuple[str, Any]]:
    """The rows of columns: those of pandas by their index, which may lack some, lists by their places."""
    columns = list(table.values()) if isinstance(table, dict) else [None]
    if all(isinstance(column, dict) for column in columns):
        for index in dict.fromkeys(index for column in columns for index in column):
            yield "", {name: column.get(index) for name, column in table.items()}
        return
    lengths = {name: len(column) if isinstance(column, list) else -1 for name, column in table.items()}
    if -1 in lengths.values():
        yield "", table  # an object whose first field happens to be a list
        return
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise SourceError(
            f"{where} holds columns of different lengths ({told[:200]}); `shape: one` reads it as one record"
        )
    for values in zip(*columns, strict=True):
        yield "", dict(zip(table, values, strict=True))


def _spoiled(error: Exception) -> tuple[str, str]:
    """The reason code and detail of a record that alone is bad."""
    match error:
        case DoubledKeyError():
            return "key_twice", str(error)
        case TooManyValuesError():
            return "record_too_large", str(error)
    return "record_too_deep", "lists or objects nested too deep to be read"


def _not_json(file: DataFile, text: JsonText, raw: bytes, error: ValueError, count: int) -> str:
    """The line for a record that no dialect reads."""
    after = f"after {count} records"
    if isinstance(error, UnicodeDecodeError):
        line, column = text.place(error.start)
        return (
            f"{file} is not JSON in UTF-8: {error.reason} at line {line} column {column}, {after}; name its `encoding`"
        )
    offset, message = 0, str(error)
    if isinstance(error, json.JSONDecodeError):
        offset = len(raw.decode("utf-8", "surrogatepass")[: error.pos].encode("utf-8", "surrogatepass"))
        message = error.msg
    line, column = text.place(offset)
    return f"{file} is not JSON: {message}: line {line} column {column}, {after}"
