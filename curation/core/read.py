"""The first step of a stage: rows from the stage before."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.parquet import read_records
from curation.core.progress import TaskProgress
from curation.core.row import from_record, to_document


class ReadRows(PipelineStep):  # type: ignore[misc]
    """Task i reads file i of the stage before."""

    type, name = "reader", "rows of the stage before"

    def __init__(self, files: list[Path], folder: Path) -> None:
        super().__init__()
        self.files, self.folder = files, folder

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        progress = TaskProgress(self.folder / "progress", rank)
        for record in read_records(self.files[rank]):
            progress.advance()
            self.stat_update("rows")
            yield to_document(from_record(record))
        progress.tell()
