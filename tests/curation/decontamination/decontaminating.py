"""Runs the three steps of decontamination over rows in memory, as a build does."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from curation.core.parquet import read_records
from curation.core.row import Row, make_row, to_document
from curation.core.write import WriteRows, written_rows
from curation.decontamination.benchmarks import ReadBenchmarks
from curation.decontamination.decide import DecideContamination
from curation.decontamination.options import Decontaminate
from curation.decontamination.scan import ScanContamination
from curation.dedup import Clusters


@dataclass
class Outcome:
    """What the decision left."""

    decisions: list[dict[str, Any]]
    evidence: list[dict[str, Any]]
    index: Path
    evidence_file: Path

    def of(self, source: str, benchmark: str = "") -> set[str]:
        """The source_ids of a source's contaminated rows."""
        lines = [e for e in self.evidence if e["source"] == source and e["benchmark"].startswith(benchmark)]
        return {line["source_id"] for line in lines}


@dataclass(frozen=True)
class Known:
    """Clusters that are known beforehand."""

    labels: Sequence[int]
    copies: Sequence[int] | None

    def run(self) -> Clusters:
        copies = None if self.copies is None else np.array(self.copies, np.uint32)
        return Clusters(np.array(self.labels, np.uint32), copies)


def decontaminate(
    tasks: Sequence[Sequence[Row]],
    options: Decontaminate,
    folder: Path,
    labels: Sequence[int] | None = None,
    copies: Sequence[int] | None = None,
) -> Outcome:
    """Index, scan (a task for each sequence of rows) and decide; `labels` and `copies` are what dedup found."""
    index, scans, rows = folder / "index", folder / "scans", folder / "rows"
    list(ReadBenchmarks(options, 0, index).run(None))
    for rank, task in enumerate(tasks):
        scan = ScanContamination(index, scans)
        list(WriteRows(rows).run(scan.run(map(to_document, task), rank), rank))
    files, evidence = list(written_rows(rows)), folder / "contamination.parquet"
    search = None if labels is None else Known(labels, copies)
    list(DecideContamination(files, index, scans, folder / "decisions", evidence, options, search).run(None))
    lines = [line for file in files for line in read_records(folder / "decisions" / file.name)]
    return Outcome(lines, list(read_records(evidence)), index, evidence)


def benchmark(folder: Path, name: str, questions: Sequence[str]) -> dict[str, Any]:
    """A benchmark of a few questions of our own, as a manifest would name it."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps([{"question": question} for question in questions]))
    return {"kind": "table", "name": name, "path": str(path), "fields": {"question": "question"}}


def row(question: str, number: int = 0, source: str = "corpus", **fields: Any) -> Row:
    return make_row(source=source, source_id=str(number), question=question, **fields)
