"""Records that hold several rows (`explode`), and records that go with another file of their folder (`join`)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from curation.core.errors import BadRowError
from curation.sources.formats.expression import MISSING, lookup
from curation.sources.formats.folder import read_below
from curation.sources.formats.limits import MAX_WHOLE_BYTES
from curation.sources.formats.record import BadRecord, Record


def joined_with(record: Record, files: Mapping[str, str]) -> Record | BadRecord:
    """The record with the named JSON files of its folder added under their names."""
    value = dict(record.value) if isinstance(record.value, dict) else {"value": record.value}
    for name, file in files.items():
        try:
            value[name] = json.loads(read_below(record.folder or Path(), file, (), MAX_WHOLE_BYTES))
        except (BadRowError, ValueError, RecursionError) as error:
            return BadRecord(record.file, record.number, "beside_unreadable", f"{file}: {error}")
    return replace(record, value=value)


def exploded(record: Record, path: str) -> Iterator[Record | BadRecord]:
    """One record per item of a list or dict, which it then holds as `each`; the key gets the item's number or key after a dot."""
    items = lookup(record.value, path)
    pairs = list(items.items() if isinstance(items, dict) else enumerate(items if isinstance(items, list) else ()))
    if not pairs:
        got = "nothing" if items is MISSING else repr(items)[:80]
        yield BadRecord(record.file, record.number, "no_items", f"expected a list at {path!r}, got {got}")
    for key, item in pairs:
        value = {**(record.value if isinstance(record.value, dict) else {}), "each": item}
        yield replace(record, key=f"{record.key or record.number}.{key}", value=value)
