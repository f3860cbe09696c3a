"""How many traces show each of the nine behaviors, by source and by teacher, by cues and, where one was asked, by a judge."""

from typing import Any, Literal

import numpy as np

from curation.core.schema import BEHAVIORS
from curation.release.dataset import Dataset
from curation.release.report.columns import batches, codes, numbers
from curation.release.report.intervals import rate
from curation.release.report.section import Page, Section

MOST_GROUPS = 100


class BehaviorsSection(Section):
    """Shares of the traces in the set with at least one sign of each behavior."""

    kind: Literal["behaviors"] = "behaviors"
    title, place = "Behaviors", 110

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        if "cold_start" not in dataset.configs:
            return None
        tables = [
            _table(dataset, column, counted)
            for counted in ("behaviors", "behaviors_judged")
            for column in ("source", "teacher")
        ]
        tables = [table for table in tables if table["traces"]]
        if not tables:
            return {
                "missing": "The behaviors of these traces were not counted; every build of this version counts them."
            }
        judged = dataset.summary["configs"]["cold_start"].get("behaviors_judged") or {}
        return {
            "tables": tables,
            "agreement": [
                {"behavior": name.replace("_", " "), **found} for name, found in (judged.get("agreement") or {}).items()
            ],
            "answers": judged.get("answers") or {},
        }


def _table(dataset: Dataset, column: str, counted: str) -> dict[str, Any]:
    """Group -> traces that were counted, and the share of them with each behavior; of the largest groups."""
    known: dict[str, int] = {}
    hits, seen = np.zeros((len(BEHAVIORS), 0)), np.zeros((len(BEHAVIORS), 0))
    for batch in batches(dataset, "cold_start", [column, counted]):
        if counted not in batch.schema.names:
            break
        groups = codes(batch.column(column), known)
        wider = [(0, 0), (0, len(known) - hits.shape[1])]
        hits, seen = np.pad(hits, wider), np.pad(seen, wider)
        for place, name in enumerate(BEHAVIORS):
            values = numbers(batch, counted, name)
            seen[place] += np.bincount(groups, np.isfinite(values), minlength=len(known))
            hits[place] += np.bincount(groups, np.nan_to_num(values) > 0, minlength=len(known))
    traces = seen.max(axis=0, initial=0)
    largest = sorted((value for value, group in known.items() if traces[group]), key=lambda v: (-traces[known[v]], v))
    hit = [place for place in range(len(BEHAVIORS)) if hits[place].any()]
    return {
        "column": column,
        "by": "a judge" if counted == "behaviors_judged" else "cues",
        "traces": int(traces.sum()),
        "groups": [
            {
                "behavior": BEHAVIORS[place].replace("_", " ").capitalize(),
                "group": value or ("the source's own traces" if column == "teacher" else "none stated"),
                "traces": int(seen[place, known[value]]),
                "share": rate(hits[place, known[value]], seen[place, known[value]]),
            }
            for place in hit
            for value in largest[:MOST_GROUPS]
        ],
        "never": [
            name.replace("_", " ") for place, name in enumerate(BEHAVIORS) if place not in hit and seen[place].any()
        ],
    }
