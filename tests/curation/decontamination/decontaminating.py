"""Runs the three steps of decontamination over rows in memory, as a build does."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from curation.core.decision import Decision
from curation.core.parquet import read_records
from curation.core.row import Row, from_document, make_row, to_document
from curation.decontamination.benchmarks import INDEX, ReadBenchmarks
from curation.decontamination.decide import EVIDENCE_FILE, FLAGGED, FindContamination
from curation.decontamination.options import Decontaminate
from curation.decontamination.scan import SCAN, ScanContamination
from curation.dedup.search import FindClusters
from tests.curation.stages import decisions, stored


@dataclass
class Outcome:
    """What the decision left."""

    decisions: list[Decision]
    evidence: list[dict[str, Any]]
    index: Path
    evidence_file: Path

    def of(self, source: str, benchmark: str = "") -> set[str]:
        """The source_ids of a source's contaminated rows; those that are only flagged aside."""
        dropped = [e for e in self.evidence if e["kind"] not in FLAGGED]
        lines = [e for e in dropped if e["source"] == source and e["benchmark"].startswith(benchmark)]
        return {line["source_id"] for line in lines}


def decontaminate(
    tasks: Sequence[Sequence[Row]], options: Decontaminate, folder: Path, labels: Sequence[int] | None = None
) -> Outcome:
    """Index, scan (a task for each sequence of rows) and decide; `labels` are the clusters, by default each row is one of its own."""
    stages = {"benchmarks": folder / "benchmarks", "normalise": folder / "normalise"}
    list(ReadBenchmarks(options, 0, stages["benchmarks"] / INDEX).run(None))
    scan, clusters = (
        ScanContamination(stages["benchmarks"] / INDEX, stages["normalise"] / SCAN),
        iter(labels or count()),
    )
    scanned = [
        [
            replace(from_document(document), extra={"cluster": next(clusters)})
            for document in scan.run(map(to_document, task), rank)
        ]
        for rank, task in enumerate(tasks)
    ]
    rows = stored(scanned, stages["normalise"] / "rows", FindClusters.adds)
    made = decisions(FindContamination(options=options), rows, folder / "contamination", stages=stages)
    evidence = folder / "contamination" / EVIDENCE_FILE
    return Outcome(made, list(read_records(evidence)), stages["benchmarks"] / INDEX, evidence)


def benchmark(folder: Path, name: str, questions: Sequence[str]) -> dict[str, Any]:
    """A benchmark of a few questions of our own, as a manifest would name it."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps([{"question": question} for question in questions]))
    return {"kind": "table", "name": name, "path": str(path), "fields": {"question": "question"}}


def row(question: str, number: int = 0, source: str = "corpus", **fields: Any) -> Row:
    return make_row(source=source, source_id=str(number), question=question, **fields)
