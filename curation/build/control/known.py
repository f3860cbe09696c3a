"""The stage that stands in a control for `difficulty` and `triage`: what the build has found out, without sampling anything again."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from curation.core.decision import KEEP, Decision, drop, keep
from curation.core.rows import RowFile, Rows
from curation.core.schema import ROW, Column
from curation.core.stage import DECISIONS, DecideStage, Run
from curation.difficulty.triage.stage import TriageStage


class KnownDifficulty(DecideStage):
    """Gives a row the pass rate and the fate of the measured row of its cluster of duplicates: its own, or that of the copy that stayed.

    A row whose cluster has none was dropped before anything was sampled. Nothing is known that could drop it: it stays, without a pass
    rate. Memory: 16 bytes for a row, and what was measured as Arrow.
    """

    kind: Literal["known_difficulty"] = "known_difficulty"
    triage: TriageStage
    """The one that it stands for."""
    fingerprint: str
    """All that the decisions of the triage depend on."""
    measured: tuple[RowFile, ...] = Field(exclude=True)
    """The rows that came into it."""
    folder: Path = Field(exclude=True)
    """Where it has left its decisions."""
    sets: ClassVar[tuple[str, ...]] = ("difficulty",)
    signs_as: ClassVar[str] = "difficulty"

    @property
    def adds(self) -> tuple[Column, ...]:  # type: ignore[override]
        return self.triage.adds

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        measured, wanted = Rows(self.measured), rows.column("cluster", np.int64)
        clusters = measured.column("cluster", np.int64)
        order = np.argsort(clusters, kind="stable")
        starts = np.searchsorted(clusters, wanted, sorter=order)
        ends = np.searchsorted(clusters, wanted, side="right", sorter=order)
        rates = pa.array((one["difficulty"] for one in measured.records(["difficulty"])), ROW["difficulty"])
        lines = [pq.read_table(self.folder / DECISIONS / file.path.name) for file in self.measured]
        decided = pa.concat_tables(lines).combine_chunks() if lines else None
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            number = int(order[start]) if start < end else None
            if number is None:
                yield KEEP
            else:
                yield as_decided(decided, number, self.adds, difficulty=rates[number].as_py())


def as_decided(decided: pa.Table, number: int, adds: Iterable[Column], **columns: Any) -> Decision:
    """What became of a row in the build, with the columns that it got there and `columns`. `decided`: a stage's lines, as a table."""
    line = {name: decided[name][number].as_py() for name in decided.column_names}
    if not line["keep"]:
        return drop("as_measured")
    return keep(line["note"] or "", **columns, **{one.name: line[one.name] for one in adds})
