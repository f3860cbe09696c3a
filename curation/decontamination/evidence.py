"""`contamination.parquet`: a line for every conviction, with what a reader needs to check it; and the table per benchmark."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.core.parquet import AtomicParquetWriter, read_records

EVIDENCE = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("source_id", pa.string()),
        ("benchmark", pa.string()),
        ("benchmark_item", pa.string()),
        ("kind", pa.string()),
        ("score", pa.float32()),
        ("row_text", pa.string()),
        ("benchmark_text", pa.string()),
        ("row_picture", pa.binary()),
        ("benchmark_picture", pa.binary()),
        ("copy_of", pa.string()),
    ]
)
"""kind is exact, near, template, picture or copy; a copy is a near duplicate of the convicted row `copy_of`. Score: the weighted share of
the item's 3-grams that the row has, 1 for exact; for a picture the likeness of the two."""


def write_evidence(path: Path, of_configs: Mapping[str, Path]) -> None:
    """The evidence of all configs in one file, with the config in front."""
    schema = EVIDENCE.insert(0, pa.field("config", pa.string()))
    with AtomicParquetWriter(path, schema) as writer:
        for config, file in of_configs.items():
            for line in read_records(file):
                writer.write(
                    {"config": config, **line}, sum(len(value) for value in line.values() if isinstance(value, bytes))
                )


def contamination_table(index: Path, evidence: Path) -> dict[str, dict[str, Any]]:
    """Benchmark -> {rows, unreadable, convicted: {source: {kind: rows}}, items_hit}, for the summary."""
    told: dict[str, dict[str, Any]] = json.loads((index / "benchmarks.json").read_text())
    for name, lines in _by_benchmark(read_records(evidence, ["source", "benchmark", "benchmark_item", "kind"], 10_000)):
        convicted: dict[str, dict[str, int]] = {}
        for line in lines:
            kinds = convicted.setdefault(line["source"], {})
            kinds[line["kind"]] = kinds.get(line["kind"], 0) + 1
        told[name]["convicted"] = {source: dict(sorted(kinds.items())) for source, kinds in sorted(convicted.items())}
        told[name]["items_hit"] = len({line["benchmark_item"] for line in lines})
    for table in told.values():
        table.setdefault("convicted", {})
        table.setdefault("items_hit", 0)
    return told


def _by_benchmark(lines: Iterable[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        grouped.setdefault(line["benchmark"], []).append(line)
    return sorted(grouped.items())
