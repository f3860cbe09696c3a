"""The stage that stands in a control for `loss`: the scores and fates that the build has found, without reading a trace again."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from curation.build.control.known import as_decided
from curation.cold_start.loss.stage import LossStage
from curation.core.decision import KEEP, Decision
from curation.core.rows import RowFile, Rows
from curation.core.schema import Column
from curation.core.stage import DECISIONS, DecideStage, Run


class KnownLoss(DecideStage):
    """Gives a trace the scores and the fate of the same trace in the build. One that the build dropped before is not known and stays,
    without scores. Memory: 16 bytes for a row, and the decisions as Arrow.
    """

    kind: Literal["known_loss"] = "known_loss"
    fingerprint: str
    """All that the decisions of `loss` depend on."""
    measured: tuple[RowFile, ...] = Field(exclude=True)
    """The rows that came into it."""
    folder: Path = Field(exclude=True)
    """Where it has left its decisions."""
    adds: ClassVar[tuple[Column, ...]] = LossStage.adds
    signs_as: ClassVar[str] = "loss"

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        known, wanted = _keys(Rows(self.measured)), _keys(rows)
        order = np.argsort(known, kind="stable")
        places = np.searchsorted(known, wanted, sorter=order)
        lines = [pq.read_table(self.folder / DECISIONS / file.path.name) for file in self.measured]
        decided = pa.concat_tables(lines).combine_chunks() if lines else None
        for place, key in zip(places.tolist(), wanted.tolist(), strict=True):
            is_known = place < len(order) and known[order[place]] == key
            yield as_decided(decided, int(order[place]), self.adds) if is_known else KEEP


def _keys(rows: Rows) -> npt.NDArray[np.uint64]:
    """64 bits of where a trace comes from and what it says; the id is that of the prompt, which may have several."""
    texts = (
        f"{one['source']}\0{one['source_id']}\0{one['completion']}"
        for one in rows.records(["source", "source_id", "completion"])
    )
    digests = (int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") for text in texts)
    return np.fromiter(digests, np.uint64, len(rows))
