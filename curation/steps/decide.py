"""Global decisions: one-task steps between the executors. They write a line for every row, and a later step applies the lines."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.ledger import LedgerWriter
from curation.parquet import read_records, write_records
from curation.progress import TaskProgress
from curation.row import Difficulty, Row, Sampler, from_document, from_record
from curation.sampling.pass_rate import Measured, PassRate, Progress, measure
from curation.schema import DECISION
from rewards import worker

KEEP = {"action": "keep", "reason": "", "detail": ""}


class DecideDifficulty(PipelineStep):  # type: ignore[misc]
    """Samples responses to every row through the engine and decides by the pass rate (PAPER 3.3, step 8)."""

    type, name = "decision", "difficulty"

    def __init__(
        self, files: list[Path], folder: Path, options: PassRate, store: Path, seed: int, template: str
    ) -> None:
        super().__init__()
        self.files, self.folder, self.options = files, folder, options
        self.store, self.seed, self.template = store, seed, template

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        progress = TaskProgress(self.folder.parent / "progress", rank)
        total = sum(pq.read_metadata(file).num_rows for file in self.files)
        progress.advance(0, total=total, note="starting the engine")
        worker.SERVERS["math"].warm_up()  # no verdict's deadline pays for the start

        def tell(now: Progress) -> None:
            progress.advance(
                now.prompts_done - progress.rows, note=f"{now.tokens:,} tokens, {now.tokens_per_s:,.0f} tokens/s"
            )

        rows: Iterator[Row] = (from_record(record) for file in self.files for record in read_records(file))
        measured = measure(rows, self.options, self.store, self.seed, self.template, total=total, progress=tell)
        with closing(measured):  # type: ignore[type-var]  # a generator, so that it can be closed
            for file in self.files:
                lines = map(_line, islice(measured, pq.read_metadata(file).num_rows))
                write_records(self.folder / file.name, DECISION, lines)
        progress.tell()
        yield from ()


def _line(measured: Measured) -> dict[str, Any]:
    keep = measured.decision == "keep"
    return {
        "action": "keep" if keep else "dropped",
        "reason": "" if keep else measured.decision,
        "detail": "" if keep else f"{measured.difficulty.n_correct} of {measured.difficulty.n_judged} correct",
        "difficulty": asdict(measured.difficulty),
    }


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
