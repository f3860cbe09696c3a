"""The datatrove steps that every stage is made of: rows are read, looked at one by one or all at once, and decided or written."""

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.decision import KEEP, Decision, write_decisions
from curation.core.errors import BuildError
from curation.core.ledger import LedgerWriter
from curation.core.parquet import AtomicParquetWriter, write_text
from curation.core.progress import TaskProgress
from curation.core.row import Row, from_document, to_document, to_record
from curation.core.rows import RowFile, Rows

DECISIONS: Final = "decisions"
"""In a stage's folder: its decisions, a file for every file of rows."""
ROWS_PER_FILE = 20_000
"""A file is the unit of work of the stages after."""
ROWS_AT_ONCE = 1_000
"""Of a row group between stages, which are read from the first to the last; pictures end one earlier."""


class ReadRows(PipelineStep):  # type: ignore[misc]
    """Task i reads file i of the rows that came in, and numbers them."""

    type, name = "reader", "rows of the stage before"

    def __init__(self, rows: Rows, progress: Path) -> None:
        super().__init__()
        self.rows, self.progress = rows, progress

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        progress = TaskProgress(self.progress, rank)
        for number, row in enumerate(self.rows.part(rank)):
            progress.advance()
            document = to_document(row)
            document.metadata["number"] = number
            yield document
        self.stat_update("rows", value=progress.rows)
        progress.flush()


class MapRows(PipelineStep):  # type: ignore[misc]
    """Asks for a decision on every row; a row that ends goes to the ledger."""

    type, name = "map", "rows"

    def __init__(self, decide: Callable[[Row], Decision], ledger: LedgerWriter, name: str = "rows") -> None:
        super().__init__()
        self.decide, self.ledger, self.name = decide, ledger, name

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        counts: Counter[str] = Counter()
        with self.ledger as ledger:
            for document in data:
                row = from_document(document)
                decision = self.decide(row)
                if not isinstance(decision, Decision):
                    what = f"{self.name}: got {decision!r} for {row.source}/{row.source_id}"
                    raise BuildError(f"{what}, expected keep(...), drop(...) or merge(...)")
                counts[decision.reason or "kept"] += 1
                if decision.action != "keep":
                    ledger.end(row.id, row.source, row.source_id, decision, rank)
                    continue
                if decision is not KEEP:
                    document.metadata["decision"] = decision
                yield document
        for outcome, n_rows in counts.items():
            self.stat_update(outcome, value=n_rows)


class WriteDecisions(PipelineStep):  # type: ignore[misc]
    """Writes a line for every row of file `rank`: of those that arrive what was decided, of the others that they ended."""

    type, name = "writer", "decisions"

    def __init__(self, rows: Rows, folder: Path, schema: pa.Schema) -> None:
        super().__init__()
        self.rows, self.folder, self.schema = rows, folder, schema

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        file = self.rows.files[rank]
        kept = write_decisions(self.folder / file.path.name, self.schema, _in_place(data, file.n_rows))
        write_text(self.folder / f"{rank:05d}.json", json.dumps({file.path.name: kept}))
        yield from ()


def _in_place(data: Iterable[Document], n_rows: int) -> Iterator[Decision | None]:
    """The decision on every row by its number, None where the row has not arrived."""
    at = 0
    for document in data:
        for _ in range(at, document.metadata["number"]):
            yield None
        yield document.metadata.get("decision", KEEP)
        at = document.metadata["number"] + 1
    for _ in range(at, n_rows):
        yield None


class DecideRows(PipelineStep):  # type: ignore[misc]
    """One task: writes what `decide` says of every row, and the ledger's lines of those that end."""

    type, name = "decision", "rows"

    def __init__(
        self,
        decide: Callable[[], Iterator[Decision]],
        rows: Rows,
        folder: Path,
        schema: pa.Schema,
        ledger: LedgerWriter,
        progress: TaskProgress,
    ) -> None:
        super().__init__()
        self.decide, self.rows, self.folder, self.schema = decide, rows, folder, schema
        self.ledger, self.progress = ledger, progress

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        kept: dict[str, int] = {}
        with closing(self._decisions()) as decisions, self.ledger as ledger:
            for file in self.rows.files:
                lines = self._logged(file, islice(decisions, file.n_rows), ledger)
                kept[file.path.name] = write_decisions(self.folder / file.path.name, self.schema, lines)
                self.progress.reach(sum(one.n_rows for one in self.rows.files[: len(kept)]))
            if next(decisions, None) is not None:
                raise BuildError(self._miscount("more"))
        write_text(self.folder / f"{rank:05d}.json", json.dumps(kept))
        self.progress.flush()
        yield from ()

    def _decisions(self) -> Generator[Decision, None, None]:
        yield from self.decide()

    def _miscount(self, which: str) -> str:
        return f"{self.folder.parent.name}: `decide` gave {which} decisions than the {len(self.rows)} rows that came in"

    def _logged(self, file: RowFile, decisions: Iterator[Decision], ledger: LedgerWriter) -> Iterator[Decision]:
        for name in file.read(["id", "source", "source_id"]):
            if (decision := next(decisions, None)) is None:
                raise BuildError(self._miscount("fewer"))
            if decision.action != "keep":
                ledger.end(name["id"], name["source"], name["source_id"], decision, 0)
            yield decision


class WriteRows(PipelineStep):  # type: ignore[misc]
    """Writes `rows/TASK-FILE.parquet` and then `rows/TASK.json`, which lists the files and their row counts."""

    type, name = "writer", "rows of this stage"

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        super().__init__()
        self.folder, self.schema = folder, schema

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        rows = map(from_document, data)
        files: dict[str, int] = {}
        for first in rows:
            name = f"{rank:05d}-{len(files):05d}.parquet"
            with AtomicParquetWriter(self.folder / name, self.schema, ROWS_AT_ONCE) as writer:
                for row in chain([first], islice(rows, ROWS_PER_FILE - 1)):
                    writer.write(to_record(row), row_bytes(row))
            files[name] = writer.n_rows
        self.stat_update("rows", value=sum(files.values()))
        write_text(self.folder / f"{rank:05d}.json", json.dumps(files))
        yield from ()


def row_bytes(row: Row) -> int:
    """Rough size of a row in bytes, for row groups."""
    return sum(map(len, row.images)) + len(row.completion) + sum(len(m.content) for m in row.prompt)


def written(folder: Path) -> dict[str, int]:
    """File -> number of rows that are left in it, of every task that finished, in task order."""
    listed: dict[str, int] = {}
    for file in sorted(folder.glob("*.json")):
        listed.update(json.loads(file.read_text()))
    return listed


def written_rows(folder: Path) -> Rows:
    """The rows that `WriteRows` left in a folder, with what their stage decided on them once all were there, where it did."""
    later = {name: folder.with_name(DECISIONS) / name for name in written(folder)}
    return Rows(
        RowFile(folder / name, n, (later[name],) if later[name].exists() else ()) for name, n in written(folder).items()
    )
