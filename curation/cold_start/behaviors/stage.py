"""The stage that counts behaviors in every trace by their cues: the column `behaviors`, and what each source has of them."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar, Literal

import pyarrow as pa

from curation.core.decision import KEEP, Decision, keep
from curation.core.parquet import write_text
from curation.core.row import Row
from curation.core.rows import Record, decided
from curation.core.schema import BEHAVIORS, Column
from curation.core.stage import DECISIONS, MapStage, Run
from curation.core.steps import written
from curation.sampling.behaviors import count_behaviors

COUNTS = pa.struct([(name, pa.int32()) for name in BEHAVIORS])
TABLE = "behaviors.json"
"""In the stage's folder: what each source has."""


class CountBehaviors(MapStage):
    """Counts the behaviors of every trace (PAPER 2, 5.2). A row without a trace has no counts; no row ends here."""

    kind: Literal["behaviors"] = "behaviors"
    adds: ClassVar[tuple[Column, ...]] = (Column("behaviors", COUNTS),)

    def map(self, row: Row) -> Decision:
        return keep(behaviors=count_behaviors(row.completion, row.question)) if row.completion.strip() else KEEP

    def summary(self, run: Run) -> dict[str, Any]:
        table = run.folder / TABLE
        if not table.exists():
            rows = decided(run.rows, run.folder / DECISIONS, written(run.folder / DECISIONS))
            write_text(table, json.dumps(by_source(rows.records(["source", "behaviors"]), "behaviors"), indent=1))
        return {"behaviors": json.loads(table.read_text())}


def by_source(records: Iterable[Record], column: str) -> dict[str, Any]:
    """Source -> traces with counts, and of each behavior the share of traces with at least one instance and the mean count."""
    traces, having, counts = Counter[str](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    known = Counter[tuple[str, str]]()
    for record in records:
        if (found := record[column]) is None:
            continue
        source = record["source"]
        traces[source] += 1
        for name, n in found.items():
            if n is not None:
                known[source, name] += 1
                counts[source, name] += n
                having[source, name] += n > 0
    return {
        source: {
            "traces": traces[source],
            **{
                name: {"share": round(having[source, name] / n, 4), "mean": round(counts[source, name] / n, 4)}
                for name in BEHAVIORS
                if (n := known[source, name])
            },
        }
        for source in sorted(traces)
    }
