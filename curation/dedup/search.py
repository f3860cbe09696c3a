"""The clusters of a stage's rows, as the stages after it use them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.parquet import write_records
from curation.core.schema import DECISION
from curation.dedup.clusters import Labels, cluster_name, find_clusters, find_copies
from curation.dedup.options import Dedup


@dataclass(frozen=True)
class Clusters:
    """Of every row, in order: the first row of its cluster, and in the cold-start set the first of those whose trace is a copy too."""

    labels: Labels
    copies: Labels | None = None

    def name(self, row: int) -> str:
        """What stands in the row's `cluster`."""
        return cluster_name(int(self.labels[row]), None if self.copies is None else int(self.copies[row]))


@dataclass(frozen=True)
class ClusterSearch:
    """Finds the clusters of the rows whose signatures `SignRows` left in a folder."""

    signatures: Path
    options: Dedup
    traces: bool = False

    def run(self) -> Clusters:
        files = sorted(self.signatures.glob("*.parquet"))
        labels = find_clusters(files, self.options)
        return Clusters(labels, find_copies(files, self.options, labels) if self.traces else None)


class DecideClusters(PipelineStep):  # type: ignore[misc]
    """Notes the cluster of every row, where there is no decontamination that does so."""

    type, name = "decision", "clusters"

    def __init__(self, files: list[Path], folder: Path, search: ClusterSearch) -> None:
        super().__init__()
        self.files, self.folder, self.search = files, folder, search

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        clusters, start = self.search.run(), 0
        for file in self.files:
            end = start + pq.read_metadata(file).num_rows
            lines = (
                {"action": "keep", "reason": "", "detail": "", "cluster": clusters.name(i)} for i in range(start, end)
            )
            write_records(self.folder / file.name, DECISION, lines)
            start = end
        yield from ()
