"""The decision: one task over the whole corpus finds the contaminated rows and their near duplicates, and leaves the evidence.

Memory: the index of the evaluation sets, their texts, and a few bytes a row.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.errors import BuildError
from curation.core.parquet import AtomicParquetWriter, write_records
from curation.core.schema import DECISION
from curation.decontamination.evidence import EVIDENCE
from curation.decontamination.matcher import COLUMNS, Match, Matcher
from curation.decontamination.options import Decontaminate
from curation.decontamination.rows import Numbers, RowFiles
from curation.dedup import Clusters


class Search(Protocol):
    """Finds the clusters of near duplicates, see `curation.dedup.ClusterSearch`."""

    def run(self) -> Clusters: ...


class DecideContamination(PipelineStep):  # type: ignore[misc]
    """Writes a decision line for every row of `files` to `folder`, with its cluster, and the evidence to `evidence`.

    `scans` is the folder that `ScanContamination` filled when `files` were written. Without a search every row is a cluster of its own.
    """

    type, name = "decision", "contamination"

    def __init__(
        self, files: list[Path], index: Path, scans: Path, folder: Path, evidence: Path, options: Decontaminate,
        search: Search | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.files, self.index, self.scans, self.folder = files, index, scans, folder
        self.evidence, self.options, self.search = evidence, options, search

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        rows = RowFiles(self.files)
        clusters = self.search.run() if self.search else Clusters(np.arange(rows.n_rows, dtype=np.uint32))
        labels = clusters.labels.astype(np.int64)
        if len(labels) != rows.n_rows:
            raise BuildError(f"got {len(labels)} cluster labels, expected one for each of {rows.n_rows} rows")
        matcher = Matcher(rows, self.index, self.scans, self.options)
        with AtomicParquetWriter(self.evidence, EVIDENCE) as evidence:
            contaminated = matcher.contaminated(evidence)
            copies = _propagate(matcher, contaminated, labels, evidence) if self.options.copies else {}
        found = {number: ("contaminated", match.detail) for number, match in contaminated.items()}
        found |= {number: ("contaminated_copy", copy.detail) for number, copy in copies.items()}
        for start, end, file in zip(rows.starts.tolist(), rows.starts[1:].tolist(), rows.files, strict=False):
            lines = (
                {**self._decision(found.get(number)), "cluster": clusters.name(number)} for number in range(start, end)
            )
            write_records(self.folder / file.name, DECISION, lines)
        yield from ()

    def _decision(self, found: tuple[str, str] | None) -> dict[str, str]:
        if not found:
            return {"action": "keep", "reason": "", "detail": ""}
        reason, detail = found
        if self.options.action == "flag":
            return {"action": "keep", "reason": "", "detail": "", "note": f"{reason}: {detail}"}
        return {"action": "dropped", "reason": reason, "detail": detail}


def _propagate(
    matcher: Matcher, contaminated: dict[int, Match], labels: Numbers, evidence: AtomicParquetWriter
) -> dict[int, Match]:
    """The other rows that share a cluster with a contaminated one."""
    first: dict[int, Match] = {}
    for number, match in contaminated.items():
        first.setdefault(int(labels[number]), match)
    mates = np.flatnonzero(np.isin(labels, np.array(list(first), labels.dtype)))
    mates = np.setdiff1d(mates, np.array(list(contaminated), np.int64))
    copies: dict[int, Match] = {}
    for number, record in matcher.rows.at(mates, [*COLUMNS, "images"]):
        of = first[int(labels[number])]
        copy = Match(record["id"], of.item, "copy", of.score, f"copy of {of.id}, {of.detail}")
        matcher.write(evidence, record, copy, of.id)
        copies[number] = copy
    return copies
