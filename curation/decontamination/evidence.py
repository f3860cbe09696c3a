"""`contamination.parquet`: a line for every match, with what a reader needs to check it; and the table per benchmark."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.core.parquet import read_records

EVIDENCE = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "source", "source_id", "benchmark", "benchmark_item", "kind")),
        ("score", pa.float32()),
        *((name, pa.string()) for name in ("row_text", "benchmark_text")),
        *((name, pa.binary()) for name in ("row_picture", "benchmark_picture")),
        ("copy_of", pa.string()),
    ]
)
"""kind is exact, near, template, picture or copy; a copy is a near duplicate of the contaminated row `copy_of`. Score: the weighted share
of the item's 3-grams that the row has, 1 for exact; for a picture the similarity of the two images."""


def contamination_table(index: Path, evidence: Path) -> dict[str, dict[str, Any]]:
    """Benchmark -> {rows, unreadable, contaminated: {source: {kind: rows}}, items_hit}, for the summary."""
    tables: dict[str, dict[str, Any]] = json.loads((index / "benchmarks.json").read_text())
    lines = list(read_records(evidence, ["source", "benchmark", "benchmark_item", "kind"], 10_000))
    counts = Counter((line["benchmark"], line["source"], line["kind"]) for line in lines)
    items = {(line["benchmark"], line["benchmark_item"]) for line in lines}
    for name, table in tables.items():
        table["contaminated"] = {}
        for (benchmark, source, kind), rows in sorted(counts.items()):
            if benchmark == name:
                table["contaminated"].setdefault(source, {})[kind] = rows
        table["items_hit"] = sum(benchmark == name for benchmark, _ in items)
    return tables
