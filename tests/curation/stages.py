"""Rows of a test in files, and a single stage run over them, as a build does it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from datatrove.pipeline.base import PipelineStep

from curation.core.decision import Decision
from curation.core.parts import DoParts
from curation.core.passes import PASSES
from curation.core.row import Config, Row, to_document
from curation.core.rows import Rows
from curation.core.schema import Column, stage_schema
from curation.core.stage import DecideStage, Run, Stage
from curation.core.steps import WriteRows, written_rows


def stored(tasks: Sequence[Iterable[Row]], folder: Path, added: Iterable[Column] = ()) -> Rows:
    """The rows in files, those of a task in one."""
    for rank, rows in enumerate(tasks):
        list(WriteRows(folder, stage_schema(added)).run(map(to_document, rows), rank))
    return written_rows(folder)


def run_of(rows: Rows, folder: Path, stages: Mapping[str, Path] | None = None, config: Config = "rl") -> Run:
    folder.mkdir(parents=True, exist_ok=True)
    return Run(config, folder.name, folder, folder.parent, rows, stages or {})


def decisions(stage: DecideStage, rows: Rows, folder: Path, **context: Any) -> list[Decision]:
    return list(stage.decide(rows, run_of(rows, folder, **context)))


@dataclass(frozen=True)
class Parts:
    """A stage, or one of its passes, as the work of tasks."""

    folder: Path
    n_parts: int
    steps: Callable[[], list[PipelineStep]]

    def start(self) -> Callable[[], None]:
        return lambda: None


def do(work: Parts, tasks: int = 1, workers: int = 1) -> None:
    """Do its parts by so many tasks, `workers` at a time, in threads; the last begins."""
    work.folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda rank: list(DoParts(work).run(None, rank, tasks)), reversed(range(tasks))))


def decided_by(stage: Stage, run: Run) -> None:
    """Run a stage by itself."""
    do(Parts(run.folder, stage.n_parts(run), partial(stage.steps, run)))


def shared(stage: Stage, run: Run, tasks: int = 3, workers: int = 2) -> list[int]:
    """Run the passes of a stage; how many parts each had."""
    parts = []
    for name in stage.passes:
        parts.append(stage.parts_of_pass(run, name))
        do(Parts(run.folder / PASSES / name, parts[-1], partial(stage.steps_of_pass, run, name)), tasks, workers)
    return parts


def left_by(run: Run) -> dict[str, bytes]:
    """All that a stage has left, but for what it notes for itself."""
    files = [*run.folder.glob("*.*"), *(run.folder / "rows").glob("*"), *(run.folder / "decisions").glob("*")]
    return {file.name: file.read_bytes() for file in [*files, *(run.folder / "ledger").glob("*")]}
