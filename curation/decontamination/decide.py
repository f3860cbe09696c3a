"""The decision: one task over the whole corpus convicts rows, condemns their near duplicates, and leaves the evidence.

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
from curation.decontamination.convict import COLUMNS, Conviction, Court
from curation.decontamination.evidence import EVIDENCE
from curation.decontamination.options import Decontaminate
from curation.decontamination.rows import Numbers, RowFiles
from curation.decontamination.verdict import Verdict
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
        court = Court(rows, self.index, self.scans, self.options)
        with AtomicParquetWriter(self.evidence, EVIDENCE) as evidence:
            convicted = court.convict(evidence)
            copies = _condemn(court, convicted, labels, evidence) if self.options.copies else {}
        found = {number: ("contaminated", conviction.told) for number, conviction in convicted.items()}
        found |= {number: ("contaminated_copy", copy.told) for number, copy in copies.items()}
        for start, end, file in zip(rows.starts.tolist(), rows.starts[1:].tolist(), rows.files, strict=False):
            lines = (
                {**self._decision(found.get(number)), "cluster": clusters.name(number)} for number in range(start, end)
            )
            write_records(self.folder / file.name, DECISION, lines)
        yield from ()

    def _decision(self, found: tuple[str, str] | None) -> dict[str, str]:
        if not found:
            return {"action": "keep", "reason": "", "detail": ""}
        reason, told = found
        if self.options.action == "flag":
            return {"action": "keep", "reason": "", "detail": "", "note": f"{reason}: {told}"}
        return {"action": "dropped", "reason": reason, "detail": told}


def _condemn(
    court: Court, convicted: dict[int, Conviction], labels: Numbers, evidence: AtomicParquetWriter
) -> dict[int, Conviction]:
    """The innocent rows that share a cluster with a convicted one."""
    first: dict[int, Conviction] = {}
    for number, conviction in convicted.items():
        first.setdefault(int(labels[number]), conviction)
    mates = np.flatnonzero(np.isin(labels, np.array(list(first), labels.dtype)))
    mates = np.setdiff1d(mates, np.array(list(convicted), np.int64))
    copies: dict[int, Conviction] = {}
    for number, record in court.rows.at(mates, [*COLUMNS, "images"]):
        of = first[int(labels[number])]
        copy = Conviction(record["id"], of.item, Verdict("copy", of.verdict.score), f"copy of {of.id}, {of.told}")
        court.tell(evidence, record, copy, of.id)
        copies[number] = copy
    return copies
