"""The decision by difficulty: a one-task step that samples responses to every row through an engine."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.parquet import read_records, write_records
from curation.core.progress import TaskProgress
from curation.core.row import Row, from_record
from curation.core.schema import DECISION
from curation.difficulty.pass_rate import Measured, PassRate, Progress, measure


class StageRows:
    """The rows of a stage, read from its files as often as they are asked for."""

    def __init__(self, files: list[Path]) -> None:
        self.files = files
        self._length: int = sum(pq.read_metadata(file).num_rows for file in files)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Row]:
        return (from_record(record) for file in self.files for record in read_records(file))


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
        progress, rows = TaskProgress(self.folder.parent / "progress", rank), StageRows(self.files)
        progress.advance(0, total=len(rows), note="starting the engine")

        def tell(now: Progress) -> None:
            progress.advance(now.prompts_done - progress.rows, note=told(now))

        measured = measure(rows, self.options, self.store, self.seed, self.template, progress=tell)
        with closing(measured):  # type: ignore[type-var]  # a generator, so that it can be closed
            for file in self.files:
                lines = map(_line, islice(measured, pq.read_metadata(file).num_rows))
                write_records(self.folder / file.name, DECISION, lines)
        progress.tell()
        yield from ()


def told(now: Progress) -> str:
    """The line of a measurement: tokens, speed, and, once a round has told what they cost, what is left of them and of the time."""
    note = f"round {now.round}, {now.tokens:,} tokens, {now.tokens_per_s:,.0f} tokens/s"
    if not now.tokens_left:
        return note
    minutes = f", {now.tokens_left / now.tokens_per_s / 60:,.0f} min" if now.tokens_per_s else ""
    return f"{note}, about {now.tokens_left:,} tokens{minutes} left"


def _line(measured: Measured) -> dict[str, Any]:
    keep = measured.decision == "keep"
    return {
        "action": "keep" if keep else "dropped",
        "reason": "" if keep else measured.decision,
        "detail": "" if keep else f"{measured.difficulty.n_correct} of {measured.difficulty.n_judged} correct",
        "difficulty": asdict(measured.difficulty),
    }
