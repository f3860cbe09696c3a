"""Files of every format, damaged or of odd values: rows, counted drops or one clear line; of each whole record, one of the two."""

import csv
import io
import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from curation.core.errors import CurationError
from curation.core.row import Row
from curation.sources.table import Table
from tests.curation.sources.crafted import in_memory, put, tarred, zipped
from tests.curation.sources.damage import mutants
from tests.curation.sources.malformed import FIELDS, records_files, valid_images

MAX_CPU_S = 10.0
CHAT = [
    {"role": "user", "content": "<image>How many?"},
    {"role": "assistant", "content": "<think>2</think> \\boxed{2}"},
]
LAYOUTS: dict[str, dict[str, Any]] = {
    "fields": {"fields": FIELDS},
    "options": {"fields": {**FIELDS, "options": "o"}, "gold": {"required": False}},
    "images": {"fields": {**FIELDS, "images": "i"}},
    "chat": {"fields": {"question": "m", "answer": "a"}},
    "traces": {"fields": {**FIELDS, "completion": "m"}, "gold": {"required": False}},
    "paths": {"fields": {"question": "x.q", "answer": "x.a[0]"}},
    "explode": {"explode": "x", "fields": FIELDS},
    "template": {"fields": {"question": "{q} {x}", "answer": "{a}"}},
}
"""Options of the table by name. Of all but `explode` a record is one row or one drop."""

texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", " ", "\0", "\ud800", "nan", "null", "None", "1e999", "A", "<image>", "[1, 2]", "{'a': 1}", "../x.png", "p.png", "$x$"]),
)  # fmt: skip
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
USUAL = {"q": "What is it?", "a": "2", "o": ["x", "y"], "i": "p.png", "m": CHAT, "x": {"q": "?", "a": ["1"]}}
records = st.lists(
    st.builds(
        lambda odd, gone: {name: value for name, value in {**USUAL, **odd}.items() if name not in gone},
        st.dictionaries(st.sampled_from(sorted(USUAL)), values, max_size=2),
        st.one_of(st.just(set()), st.sets(st.sampled_from(sorted(USUAL)), max_size=1)),
    ),
    min_size=1,
    max_size=5,
)

Damaged = tuple[str, str, int]
"""File, layout, seed of the damage."""
Odd = tuple[str, str, list[dict[str, Any]]]
"""Format, layout, records."""

damaged = st.tuples(
    st.sampled_from(sorted(records_files())), st.sampled_from(sorted(LAYOUTS)), st.integers(0, 2**32)
)  # fmt: skip
odd = st.tuples(
    st.sampled_from(["lines.jsonl", "array.json", "table.csv", "rows.parquet", "set.zip", "set.tar"]),
    st.sampled_from(sorted(LAYOUTS)),
    records,
)
inputs = st.one_of(damaged, odd)


def check(given: Damaged | Odd) -> None:
    """Read what was made, and hold the reader to what it promises."""
    name, layout, what = given
    data = (
        next(mutants(records_files()[name], random.Random(what), 1)) if isinstance(what, int) else written(name, what)
    )
    if data is None:
        return
    with tempfile.TemporaryDirectory(prefix="ovr-fuzz-") as folder:
        put(Path(folder) / "p.png", valid_images()["p.png"])
        started = time.process_time()
        rows, drops, error = read(put(Path(folder) / name, data), LAYOUTS[layout])
        spent = time.process_time() - started
    assert spent < MAX_CPU_S, f"{spent:.1f} s of CPU"
    assert "\n" not in error, error
    assert len(error) < 1000, error
    if not isinstance(what, int) and not error and layout != "explode" and name != "table.csv":
        assert rows + drops == len(what), (rows, drops)


def read(path: Path, layout: dict[str, Any]) -> tuple[int, int, str]:
    """Rows, drops, and the line that ended it. Whatever else is raised goes on to the caller."""
    rows = drops = 0
    try:
        source = Table.model_validate({"kind": "table", "on_truncated": "keep", **layout, "path": str(path)})
        source.inputs()
        for row in source.read(seed=0):
            rows += isinstance(row, Row)
            drops += not isinstance(row, Row)
            if isinstance(row, Row):
                "".join(turn.content for turn in row.prompt).encode()  # it can be written
    except CurationError as error:
        return rows, drops, str(error)
    return rows, drops, ""


def written(name: str, rows: list[dict[str, Any]]) -> bytes | None:
    """A file of these records; None where the format cannot hold them."""
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    try:
        match name:
            case "lines.jsonl":
                return lines
            case "array.json":
                return json.dumps(rows).encode()
            case "set.zip":
                return zipped({"a.jsonl": lines})
            case "set.tar":
                return tarred({"a.jsonl": lines})
            case "rows.parquet":
                return in_memory(lambda out: pq.write_table(pa.Table.from_pylist(rows), out))
            case _:
                return _csv(rows)
    except (pa.ArrowException, UnicodeError, csv.Error, OverflowError, TypeError):
        return None


def _csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, sorted({key for row in rows for key in row} or {"q"}))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
