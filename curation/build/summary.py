"""The summary of a build: what came in, what left and why, what is in the shards, and what the stages have to say."""

from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curation.build.config import ConfigBuild
from curation.build.control.sets import controls_of
from curation.core.digests import sha256_of
from curation.core.errors import BuildError
from curation.core.ledger import Balance
from curation.core.parquet import read_records
from curation.core.words import counted
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
        "sha256": {shard.name: sha256_of(shard) for shard in shards},
        "kept": groups(shards),
        "pictures": image_sizes(shards),
        "seconds": {run.folder.name: run.seconds for run in config.stages},
    }
    if shards and (empty := [source for source, n in balance.rows_in.items() if not balance.actions[source]["out"]]):
        summary["nothing_left"] = {source: where_rows_went(config, balance, [source]) for source in empty}
    if control := controls_of(config):
        summary["control"] = control
    for run in config.stages:
        part = run.stage.summary(run.context)
        if taken := part.keys() & summary.keys():
            raise BuildError(f"stage {run.name!r}: the summary has a key {min(taken)!r} already")
        summary |= part
    return summary


MOST_REASONS = 6
"""Reasons in a line, each of one source."""


def where_rows_went(config: ConfigBuild, balance: Balance, sources: Collection[str] = ()) -> str:
    """Why the rows of some sources ended, of all by default: how many of which source, in which stage, under which reason and by which
    options, the commonest first.
    """
    stages = {run.folder.name: run.stage for run in config.stages}
    counts = Counter(
        {
            (source, reason): n
            for source, reasons in balance.reasons.items()
            for reason, n in reasons.items()
            if not sources or source in sources
        }
    )
    lines = []
    for (source, reason), n in counts.most_common(MOST_REASONS):
        folder, _, code = reason.partition(": ")
        remedy = stages[folder].remedy(code).replace("{config}", config.config)
        line = f"{n:,} of {counted(balance.rows_in[source], 'row')} of {source} in {stages[folder].kind} as {code}"
        lines.append(line + (f" ({remedy})" if remedy else ""))
    if n_more := counts.total() - sum(n for _, n in counts.most_common(MOST_REASONS)):
        lines.append(f"{n_more:,} more under {counted(len(counts) - MOST_REASONS, 'other reason')}")
    return ", ".join(lines) or "no rows came in"


def why_empty(config: ConfigBuild, balance: Balance) -> str:
    """The line of a set without rows: behind which stage none was left, and where they went."""
    return f"no rows are left in {config.config} behind {emptied_by(config)}: {where_rows_went(config, balance)}"


def emptied_by(config: ConfigBuild) -> str:
    """The first stage that has left no rows; '' where each that has run left some."""
    return next((run.stage.kind for run in config.stages if run.is_done and not len(run.rows)), "")


def groups(shards: list[Path]) -> dict[str, dict[str, int]]:
    """Column -> value -> number of rows."""
    counts: dict[str, Counter[str]] = {column: Counter() for column in GROUPED_BY}
    for record in (r for shard in shards for r in read_records(shard, list(GROUPED_BY), batch_rows=10_000)):
        for column in GROUPED_BY:
            counts[column][record[column]] += 1
    return {column: dict(sorted(counter.items())) for column, counter in counts.items()}
