"""Records that hold several rows (`explode`), and records that go with another file (`join`).

explode: questions                  one row an item of the list: each.*
explode: paragraphs.*.qas           through a list: `paragraphs` is then the one that the item is in
explode: [questions, answers]       lists of one length together: each.questions, each.answers
join: {meta: meta.json}             a JSON file in the folder of the record's file
join: {image: {path: images.json, on: image_id, key: id}}     the record of another file that has the same id
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from curation.core.errors import BadRowError, SourceError
from curation.core.plugins import Options
from curation.sources.formats.expression import MISSING, evaluate, lookup
from curation.sources.formats.folder import read_below
from curation.sources.formats.limits import MAX_VALUES, MAX_WHOLE_BYTES
from curation.sources.formats.reader import Reading, iter_records
from curation.sources.formats.record import BadRecord, Record


class Join(Options):
    """The record of another file that has the same id."""

    path: str
    """The other file, or several as a glob, of any format."""
    on: str
    """What in this record is the id (an expression)."""
    key: str
    """What in the other record is the id; $key where it is a key of the file."""


class Index(NamedTuple):
    """Id -> the record of the other file that has it, `_SEVERAL` where there are more; and what of that file has no place here."""

    records: Mapping[str, Any]
    bad: tuple[BadRecord, ...] = ()


_SEVERAL = object()


def index_of(join: Join) -> Index:
    """The records of a join's file by their ids, in memory.

    Raises:
        SourceError: it cannot be read, no record has the key, or there are too many.
    """
    found: dict[str, Any] = {}
    unread, without = Counter[str](), 0
    has = Reading(has=lambda value: lookup(value, join.key) is not MISSING)
    for record in iter_records((join.path,), has):
        if isinstance(record, BadRecord):
            unread[record.reason] += 1
            continue
        try:
            name = _as_id(evaluate(join.key, record))
        except BadRowError as error:
            unread[error.reason] += 1
            continue
        if not name:
            without += 1
            continue
        found[name] = record.value if found.get(name, record.value) == record.value else _SEVERAL
        if len(found) > MAX_VALUES:
            raise SourceError(f"{join.path} has more than {MAX_VALUES} records, too many to join by id")
    if not found:
        raise SourceError(f"{join.path}: no record has {join.key!r}, by which it is joined; expected it as `key`")
    file = Path(join.path).name
    bad = [BadRecord(file, 0, "joined_unreadable", f"{n} records of {file}: {reason}") for reason, n in unread.items()]
    if without:
        bad.append(BadRecord(file, 0, "joined_without_key", f"{without} records of {file} have no {join.key!r}"))
    return Index(found, tuple(bad))


def joined_with(record: Record, joins: Mapping[str, str | Join], indexes: Mapping[str, Index]) -> Record | BadRecord:
    """The record with what is joined added under its names."""
    value = dict(record.value) if isinstance(record.value, dict) else {"value": record.value}
    for name, join in joins.items():
        if isinstance(join, Join):
            try:
                key = _as_id(evaluate(join.on, record))
            except BadRowError as error:
                return BadRecord(record.file, record.number, error.reason, error.detail)
            other = indexes[name].records.get(key, MISSING)
            if other is MISSING or other is _SEVERAL:
                reason = "join_unmatched" if other is MISSING else "join_several"
                count = "no record" if other is MISSING else "more than one record"
                detail = f"{name}: {count} of {Path(join.path).name} has {join.key} {key!r}"
                return BadRecord(record.file, record.number, reason, detail)
            value[name] = other
            continue
        try:
            value[name] = json.loads(read_below(record.folder or Path(), join, (), MAX_WHOLE_BYTES))
        except (BadRowError, ValueError, RecursionError) as error:
            return BadRecord(record.file, record.number, "beside_unreadable", f"{join}: {error}")
    return replace(record, value=value)


def exploded(record: Record, paths: Sequence[str]) -> Iterator[Record | BadRecord]:
    """One record per item of a list or dict, which it then holds as `each`; the key gets the item's number or key after a dot."""
    if len(paths) > 1:
        yield from _together(record, paths)
        return
    name = record.key or str(record.number)
    value = record.value if isinstance(record.value, dict) else {"value": record.value}
    if isinstance(record.value, list) and paths[0].startswith("*."):
        value, paths = {"*": record.value}, [f"*.{paths[0]}"]
    for key, found in _items(name, value, *_steps(paths[0])):
        if isinstance(found, str):
            yield BadRecord(record.file, record.number, "no_items", found)
        else:
            yield replace(record, key=key, value=found)


def _steps(path: str) -> tuple[str, list[str]]:
    first, *rest = path.removesuffix(".*").split(".*.")
    return first, rest


def _items(name: str, value: Any, path: str, rest: list[str]) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """(key, record) of each item at the end of the path, or what was found in its place."""
    items = lookup(value, path)
    if not (pairs := _pairs(items)):
        got = "nothing" if items is MISSING else repr(items)[:80]
        hint = (
            ""
            if items is not MISSING or "." not in path
            else f"; a way through a list is {path.replace('.', '.*.', 1)!r}"
        )
        yield name, f"expected a list at {path!r}, got {got}{hint}"
    for key, item in pairs:
        if rest:
            inside = _with(value, path, item)
            yield from _items(f"{name}.{key}", inside, f"{path}.{rest[0]}", rest[1:])
        else:
            yield f"{name}.{key}", {**value, "each": item}


def _pairs(items: Any) -> list[tuple[Any, Any]]:
    return list(items.items() if isinstance(items, dict) else enumerate(items if isinstance(items, list) else ()))


def _with(value: dict[str, Any], path: str, item: Any) -> dict[str, Any]:
    """A copy with another value at the path."""
    if path in value:
        return {**value, path: item}
    dots = [i for i, character in enumerate(path) if character == "." and isinstance(value.get(path[:i]), dict)]
    return {**value, path[: dots[-1]]: _with(value[path[: dots[-1]]], path[dots[-1] + 1 :], item)}


def _together(record: Record, paths: Sequence[str]) -> Iterator[Record | BadRecord]:
    """One record per place in lists of one length."""
    lists = {path.rpartition(".")[2]: lookup(record.value, path) for path in paths}
    lengths = {name: len(items) if isinstance(items, list) else -1 for name, items in lists.items()}
    if len(set(lengths.values())) > 1 or -1 in lengths.values() or 0 in lengths.values():
        told = ", ".join(f"{name}: {length if length >= 0 else 'no list'}" for name, length in lengths.items())
        yield BadRecord(record.file, record.number, "no_items", f"expected lists of one length, got {told}")
        return
    for number, items in enumerate(zip(*lists.values(), strict=True)):
        value = {**record.value, "each": dict(zip(lists, items, strict=True))}
        yield replace(record, key=f"{record.key or record.number}.{number}", value=value)


def _as_id(value: Any) -> str:
    """An id as text: 5, "5" and 5.0 are one; empty for none."""
    if value is MISSING or value is None:
        return ""
    return str(int(value)) if isinstance(value, float | Decimal) and value == int(value) else str(value).strip()
