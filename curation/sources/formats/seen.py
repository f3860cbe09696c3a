"""Whether any record has the fields that a mapping names: a field that none has is a mistake in the manifest, not a row without a value."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from curation.core.errors import nearest
from curation.sources.formats.expression import MISSING, fields_in, lookup
from curation.sources.formats.record import Record

_LISTED = 100
"""Records whose fields a message lists."""


class FieldsSeen:
    """Looks at records until each field was in one of them, be it null.

    `named` are (option, expression): ("fields.question", "{hint} {question}").
    """

    def __init__(self, named: Iterable[tuple[str, str]]) -> None:
        self.unseen = {field: option for option, expression in named for field in fields_in(expression)}
        self._known, self._count, self._width, self._file = dict[str, None](), 0, 0, ""

    def look(self, record: Record) -> None:
        """Take note of the fields of one more record."""
        self._count += 1
        if not self.unseen:
            return
        for field in [field for field in self.unseen if lookup(record.value, field) is not MISSING]:
            del self.unseen[field]
        if self._count <= _LISTED:
            self._known |= dict.fromkeys(_paths(record.value))
            self._width, self._file = len(record.value) if isinstance(record.value, list) else 0, record.file

    def missing(self) -> str:
        """What to tell of the fields that no record had; empty where each was seen, or there was no record."""
        if not self.unseen or not self._count:
            return ""
        names = ", ".join(f"{field!r} ({option})" for field, option in self.unseen.items())
        top = [path for path in self._known if "." not in path or path not in self._nested()]
        has = f"they have: {', '.join(top)[:400]}" if top else f"they are {self._kind()}"
        near = nearest(next(iter(self.unseen)), self._known)
        if PurePosixPath(self._file).suffix.lower() in (".csv", ".tsv"):
            near += "; where the file has no header line, name its columns by `csv: {columns: [...]}`"
        return f"no row has {names}; {has}{near}"

    def _nested(self) -> set[str]:
        return {path for path in self._known if path.rpartition(".")[0] in self._known}

    def _kind(self) -> str:
        return f"lists, whose items are 0 to {self._width - 1}" if self._width else "neither objects nor lists"


def _paths(value: Any, depth: int = 2) -> list[str]:
    """The keys of a record and those below, dotted."""
    if not isinstance(value, dict):
        return []
    below = [f"{key}.{path}" for key, child in value.items() if depth > 1 for path in _paths(child, depth - 1)]
    return [*map(str, value), *below]
