"""Global decisions: one-task steps between the executors. They write a line for every row, and a later step applies the lines."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.ledger import LedgerWriter
from curation.core.parquet import read_records
from curation.core.row import Difficulty, Row, Sampler, from_document

KEEP = {"action": "keep", "reason": "", "detail": ""}


class ApplyDecisions(PipelineStep):  # type: ignore[misc]
    """Task i applies the decisions on file i, line by line; `stage` is the one that decided, for the provenance."""

    type, name = "filter", "decisions"

    def __init__(self, decisions: list[Path], ledger: LedgerWriter, stage: str) -> None:
        super().__init__()
        self.decisions, self.ledger, self.stage = decisions, ledger, stage

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        lines = read_records(self.decisions[rank])
        with self.ledger as ledger:
            for document, line in zip(data, lines, strict=True):
                if line["action"] != "keep":
                    told = {"action": line["action"], "filter_reason": line["reason"], "filter_detail": line["detail"]}
                    document.metadata.update(told)
                    ledger.write(document, rank)
                    continue
                document.metadata["row"] = decided(from_document(document), line, self.stage)
                self.stat_update("rows")
                yield document


def decided(row: Row, line: dict[str, Any], stage: str) -> Row:
    """The row with what was decided about it."""
    fields = {name: line[name] for name in ("cluster", "stratum", "weight") if line[name] is not None}
    row = row.changed(stage, line["note"], **fields) if line["note"] else replace(row, **fields)
    if (found := line["difficulty"]) is None:
        return row
    return replace(row, difficulty=Difficulty(**{**found, "sampler": Sampler(**found["sampler"])}))
