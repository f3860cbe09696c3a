"""The first stage of a build: rows from the sources, one part after the other."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Literal

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from curation.core.errors import SourceError
from curation.core.ledger import LedgerWriter
from curation.core.progress import TaskProgress
from curation.core.row import Config, to_document
from curation.core.schema import stage_schema
from curation.core.stage import ROWS, Leaves, Run, Stage
from curation.core.steps import WriteRows
from curation.reading.gate import refuse_flags, reports_in
from curation.reading.report import ReadingReport
from curation.sources.base import AnySource, BadRow, Source
from curation.sources.formats.cut import PartSize
from curation.sources.formats.file_part import FilePart
from curation.sources.put_together import PartRead, leave, put_together, rows_of_part, rows_read


@dataclass(frozen=True)
class SourcePart:
    """A source and what its `read_part` takes."""

    source: Source
    part: Any


class Collect(Stage):
    """Reads the sources."""

    kind: Literal["collect"] = "collect"
    sources: tuple[AnySource, ...]
    limit: int | None = None
    """Rows of every source."""
    seed: int = 0
    part: SkipJsonSchema[PartSize] = PartSize()
    """How large a part of a source may be."""
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

    @cached_property
    def parts(self) -> list[SourcePart]:
        """What is read, in the order of the rows."""
        return [
            SourcePart(source, part) for source in map(self._limited, self.sources) for part in source.parts(self.part)
        ]

    def _limited(self, source: Source) -> Source:
        limit = min(filter(None, (self.limit, source.limit)), default=None)
        return source.model_copy(update={"limit": limit})

    def n_parts(self, run: Run) -> int:
        return len(self.parts)

    def part_sizes(self, run: Run) -> Sequence[float]:
        """In bytes of files; of a source that is read as a whole nothing is known."""
        parts = [one.part for one in self.parts]
        return [part.n_bytes * part.share if isinstance(part, FilePart) else math.inf for part in parts]

    def steps(self, run: Run) -> list[PipelineStep]:
        return [ReadPart(self.parts, self.seed, run.folder, run.ledger()), WriteRows(run.folder / ROWS, stage_schema())]

    def remedy(self, reason: str) -> str:
        """The options of the kinds of sources that give the reason."""
        kinds = {source.kind: source.remedies[reason] for source in self.sources if source.remedies.get(reason)}
        return " or ".join(f"{options} of {kind}" for kind, options in kinds.items())

    def conclude(self, run: Run) -> None:
        put_together(run.folder)

    def gate(self, run: Run) -> None:
        refuse_flags(run.config, reports_in(run.folder), self.accept)

    def rows_in_part(self, run: Run, part: int) -> int | None:
        return rows_of_part(run.folder, part)

    def rows_in(self, run: Run) -> int:
        return sum(rows_read(run.folder).values())


def option_of_place(section: Config | None, number: int, source: Source) -> str:
    """The end of a message about a source that cannot be read: the option that says where it is, empty where it has none."""
    if "path" not in type(source).model_fields:
        return ""
    return f"; `--set {section or 'SECTION'}.sources[{number}].path=...` says where it is"


class ReadPart(PipelineStep):  # type: ignore[misc]
    """Reads a part. Rows that cannot be used go to the ledger.

    Leaves `read/00000.json` with the number of rows that came in, which the ledger has to account for, and what the reading report of the
    source is put together from.
    """

    type, name = "reader", "sources"

    def __init__(self, parts: list[SourcePart], seed: int, folder: Path, ledger: LedgerWriter) -> None:
        super().__init__()
        self.parts, self.seed, self.folder, self.ledger = parts, seed, folder, ledger

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        source, part = self.parts[rank].source, self.parts[rank].part
        report, progress, n = ReadingReport(source.name), TaskProgress(self.folder / "progress", rank), 0
        rows = source.read_part(self.seed, part)
        with self.ledger as ledger:
            for row in islice(rows, source.limit):
                n += 1
                progress.advance()
                if isinstance(row, BadRow):
                    ledger.write_bad(row, rank)
                    report.bad(row)
                    continue
                report.read(row)
                yield to_document(row)
            next(rows, None)  # it ends by itself, and tells what no row had
        self.stat_update("rows", value=n)
        if n == 0 and part is None:
            raise SourceError(f"source {source.name!r} ({source.kind}) is empty: got 0 rows, expected at least one")
        leave(self.folder, rank, PartRead(source.name, n, report))
        progress.flush()
