"""The stage that removes evaluation items: one task over the whole corpus finds the contaminated rows and their near duplicates, and
leaves the evidence.

Memory: the index of the evaluation sets, their texts, and a few bytes a row.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa

from curation.core.decision import KEEP, Decision, drop, keep
from curation.core.parquet import AtomicParquetWriter, read_records
from curation.core.rows import Numbers, Rows
from curation.core.stage import DecideStage, Run
from curation.decontamination.benchmarks import INDEX
from curation.decontamination.matcher import COLUMNS, Match, Matcher
from curation.decontamination.options import Decontaminate
from curation.decontamination.scan import SCAN

EVIDENCE_FILE = "contamination.parquet"
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


class FindContamination(DecideStage):
    """Drops or flags the rows that are items of the evaluation sets, by what the scan found, and the other rows of their clusters."""

    kind: Literal["contamination"] = "contamination"
    options: Decontaminate
    publishes: ClassVar[tuple[str, ...]] = (EVIDENCE_FILE,)

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        matcher = Matcher(rows, run.stages["benchmarks"] / INDEX, run.stages["normalise"] / SCAN, self.options)
        with AtomicParquetWriter(run.folder / EVIDENCE_FILE, EVIDENCE) as evidence:
            contaminated = matcher.contaminated(evidence)
            copies = {}
            if self.options.copies and contaminated:
                copies = _propagate(matcher, contaminated, rows.column("cluster", np.int64), evidence)
        found = {number: ("contaminated", match.detail) for number, match in contaminated.items()}
        found |= {number: ("contaminated_copy", copy.detail) for number, copy in copies.items()}
        for number in range(len(rows)):
            yield self._decision(*found[number]) if number in found else KEEP

    def _decision(self, reason: str, detail: str) -> Decision:
        return keep(f"{reason}: {detail}") if self.options.action == "flag" else drop(reason, detail)

    def summary(self, run: Run) -> dict[str, Any]:
        return {"contamination": contamination_table(run.stages["benchmarks"] / INDEX, run.folder / EVIDENCE_FILE)}


def _propagate(
    matcher: Matcher, contaminated: dict[int, Match], clusters: Numbers, evidence: AtomicParquetWriter
) -> dict[int, Match]:
    """The other rows that share a cluster with a contaminated one."""
    first: dict[int, Match] = {}
    for number, match in contaminated.items():
        first.setdefault(int(clusters[number]), match)
    mates = np.flatnonzero(np.isin(clusters, np.array(list(first))))
    mates = np.setdiff1d(mates, np.array(list(contaminated)))
    copies: dict[int, Match] = {}
    for number, record in matcher.rows.at(mates, [*COLUMNS, "images"]):
        of = first[int(clusters[number])]
        copy = Match(record["id"], of.item, "copy", of.score, f"copy of {of.id}, {of.detail}")
        matcher.write(evidence, record, copy, of.id)
        copies[number] = copy
    return copies


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
