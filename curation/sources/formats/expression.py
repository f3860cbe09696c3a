"""Field expressions: how a manifest names a value inside a record.

    question                  a field
    prompt.0.content          a dotted path; numbers index lists (-1 is the last)
    {hint}\\n{question}        a template of paths; a part that is missing or null is empty
    $key  $line  $file  $stem the dict key, the record's number, the file's name with and without folder and extension
    =DeepSeek-R1              a constant

A key that itself contains dots (a URL as a column name) works too: the longest key that fits wins. NaN, which pandas writes where
nothing is, is null; a list of texts in a template has a line for each.
"""

import math
import re
from pathlib import PurePosixPath
from typing import Any

from curation.core.errors import BadRowError
from curation.sources.formats.record import Record, Unreadable

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "<missing>", "__bool__": lambda self: False})()
"""What `evaluate` returns where a record has no such field; a field that is null gives None."""

_PART = re.compile(r"\{([^{}]+)\}")


def evaluate(expression: str, record: Record, whole: bool = False) -> Any:
    """The value that an expression names in a record, or MISSING; with `whole`, also where a part of a template is missing or null.

    >>> evaluate("a.1", Record("f.json", None, 1, "", {"a": [5, 6]}))
    6

    Raises:
        BadRowError: a value that could not be read, or a template names an object, or a list of other than texts and numbers.
    """
    if expression.startswith("="):
        return expression[1:]
    if parts := _PART.findall(expression):
        if whole and any(_atom(part, record) in (MISSING, None, "") for part in parts):
            return MISSING
        return _PART.sub(lambda part: _as_text(_atom(part[1], record)), expression)
    return _atom(expression, record)


def fields_in(expression: str) -> list[str]:
    """The fields of a record that an expression names.

    >>> fields_in("{hint} {$key} {question}"), fields_in("=DeepSeek-R1"), fields_in("choices.text")
    (['hint', 'question'], [], ['choices.text'])
    """
    if expression.startswith("="):
        return []
    return [name for name in _PART.findall(expression) or [expression] if name and not name.startswith("$")]


def lookup(value: Any, path: str) -> Any:
    """Follow a dotted path through dicts and lists; MISSING where it leads nowhere, Unreadable where it leads through such a value."""
    if isinstance(value, dict):
        if path in value:
            return value[path]
        for dot in reversed([i for i, character in enumerate(path) if character == "."]):
            if path[:dot] in value:
                return lookup(value[path[:dot]], path[dot + 1 :])
    elif isinstance(value, list):
        head, _, tail = path.partition(".")
        if re.fullmatch(r"-?\d+", head) and -len(value) <= int(head) < len(value):
            return lookup(value[int(head)], tail) if tail else value[int(head)]
    return value if isinstance(value, Unreadable) else MISSING


def _atom(name: str, record: Record) -> Any:
    match name:
        case "$key":
            return record.key or MISSING
        case "$line":
            return record.number
        case "$file":
            return record.file
        case "$stem":
            return PurePosixPath(record.file).stem
        case _:
            value = lookup(record.value, name)
            if isinstance(value, Unreadable):
                raise BadRowError("value_unreadable", f"{name}: {value.why}")
            return _without_nan(value)


def _without_nan(value: Any) -> Any:
    """The value with null for every NaN."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return value


def _as_text(value: Any) -> str:
    if value is MISSING or value is None:
        return ""
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        return "\n".join(map(_as_text, value))
    if isinstance(value, list | dict):
        what = f"a template names {str(value)[:80]}, which is no text; name what is in it by a dotted path"
        raise BadRowError("template_not_text", what)
    return str(value)
