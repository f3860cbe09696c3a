"""The first stage of a build: rows from the sources, a task for each."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Literal

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from pydantic import Field

from curation.core.errors import SourceError
from curation.core.ledger import LedgerWriter
from curation.core.parquet import write_text
from curation.core.progress import TaskProgress
from curation.core.row import Config, to_document
from curation.core.schema import stage_schema
from curation.core.stage import ROWS, Leaves, Run, Stage
from curation.core.steps import WriteRows
from curation.reading.gate import READING, refuse_flags, reports_in
from curation.reading.report import ReadingReport
from curation.sources.base import AnySource, BadRow, Source
from curation.sources.unique import UniqueIds


class Collect(Stage):
    """Reads the sources."""

    kind: Literal["collect"] = "collect"
    sources: tuple[AnySource, ...]
    limit: int | None = None
    """Rows of every source."""
    seed: int = 0
    accept: dict[str, tuple[str, ...]] = Field(default_factory=dict, exclude=True)
    """Source -> the red flags that it accepts; what is read does not depend on it."""
    section: Config | None = Field(default=None, exclude=True)
    """What the sources are of, for messages."""
    leaves: ClassVar[Leaves] = ROWS

    def digests(self) -> dict[str, dict[str, str]]:
        found, missing = {}, []
        for number, source in enumerate(self.sources):
            try:
                found[source.name] = source.inputs()
            except SourceError as error:
                missing.append(f"source {source.name!r}: {error}{option_of_place(self.section, number, source)}")
        if missing:
            raise SourceError("\n".join(missing))
        return found

    def n_parts(self, run: Run) -> int:
        return len(self.sources)

    def steps(self, run: Run) -> list[PipelineStep]:
        read = ReadSource(list(self.sources), self.seed, self.limit, run.folder, run.ledger())
        return [read, WriteRows(run.folder / ROWS, stage_schema())]

    def remedy(self, reason: str) -> str:
        """The options of the kinds of sources that give the reason."""
        kinds = {source.kind: source.remedies[reason] for source in self.sources if source.remedies.get(reason)}
        return " or ".join(f"{options} of {kind}" for kind, options in kinds.items())

    def gate(self, run: Run) -> None:
        refuse_flags(run.config, reports_in(run.folder), self.accept)

    def rows_in(self, run: Run) -> int:
        return sum(rows_read(run.folder).values())


def option_of_place(section: Config | None, number: int, source: Source) -> str:
    """The end of a message about a source that cannot be read: the option that says where it is, empty where it has none."""
    if "path" not in type(source).model_fields:
        return ""
    return f"; `--set {section or 'SECTION'}.sources[{number}].path=...` says where it is"


def rows_read(folder: Path) -> dict[str, int]:
    """Source -> rows that came in, as its reader counted them; `folder` is the stage's."""
    counts = [json.loads(file.read_text()) for file in sorted(folder.glob("read/*.json"))]
    return {count["source"]: count["rows"] for count in counts}


class ReadSource(PipelineStep):  # type: ignore[misc]
    """Task i reads source i. Rows that cannot be used go to the ledger; a repeated source_id gets a number (`17#2`).

    Leaves `read/00000.json` with the number of rows that came in, which the ledger has to account for, and `reading/00000.json`, the
    source's reading report.
    """

    type, name = "reader", "sources"

    def __init__(self, sources: list[Source], seed: int, limit: int | None, folder: Path, ledger: LedgerWriter) -> None:
        super().__init__()
        self.sources, self.seed, self.limit, self.folder, self.ledger = sources, seed, limit, folder, ledger

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        source, unique, n = self.sources[rank], UniqueIds(), 0
        report = ReadingReport(source.name)
        progress = TaskProgress(self.folder / "progress", rank)
        limit = min(filter(None, (self.limit, source.limit)), default=None)
        rows = source.model_copy(update={"limit": limit}).read(self.seed)
        with self.ledger as ledger:
            for row in islice(rows, limit):
                n += 1
                progress.advance()
                if isinstance(row, BadRow):
                    ledger.write_bad(row, rank)
                    report.bad(row)
                    continue
                if (name := unique(row.source_id)) != row.source_id:
                    row = row.changed("collect", "source_id repeats", source_id=name)
                self.stat_update("rows")
                report.read(row)
                yield to_document(row)
            next(rows, None)  # it ends by itself, and tells what no row had
        if n == 0:
            raise SourceError(f"source {source.name!r} ({source.kind}) is empty: got 0 rows, expected at least one")
        write_text(self.folder / READING / f"{rank:05d}.json", json.dumps(report.described(), ensure_ascii=False))
        write_text(self.folder / "read" / f"{rank:05d}.json", json.dumps({"source": source.name, "rows": n}))
        progress.flush()
