"""The stage that stands in a control for `questions`: what the judge of the build has found, without asking it again."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from curation.core.decision import KEEP, Decision, drop
from curation.core.rows import Rows
from curation.core.stage import DecideStage, Run


class KnownQuestions(DecideStage):
    """Drops the rows that ended by the judge's answers in the build. Of a row that had ended before nothing is known: it stays."""

    kind: Literal["known_questions"] = "known_questions"
    fingerprint: str
    """All that the judge's answers depend on."""
    folder: Path = Field(exclude=True)
    """Where the stage has left its ledger."""
    signs_as: ClassVar[str] = "questions"

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        ended = [
            pq.read_table(file, columns=["id"])["id"] for file in sorted((self.folder / "ledger").glob("*.parquet"))
        ]
        ids = pa.chunked_array(ended, pa.string()).combine_chunks()
        for file in rows.files:
            for is_ended in pc.is_in(file.column("id"), ids):
                yield drop("as_asked") if is_ended.as_py() else KEEP
