"""Small builds of odd records: every record is a row of the set or a line of the ledger, or the build ends in one line."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml
from hypothesis import strategies as st

from curation.build.build import BuildOptions, build
from curation.core.errors import CurationError
from tests.curation.sources.crafted import put
from tests.curation.sources.malformed import valid_images
from tests.fuzz.readers import LAYOUTS, records

LAYOUT = ("fields", "images", "chat")
inputs = st.tuples(st.sampled_from(LAYOUT), st.lists(records, min_size=2, max_size=6))
ACCEPT = ["bad_rows", "one_gold", "html_in_question", "code_in_question", "cut_questions"]


def check(given: tuple[str, list[list[dict[str, Any]]]]) -> None:
    """Build, and count."""
    layout, rows = given[0], [row for some in given[1] for row in some]
    with tempfile.TemporaryDirectory(prefix="ovr-fuzz-") as made:
        folder = Path(made)
        put(folder / "rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
        put(folder / "p.png", valid_images()["p.png"])
        source = {"kind": "table", "name": "odd", "path": "rows.jsonl", "accept": ACCEPT, **LAYOUTS[layout]}
        (folder / "manifest.yaml").write_text(yaml.safe_dump({"name": "odd", "rl": {"sources": [source]}}))
        try:
            build(folder / "manifest.yaml", folder / "out", BuildOptions())
        except CurationError as error:
            if "failed with" in str(error):  # a task's own exception
                raise
            return
        ledger = pq.read_table(folder / "out/ledger.parquet", columns=["action"]).column("action").to_pylist()
        shards = sum(pq.read_metadata(shard).num_rows for shard in (folder / "out/data").rglob("*.parquet"))
        assert len(ledger) == len(rows)
        assert ledger.count("out") == shards
