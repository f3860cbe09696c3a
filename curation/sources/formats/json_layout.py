"""How a JSON file holds its records: told by a sketch of its first value and by the field that the records must have.

    array     [{...}, {...}]
    by_key    {"id1": {...}, "id2": {...}}
    groups    {"Math": [{...}, ...], "Physics": [...]}; the keys are Math.0, Math.1, ...
    columns   {"question": [...], "answer": [...]} or pandas' {"question": {"0": ...}, "answer": {"0": ...}}
    one       the whole value is one record

Each of them may be in a wrapper, as in {"version": "1.0", "data": [...]}. Groups that are named like splits are no groups: one is chosen.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Literal, NamedTuple

from curation.core.errors import SourceError
from curation.sources.formats.json_text import JsonText
from curation.sources.formats.json_values import decode

Shape = Literal["auto", "array", "by_key", "groups", "columns", "one"]
Has = Callable[[Any], bool]
"""Whether a value is a record: it has the field that the question is read from."""

_FIELDS, _ITEMS, _DEPTH = 64, 3, 7
_SPLIT = re.compile(r"(?i)(train(ing)?|test(ing)?|val(id|idation)?|dev(elopment|el)?|eval(uation)?)\d*([_\-. ].*)?")


class Layout(NamedTuple):
    """Where the records are: the keys that lead to their container, its shape, and the groups to read (all where none is named)."""

    path: tuple[str, ...]
    shape: Shape
    groups: tuple[str, ...] = ()


def has_nothing(value: Any) -> bool:
    """The `Has` of a reader that is not told what a record has."""
    return False


def sketch(text: JsonText) -> Any:
    """The value that comes next with its first keys and items only; it may be cut short or broken."""
    drawn: list[Any] = []
    with suppress(SourceError, ValueError, RecursionError):
        _draw(text, drawn.append, _DEPTH)
    return drawn[0] if drawn else None


def layout_of(drawn: Any, has: Has, split: str, where: str) -> Layout:
    """The layout of a sketched value.

    Raises:
        SourceError: several splits and none is chosen, no split of that name, or several lists that could be meant.
    """
    if split and not (isinstance(drawn, dict) and not has(drawn)):
        raise SourceError(f"{where}: got split {split!r}, but the file has no splits; leave `split` out")
    if not isinstance(drawn, dict):
        alone = isinstance(drawn, list) and has(drawn) and not any(map(has, drawn))
        return Layout((), "one" if alone else "array")
    if has(drawn):
        return Layout((), "columns" if _are_columns(drawn) else "one")
    inner = [key for key, value in drawn.items() if _holds(value, has)]
    if split:
        return _chosen(drawn, inner, has, split, where)
    if not inner:
        return _guessed(drawn)
    if len(inner) > 1 and all(map(_SPLIT.fullmatch, inner)):
        raise SourceError(f"{where} holds the splits {', '.join(inner)}; choose with `split: {inner[0]}`")
    records = [key for key in inner if has(drawn[key])]
    if len(inner) == 1 and (not records or _are_columns(drawn[inner[0]])):
        below = layout_of(drawn[inner[0]], has, "", where)
        return Layout((inner[0], *below.path), below.shape, below.groups)
    if len(records) == len(inner):
        return Layout((), "by_key")
    if records or not all(any(map(has, _children(drawn[key]))) for key in inner):
        raise SourceError(
            f"{where} holds records at {', '.join(inner[:9])}; name the place of those to read by `records`"
        )
    return Layout((), "groups")


def spread(key: str, value: Any, has: Has) -> Iterator[tuple[str, Any]]:
    """The records that an item of a container stands for: itself, what it wraps, what is written in it, or those of a list in the list.

    >>> list(spread("", {"Problem_1": {"q": "Q?"}}, lambda value: "q" in value))
    [('Problem_1', {'q': 'Q?'})]
    """
    if has(value):
        yield key, value
    elif isinstance(value, dict) and {"row_idx", "row"} <= value.keys() and not value.get("truncated_cells"):
        yield key, value["row"]
    elif isinstance(value, dict) and len(value) == 1 and isinstance(inner := next(iter(value.values())), dict):
        yield next(iter(value)), inner
    elif isinstance(value, dict) and len(value) == 1 and any(map(has, _children(next(iter(value.values()))))):
        for number, item in enumerate(next(iter(value.values()))):
            yield f"{next(iter(value))}.{number}", item
    elif isinstance(value, str) and has(inner := _written(value)):
        yield key, inner
    elif isinstance(value, list) and value and all(isinstance(item, dict | list) for item in value):
        for number, item in enumerate(value):
            yield from spread(f"{key}.{number}" if key else "", item, has)
    else:
        yield key, value


def is_wrapped(value: Any, has: Has) -> bool:
    """Whether an object is around a list of records in a way that `spread` does not know: a page with its counts, for instance."""
    if not isinstance(value, dict) or any(has(record) for _, record in spread("", value, has)):
        return False
    return any(_holds(child, has) if isinstance(child, list) else is_wrapped(child, has) for child in value.values())


def _written(text: str) -> Any:
    """The object that a text holds as JSON, else the text."""
    if text.lstrip().startswith("{"):
        with suppress(ValueError, RecursionError):
            return decode(text.encode("utf-8", "surrogatepass"))
    return text


def _draw(text: JsonText, put: Callable[[Any], None], depth: int) -> None:
    """Read one value and put down its sketch, before what is in it: a cut leaves what came."""
    first = text.peek()
    if first not in (b"{", b"[") or not depth:
        if depth:
            put(decode(text.take()))
        else:
            text.skip()
            put(None)
        return
    drawn: Any = {} if first == b"{" else []
    put(drawn)
    text.enter()
    while not text.at_end:
        if len(drawn) < (_FIELDS if first == b"{" else _ITEMS):
            _draw(text, partial(drawn.__setitem__, key_of(text)) if first == b"{" else drawn.append, depth - 1)
        elif depth == _DEPTH:
            return
        else:
            text.leave_early()
            return
    text.leave()


def key_of(text: JsonText) -> str:
    """The key that comes next; one without quotes is text, too."""
    raw = text.key()
    try:
        return str(decode(raw))
    except json.JSONDecodeError:
        return raw.decode(errors="replace")


def _chosen(drawn: dict[str, Any], inner: list[str], has: Has, split: str, where: str) -> Layout:
    names = tuple(name.strip() for name in split.split("+"))
    if unknown := [name for name in names if name not in drawn]:
        raise SourceError(f"{where}: no split {unknown[0]!r}; it has {', '.join(inner or list(drawn)[:9])}")
    if len(names) > 1:
        return Layout((), "groups", names)
    below = layout_of(drawn[split], has, "", where)
    return Layout((split, *below.path), below.shape, below.groups)


def _holds(value: Any, has: Has, depth: int = 4) -> bool:
    """Whether the value is a record or a container of some."""
    return has(value) or (depth > 0 and any(_holds(child, has, depth - 1) for child in _children(value)))


def _children(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _guessed(drawn: dict[str, Any]) -> Layout:
    """The layout by its structure alone, where nothing has the field: the message about that names what there is."""
    values = list(drawn.values())
    if _are_columns(drawn) and not any(isinstance(item, dict) for value in values for item in _children(value)):
        return Layout((), "columns")
    if all(isinstance(value, dict) for value in values):
        return Layout((), "by_key")
    lists = [key for key, value in drawn.items() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(lists) == len(values):
        return Layout((), "groups")
    return Layout((lists[0],), "array") if len(lists) == 1 else Layout((), "one")


def _are_columns(drawn: Any) -> bool:
    """Whether every value is a column: a list, but none of a conversation's turns, or what pandas writes for one."""
    values = drawn.values() if isinstance(drawn, dict) else [None]
    turns = any(
        isinstance(item, dict) and {"role", "from"} & item.keys() for value in values for item in _children(value)
    )
    are = all(isinstance(v, list) or (isinstance(v, dict) and v and all(map(str.isdigit, v))) for v in values)
    return are and not turns
