"""The stage that stands in a control for one that asks a judge: the rows that its answers ended in the build, without asking it again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from curation.core.decision import KEEP, Decision, drop
from curation.core.rows import Rows
from curation.core.stage import DecideStage, Run

KEY = ["id", "source", "source_id"]
"""Who a row is: traces of one prompt have one id."""


class KnownDrops(DecideStage):
    """Drops the rows that ended in the stage `of` of the build. Of a row that had ended before nothing is known: it stays."""

    kind: Literal["known_drops"] = "known_drops"
    of: str
    """The kind of the stage."""
    fingerprint: str
    """All that the judge's answers depend on."""
    folder: Path = Field(exclude=True)
    """Where the stage has left its ledger."""

    @property
    def signs_as(self) -> str:  # type: ignore[override]
        return self.of

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        files = sorted((self.folder / "ledger").glob("*.parquet"))
        ended = pa.chunked_array([_keys(pq.read_table(file, columns=KEY)) for file in files], pa.string())
        for file in rows.files:
            for is_ended in pc.is_in(_keys({name: file.column(name) for name in KEY}), ended.combine_chunks()):
                yield drop("as_asked") if is_ended.as_py() else KEEP


def _keys(table: Any) -> Any:
    columns = [table[name] for name in KEY]
    columns = [one.combine_chunks() if isinstance(one, pa.ChunkedArray) else one for one in columns]
    return pc.binary_join_element_wise(*columns, "\0")
