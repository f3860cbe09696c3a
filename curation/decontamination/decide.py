"""The stage that removes evaluation items: one task over the whole corpus finds the contaminated rows and their near duplicates, and
leaves the evidence, and the items that were hit without it.

Memory: the index of the evaluation sets, their texts, and a few bytes a row.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa

from curation.core.decision import KEEP, Decision, drop, keep
from curation.core.parquet import AtomicParquetWriter, write_text
from curation.core.rows import Numbers, Rows
from curation.core.stage import DecideStage, Run
from curation.decontamination.benchmarks import INDEX
from curation.decontamination.canaries import try_canaries
from curation.decontamination.items import ITEMS_FILE, write_hit_items
from curation.decontamination.matcher import COLUMNS, Match, Matcher
from curation.decontamination.options import Decontaminate
from curation.decontamination.overlap import FLAGGED, contamination_table, overlap_table, read_hits
from curation.decontamination.scan import SCAN

EVIDENCE_FILE = "contamination.parquet"
CANARIES = "canaries.json"
"""In the stage's folder: what was found of the planted items."""
EVIDENCE = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "source", "source_id", "benchmark", "benchmark_item", "kind")),
        ("score", pa.float32()),
        *((name, pa.string()) for name in ("row_text", "benchmark_text")),
        *((name, pa.binary()) for name in ("row_picture", "benchmark_picture")),
        ("copy_of", pa.string()),
    ]
)
"""kind: see `text_matcher` and `paraphrase`; or picture; or copy, a near duplicate of the contaminated row `copy_of`. Score: the weighted
share of the item's 3-grams that the row has, 1 for exact; for a picture the similarity of the two images; for a paraphrase the Dice
coefficient of the stems."""


class FindContamination(DecideStage):
    """Drops or flags the rows that are items of the evaluation sets, by what the scan found, and the other rows of their clusters."""

    kind: Literal["contamination"] = "contamination"
    options: Decontaminate
    seed: int = 0
    remedies: ClassVar[dict[str, str]] = {
        "contaminated": "{config}.decontaminate.action: flag keeps them",
        "contaminated_copy": "{config}.decontaminate.copies: false keeps them",
    }
    publishes: ClassVar[tuple[str, ...]] = (EVIDENCE_FILE, ITEMS_FILE)

    def digests(self) -> dict[str, dict[str, str]]:
        opinion = self.options.second_opinion
        return super().digests() | ({"second opinion": opinion.identity()} if opinion else {})

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        matcher = Matcher(rows, run.stages["benchmarks"] / INDEX, run.stages["normalise"] / SCAN, self.options)
        with AtomicParquetWriter(run.folder / EVIDENCE_FILE, EVIDENCE) as evidence:
            contaminated = matcher.contaminated(evidence)
            copies = {}
            if self.options.copies and contaminated:
                copies = _propagate(matcher, contaminated, rows.column("cluster", np.int64), evidence)
        tried = try_canaries(matcher.items, matcher.finds, self.seed) if self.options.text else {}
        write_text(run.folder / CANARIES, json.dumps(tried))
        write_hit_items(
            run.folder / ITEMS_FILE, run.stages["benchmarks"] / INDEX, read_hits(run.folder / EVIDENCE_FILE)
        )
        for number in range(len(rows)):
            yield self._decision(copies.get(number) or contaminated.get(number))

    def _decision(self, match: Match | None) -> Decision:
        """Drop what matches, or flag it; what is only possible is flagged in any case."""
        if match is None:
            return KEEP
        if match.kind in FLAGGED:
            return keep(f"possibly contaminated: {match.detail}")
        reason = "contaminated_copy" if match.kind == "copy" else "contaminated"
        return keep(f"{reason}: {match.detail}") if self.options.action == "flag" else drop(reason, match.detail)

    def summary(self, run: Run) -> dict[str, Any]:
        hits = read_hits(run.folder / EVIDENCE_FILE)
        rows = Counter(record["source"] for record in run.rows.records(["source"]))
        return {
            "contamination": contamination_table(run.stages["benchmarks"] / INDEX, hits),
            "overlap": overlap_table(hits, rows),
            "canaries": json.loads((run.folder / CANARIES).read_text()),
        }


def _propagate(
    matcher: Matcher, contaminated: dict[int, Match], clusters: Numbers, evidence: AtomicParquetWriter
) -> dict[int, Match]:
    """The other rows that share a cluster with a contaminated one."""
    first: dict[int, Match] = {}
    for number, match in contaminated.items():
        if match.kind in FLAGGED:
            continue
        first.setdefault(int(clusters[number]), match)
    mates = np.flatnonzero(np.isin(clusters, np.array(list(first))))
    mates = np.setdiff1d(mates, np.array([n for n, match in contaminated.items() if match.kind not in FLAGGED]))
    copies: dict[int, Match] = {}
    for number, record in matcher.rows.at(mates, [*COLUMNS, "images"]):
        of = first[int(clusters[number])]
        copy = Match(record["id"], of.item, "copy", of.score, f"copy of {of.id}, {of.detail}")
        matcher.write(evidence, record, copy, of.id)
        copies[number] = copy
    return copies
