"""What of the sources is in the evaluation sets: the evidence, counted.

A row counts once in each benchmark that has evidence against it; every row counts in `all` at most once. A row is told from others by its
source and `source_id`, which no two rows of a build share. The evidence has a row's strongest match in each benchmark, and of a copy the
benchmark of the row that it is a copy of.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from curation.core.parquet import read_records

FLAGGED = ("possible_paraphrase",)
"""Kinds that drop nothing."""


class Hit(NamedTuple):
    """A line of evidence without its texts and pictures."""

    source: str
    source_id: str
    benchmark: str
    benchmark_item: str
    kind: str


def read_hits(evidence: Path) -> list[Hit]:
    """The lines of `contamination.parquet`, in order."""
    return [Hit(**line) for line in read_records(evidence, list(Hit._fields), 10_000)]


def overlap_table(hits: Iterable[Hit], rows: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Source -> {rows, all, benchmarks: {benchmark: counts}}, for the summary; `all` and each benchmark have {rows, share, kinds}.

    `rows` is the number of rows of every source that came into the stage. The counts are of rows that were dropped, or flagged where the
    manifest says so, and their share of the source. `kinds` has the rows of each kind of evidence: a row with two kinds counts in both, and
    `possible_paraphrase`, which drops nothing, counts there alone.
    """
    found: dict[str, dict[str, list[Hit]]] = {source: defaultdict(list) for source in sorted(rows)}
    for hit in hits:
        found[hit.source][hit.benchmark].append(hit)
    return {
        source: {
            "rows": rows[source],
            "all": _counts([hit for of_one in benchmarks.values() for hit in of_one], rows[source]),
            "benchmarks": {name: _counts(benchmarks[name], rows[source]) for name in sorted(benchmarks)},
        }
        for source, benchmarks in found.items()
    }


def _counts(hits: list[Hit], n_rows: int) -> dict[str, Any]:
    """{rows, share, kinds} of the hits of one source."""
    contaminated = {hit.source_id for hit in hits if hit.kind not in FLAGGED}
    kinds = Counter(kind for _, kind in {(hit.source_id, hit.kind) for hit in hits})
    return {"rows": len(contaminated), "share": len(contaminated) / n_rows, "kinds": dict(sorted(kinds.items()))}


def contamination_table(index: Path, hits: Iterable[Hit]) -> dict[str, dict[str, Any]]:
    """Benchmark -> {rows, unreadable, contaminated: {source: {kind: rows}}, items_hit}, for the summary.

    `contaminated` has what is only possible under its kind; `items_hit` does not count it.
    """
    tables: dict[str, dict[str, Any]] = json.loads((index / "benchmarks.json").read_text())
    hits = list(hits)
    counts = Counter((hit.benchmark, hit.source, hit.kind) for hit in hits)
    items = Counter(
        benchmark for benchmark, _ in {(hit.benchmark, hit.benchmark_item) for hit in hits if hit.kind not in FLAGGED}
    )
    for name, table in tables.items():
        table["contaminated"] = {}
        table["items_hit"] = items[name]
    for (benchmark, source, kind), rows in sorted(counts.items()):
        tables[benchmark]["contaminated"].setdefault(source, {})[kind] = rows
    return tables
