"""The stage that finds the clusters of near duplicates, for the stages that go by them."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import pyarrow as pa

from curation.core.decision import Decision, keep
from curation.core.errors import BuildError
from curation.core.rows import Rows
from curation.core.schema import Column
from curation.core.stage import DecideStage, Run
from curation.dedup.clusters import find_clusters, find_copies
from curation.dedup.figures import part_by_details
from curation.dedup.options import Dedup
from curation.dedup.sign import SIGNATURES


class FindClusters(DecideStage):
    """Numbers the cluster of every row, and in the cold-start set that of its trace among the copies of the question."""

    kind: Literal["clusters"] = "clusters"
    options: Dedup = Dedup()
    traces: bool = False
    adds: ClassVar[tuple[Column, ...]] = (
        Column("cluster", pa.int64(), released=False),
        Column("copy", pa.int64(), released=False),
    )

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        signatures = sorted((run.stages["normalise"] / SIGNATURES).glob("*.parquet"))
        clusters = find_clusters(signatures, self.options)
        written = rows.written
        if len(clusters) <= written.max(initial=-1):
            raise BuildError(f"got {len(clusters)} signatures, expected one for every row that was normalised")
        if self.options.near and self.options.pictures:
            clusters = part_by_details(clusters, signatures, rows, run.folder)
        copies = find_copies(signatures, self.options, clusters) if self.traces else None
        for row in written:
            yield keep(cluster=int(clusters[row]), copy=None if copies is None else int(copies[row]))
