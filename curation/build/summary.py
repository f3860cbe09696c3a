"""The summary of a build: what came in, what left and why, what is in the shards, and what the stages have to say."""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curation.build.config import ConfigBuild
from curation.build.control.sets import controls_of
from curation.core.errors import BuildError
from curation.core.ledger import Balance
from curation.core.parquet import read_records
from curation.images.sizes import image_sizes

GROUPED_BY = ("source", "domain", "format", "answer_kind", "language", "stratum", "license")


def describe_config(config: ConfigBuild, balance: Balance) -> dict[str, Any]:
    """Counts per source and reason; rows, groups and images of the shards; the stages' parts and their seconds.

    Raises:
        BuildError: two stages use one key.
    """
    shards = config.shards()
    summary = {
        "sources": balance.table(),
        "shards": {shard.name: pq.read_metadata(shard).num_rows for shard in shards},
        "kept": groups(shards),
        "pictures": image_sizes(shards),
        "seconds": {run.folder.name: run.seconds for run in config.stages},
    }
    if control := controls_of(config):
        summary["control"] = control
    for run in config.stages:
        part = run.stage.summary(run.context)
        if taken := part.keys() & summary.keys():
            raise BuildError(f"stage {run.name!r}: the summary has a key {min(taken)!r} already")
        summary |= part
    return summary


def where_rows_went(config: ConfigBuild, balance: Balance) -> str:
    """The reasons for which rows ended, the commonest first, each with its number of rows and the options that decide it."""
    stages = {run.folder.name: run.stage for run in config.stages}
    told = []
    for reason, n in sum(balance.reasons.values(), Counter[str]()).most_common():
        stage, _, code = reason.partition(": ")
        remedy = stages[stage].remedy(code).replace("{config}", config.config)
        told.append(f"{n:,} {code}" + (f" ({remedy})" if remedy else ""))
    return ", ".join(told)


def groups(shards: list[Path]) -> dict[str, dict[str, int]]:
    """Column -> value -> number of rows."""
    counts: dict[str, Counter[str]] = {column: Counter() for column in GROUPED_BY}
    for record in (r for shard in shards for r in read_records(shard, list(GROUPED_BY), batch_rows=10_000)):
        for column in GROUPED_BY:
            counts[column][record[column]] += 1
    return {column: dict(sorted(counter.items())) for column, counter in counts.items()}
