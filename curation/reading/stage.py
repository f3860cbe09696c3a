"""What is left of every source once all that looks at one row alone is done: the second half of the reading report.

Of a source that was read wrongly little is left, more often than not: the reward cannot read its golds, no row has its image, a field holds
something else. It is said before anything is paid.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from pydantic import Field

from curation.core.ledger import ledger_lines
from curation.core.parquet import write_text
from curation.core.stage import Leaves, Run, Stage
from curation.reading.flag import Finding, short
from curation.reading.flags import LITTLE_LEFT
from curation.reading.gate import READING, refuse_flags, reports_in
from curation.reading.report import as_record, share, shares
from curation.release.licences import LICENCE

LEAST_IN = 20
"""Rows that came in; of fewer it is chance."""
LEAST_LEFT = 0.2
"""Of the rows that came in, but for those that the manifest drops by their licence: it knows that it does."""


class ReadingStage(Stage):
    """Counts what is left of every source and why the rest is not; ends the build where that is little."""

    kind: Literal["reading"] = "reading"
    accept: dict[str, tuple[str, ...]] = Field(default_factory=dict, exclude=True)
    """Source -> the flags that it accepts; nothing that was counted depends on it."""
    leaves: ClassVar[Leaves] = "nothing"

    def steps(self, run: Run) -> list[PipelineStep]:
        return [CountLeft(run)]

    def gate(self, run: Run) -> None:
        refuse_flags(run.config, reports_in(run.folder), self.accept)

    def summary(self, run: Run) -> dict[str, Any]:
        both = zip(reports_in(run.stages["collect"]), reports_in(run.folder), strict=True)
        return {"reading": {after["source"]: _joined(before, after) for before, after in both}}


class CountLeft(PipelineStep):  # type: ignore[misc]
    """Writes `reading/00000.json` for every source, in their order."""

    type, name = "count", "rows left of every source"

    def __init__(self, reading: Run) -> None:
        super().__init__()
        self.reading = reading

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        sources = {report["source"]: report["rows"] for report in reports_in(self.reading.stages["collect"])}
        left = {source: Left() for source in sources}
        for row in self.reading.rows.records(["source", "language", "answer_kind"]):
            left[row["source"]].keep(row["language"], row["answer_kind"])
        for folder in self.reading.stages.values():
            for line in ledger_lines(folder / "ledger"):
                left[line.source].drop(f"{line.stage}: {line.reason}", line.source_id, line.detail)
        for number, (source, n_in) in enumerate(sources.items()):
            described = {"source": source, **left[source].described(n_in)}
            write_text(self.reading.folder / READING / f"{number:05d}.json", json.dumps(described, ensure_ascii=False))
        yield from ()


class Left:
    """What is left of a source, and why the rest is not."""

    def __init__(self) -> None:
        self.languages: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.first: dict[str, tuple[str, str]] = {}

    def keep(self, language: str, kind: str) -> None:
        self.languages[language or "not known"] += 1
        self.kinds[kind] += 1

    def drop(self, reason: str, source_id: str, detail: str) -> None:
        self.reasons[reason] += 1
        self.first.setdefault(reason, (source_id, detail))

    def described(self, n_in: int) -> dict[str, Any]:
        """As JSON, with the flag where rows are gone."""
        n_left = self.kinds.total()
        return {
            "left": n_left,
            "left_share": share(n_left, n_in),
            "left_answer_kinds": shares(self.kinds),
            "left_languages": shares(self.languages),
            "dropped": dict(self.reasons.most_common()),
            "flags": {LITTLE_LEFT: as_record(self._finding(n_in, n_left))} if n_left < n_in else {},
        }

    def _finding(self, n_in: int, n_left: int) -> Finding:
        """The rows that are gone, under the commonest reasons."""
        n_meant = n_in - sum(n for reason, n in self.reasons.items() if reason.endswith(f": {LICENCE}"))
        raised = n_meant >= LEAST_IN and n_left < LEAST_LEFT * n_meant
        commonest = self.reasons.most_common(3)
        reasons = ", ".join(f"{reason.partition(': ')[2]} {n:,}" for reason, n in commonest)
        source_id, detail = self.first[commonest[0][0]]
        quote = f"{n_left:,} left; {reasons}" + (f"; {detail}" if detail else "")
        return Finding(LITTLE_LEFT, n_in - n_left, n_in, source_id, short(quote), raised)


def _joined(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Both halves of the report of a source. A raised flag that has not ended the build is one that its source accepts."""
    flags = {
        name: {**finding, "accepted": finding["raised"]} for name, finding in (before["flags"] | after["flags"]).items()
    }
    return {key: value for key, value in (before | after | {"flags": flags}).items() if key != "source"}
