"""Rows of a test in files, and a single stage run over them, as a build does it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from curation.core.decision import Decision
from curation.core.row import Config, Row, to_document
from curation.core.rows import Rows
from curation.core.schema import Column, stage_schema
from curation.core.stage import DecideStage, Run
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
