"""The summary of a build: what came in, what left and why, what is in the shards."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curation.decontamination.evidence import contamination_table
from curation.core.ledger import Balance
from curation.core.parquet import read_records
from curation.images.sizes import image_sizes
from curation.build.plan import INDEX
from curation.build.section import SectionBuild
from curation.mixture.step import TABLE

GROUPED_BY = ("source", "domain", "format", "answer_kind", "language", "stratum", "license")


def describe_config(section: SectionBuild, balance: Balance) -> dict[str, Any]:
    """Counts per source and reason; rows, groups, pictures and pass rates of the shards; seconds per stage."""
    shards = section.shards()
    return {
        "sources": balance.table(),
        "shards": {shard.name: pq.read_metadata(shard).num_rows for shard in shards},
        "kept": groups(shards),
        "pictures": image_sizes(shards),
        "contamination": contamination(section),
        "mixture": json.loads((section.stage("mixture") / TABLE).read_text()),
        "pass_rates": pass_rates(section),
        "seconds": section.seconds(),
    }


def groups(shards: list[Path]) -> dict[str, dict[str, int]]:
    """Column -> value -> number of rows."""
    counts: dict[str, Counter[str]] = {column: Counter() for column in GROUPED_BY}
    for record in (r for shard in shards for r in read_records(shard, list(GROUPED_BY), batch_rows=10_000)):
        for column in GROUPED_BY:
            counts[column][record[column]] += 1
    return {column: dict(sorted(counter.items())) for column, counter in counts.items()}


def contamination(section: SectionBuild) -> dict[str, Any] | None:
    """Benchmark -> its rows, and the rows that were convicted against it by source and kind."""
    evidence = section.evidence()
    return contamination_table(section.stage("benchmarks") / INDEX, evidence) if evidence.exists() else None


def pass_rates(section: SectionBuild) -> dict[str, Any] | None:
    """Histogram of the measured pass rates in tenths (`0.0` holds 0 <= p < 0.1, `1.0` exactly 1), of all rows and of those kept."""
    if not section.suspects():
        return None
    measured, kept, outcomes = Counter[str](), Counter[str](), Counter[str]()
    for file in sorted((section.stage("triage") / "decisions").glob("*.parquet")):
        for line in read_records(file, batch_rows=10_000):
            if (difficulty := line["difficulty"]) is None:
                continue
            tenth = f"{int(difficulty['pass_rate'] * 10 + 1e-9) / 10:.1f}" if difficulty["n_judged"] else "none judged"
            measured[tenth] += 1
            kept[tenth] += line["action"] == "keep"
            for outcome in ("n_correct", "n_judged", "n_truncated", "n_unjudged"):
                outcomes[outcome] += difficulty[outcome]
    return {"measured": dict(sorted(measured.items())), "kept": dict(sorted(kept.items())), "samples": dict(outcomes)}
