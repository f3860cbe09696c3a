"""What only the whole of a source shows, once all of its parts are read: ids that repeat, and the reading report.

read/00000.json        of part 0: its source and the number of its rows
read/00000.state       what the report is put together from; gone once that is there
reading/00000.json     the report of source 0
decisions/             of a source whose ids repeat, the numbers that they get
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from curation.core.decision import KEEP, Decision, decision_schema, keep, write_decisions
from curation.core.errors import SourceError
from curation.core.parquet import write_text
from curation.core.row import Row, from_record
from curation.core.rows import Rows
from curation.core.steps import DECISIONS, written_rows
from curation.reading.gate import READING
from curation.reading.report import ReadingReport
from curation.reading.state import loaded, state_of
from curation.reading.values import Values
from curation.sources.unique import UniqueIds


@dataclass(frozen=True)
class PartRead:
    """What the reader of a part counted."""

    source: str
    n_rows: int
    report: ReadingReport


def leave(folder: Path, part: int, read: PartRead) -> None:
    """Write it to the stage's folder."""
    write_text(folder / "read" / f"{part:05d}.state", json.dumps(state_of(read.report), ensure_ascii=False))
    write_text(folder / "read" / f"{part:05d}.json", json.dumps({"source": read.source, "rows": read.n_rows}))


def rows_read(folder: Path) -> dict[str, int]:
    """Source -> rows that came in, as the readers of its parts counted them; `folder` is the stage's."""
    counts: Counter[str] = Counter()
    for file in _parts(folder):
        count = json.loads(file.read_text())
        counts[count["source"]] += count["rows"]
    return dict(counts)


def rows_of_part(folder: Path, part: int) -> int:
    """Rows that came in with one part."""
    return int(json.loads((folder / "read" / f"{part:05d}.json").read_text())["rows"])


def put_together(folder: Path) -> None:
    """Number the ids that repeat within a source, and write the reports; once, however often it is called.

    Raises:
        SourceError: a source has no rows in any part.
    """
    sources: dict[str, list[Path]] = {}
    for file in _parts(folder):
        sources.setdefault(json.loads(file.read_text())["source"], []).append(file)
    for number, (source, parts) in enumerate(sources.items()):
        if not (target := folder / READING / f"{number:05d}.json").exists():
            write_text(target, json.dumps(_described(folder, source, parts), ensure_ascii=False))
        for part in parts:
            part.with_suffix(".state").unlink(missing_ok=True)


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("read/*.json"))


def _described(folder: Path, source: str, parts: list[Path]) -> dict[str, Any]:
    """The report on a source, as JSON, with the ids that its rows have from now on."""
    report = ReadingReport(source)
    for part in parts:
        report.extend(loaded(json.loads(part.with_suffix(".state").read_text()), ReadingReport(source)))
    if not len(report.chars) + report.bad_rows.total():
        raise SourceError(f"source {source!r} is empty: got 0 rows from {len(parts)} parts, expected at least one")
    names = {part.stem for part in parts}

    def rows() -> Rows:
        return Rows(file for file in written_rows(folder / "rows").files if file.path.name[:5] in names)

    if report.ids.distinct < len(report.ids):
        as_read = Rows(
            replace(file, decisions=()) for file in rows().files
        )  # a build that was killed here may have left some
        _number_ids(folder, as_read, report.ids)
    named = rows()

    def row(number: int) -> Row:
        return next(from_record(record) for _, record in named.at(np.array([number])))

    return report.described(row)


def _number_ids(folder: Path, rows: Rows, ids: Values) -> None:
    """Decide the ids of rows that repeat one."""
    schema = decision_schema("collect", ["source_id"], [])
    decisions = _numbered(rows, ids)
    for file in rows.files:
        write_decisions(folder / DECISIONS / file.path.name, schema, islice(decisions, file.n_rows))


def _numbered(rows: Rows, ids: Values) -> Iterator[Decision]:
    """A number for every id that came before (`17#2`); an id with such a number may be one that was given."""
    unique = UniqueIds()
    _, which, counts = np.unique(np.asarray(ids.hashes), return_inverse=True, return_counts=True)
    for repeats, record in zip((counts > 1)[which], rows.records(["source_id"]), strict=True):
        name = record["source_id"]
        given = unique(name) if repeats or "#" in name else name
        yield KEEP if given == name else keep("source_id repeats", source_id=given)
