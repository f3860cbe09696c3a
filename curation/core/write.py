"""The last step of a stage: its rows, in files of bounded size, all of them visible or none."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.parquet import AtomicParquetWriter, write_text
from curation.core.row import Row, from_document, to_record
from curation.core.schema import STAGE

ROWS_PER_FILE = 20_000
"""A file is the unit of work of the next stage."""


def row_bytes(row: Row) -> int:
    """Rough size of a row in bytes, for row groups."""
    return sum(map(len, row.images)) + len(row.completion) + sum(len(m.content) for m in row.prompt)


class WriteRows(PipelineStep):  # type: ignore[misc]
    """Writes `rows/TASK-FILE.parquet` and then `rows/TASK.json`, which lists the files and their row counts."""

    type, name = "writer", "rows of this stage"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        rows = map(from_document, data)
        files: dict[str, int] = {}
        for first in rows:
            name = f"{rank:05d}-{len(files):05d}.parquet"
            with AtomicParquetWriter(self.folder / name, STAGE) as writer:
                for row in chain([first], islice(rows, ROWS_PER_FILE - 1)):
                    writer.write(to_record(row), row_bytes(row))
                    self.stat_update("rows")
            files[name] = writer.n_rows
        write_text(self.folder / f"{rank:05d}.json", json.dumps(files))
        yield from ()


def written_rows(folder: Path) -> dict[Path, int]:
    """File -> number of rows, of every task that finished, in task order."""
    listed: dict[str, Any] = {}
    for file in sorted(folder.glob("*.json")):
        listed.update(json.loads(file.read_text()))
    return {folder / name: n for name, n in listed.items()}
