"""The columns of records: every path that a field expression can name, with its values and what they look like."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

from curation.sources.formats.expression import lookup
from curation.sources.formats.record import Record

MAX_COLUMNS, MAX_DEPTH = 400, 4
_UNSAYABLE = re.compile(r"[{}]|\A[$=]|\A\s*\Z")
"""Keys that an expression would take for something else."""
_ASKS = re.compile(
    r"[?？]|\b(?:what|which|who|how|why|when|where|find|compute|calculate|determine|evaluate|solve|prove|show|choose|select|identify"
    r"|express|simplify|suppose|let|given)\b|求|哪|什么|多少|计算|证明|下列|正确的是|（\s*）|___|\.\.\.",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Column:
    """A path and its values, one for every record; None where a record has none or null."""

    path: str
    values: Sequence[Any]

    @cached_property
    def filled(self) -> list[Any]:
        return [value for value in self.values if value is not None and value != "" and value != []]

    @property
    def share(self) -> float:
        """Share of the records that have a value."""
        return len(self.filled) / max(len(self.values), 1)

    @cached_property
    def texts(self) -> list[str]:
        """The values that are text or numbers, as text."""
        return [
            str(v).strip() for v in self.filled if isinstance(v, str | int | float) or type(v).__name__ == "Decimal"
        ]

    @property
    def is_scalar(self) -> bool:
        return len(self.texts) >= 0.8 * max(len(self.filled), 1) and bool(self.filled)

    @property
    def is_text(self) -> bool:
        return bool(self.filled) and sum(isinstance(v, str) for v in self.filled) >= 0.8 * len(self.filled)

    @cached_property
    def length(self) -> float:
        """The median length in characters."""
        return median(map(len, self.texts)) if self.texts else 0.0

    @cached_property
    def distinct(self) -> float:
        return len(set(self.texts)) / max(len(self.texts), 1)

    @property
    def is_constant(self) -> bool:
        return len(self.texts) > 3 and len(set(self.texts)) == 1

    @cached_property
    def asks(self) -> float:
        """Share of the texts that read like a question or a task."""
        return self.matching(_ASKS)

    def matching(self, pattern: str | re.Pattern[str]) -> float:
        """Share of the texts in which a pattern is found."""
        return sum(bool(re.search(pattern, text)) for text in self.texts) / max(len(self.texts), 1)

    @cached_property
    def name(self) -> str:
        """The last part of the path that is a word, in lower case with `_` between words: `answer_key` for `x.answerKey`."""
        parts = [part for part in self.path.split(".") if not re.fullmatch(r"-?\d+", part)]
        return snake(parts[-1] if parts else self.path)


def snake(name: str) -> str:
    """A name in lower case with `_` between its words.

    >>> snake("answerKey"), snake("Answer (final answer highlighted)"), snake("QID")
    ('answer_key', 'answer_final_answer_highlighted', 'qid')
    """
    return re.sub(r"\W+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)).strip("_").lower()


def columns_of(records: Sequence[Record]) -> list[Column]:
    """The columns of records, in the order in which they first come."""
    paths: dict[str, None] = {}
    for record in records:
        for path in _paths(record.value, "", 0):
            if len(paths) < MAX_COLUMNS:
                paths.setdefault(path)
    found = [Column(path, [_value(record, path) for record in records]) for path in paths]
    return [column for column in found if column.filled]


def _value(record: Record, path: str) -> Any:
    value = lookup(record.value, path)
    return None if not isinstance(value, bool) and not value and value != 0 else value


def _paths(value: Any, prefix: str, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or _UNSAYABLE.search(key):
                continue
            yield f"{prefix}{key}"
            yield from _paths(item, f"{prefix}{key}.", depth + 1)
    elif isinstance(value, list) and not prefix:
        for number, item in enumerate(value[:30]):
            yield str(number)
            yield from _paths(item, f"{number}.", depth + 1)
    elif isinstance(value, list) and value and isinstance(value[0], dict | str):
        for number in dict.fromkeys((0, -1)):
            yield f"{prefix}{number}"
            yield from _paths(value[number], f"{prefix}{number}.", depth + 1)
