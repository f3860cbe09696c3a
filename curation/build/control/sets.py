"""The controls of a config in a build's folder: run what is not done, and say what is in them."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curation.build.config import ConfigBuild
from curation.build.control.plans import control_plans
from curation.core.digests import sha256_of
from curation.core.executors.base import Executor
from curation.core.parquet import read_records, write_text
from curation.core.stage_run import StageRun, verify
from curation.release.shards import base_id, split_of_shard

FOLDER = "control"
"""In a build's folder."""


def build_controls(config: ConfigBuild, executor: Executor) -> None:
    """Run the stages of every control of a config that has run; shards and stages of controls that there are no longer go.

    Raises:
        CurationError: a stage failed.
    """
    record = _record(config)
    record.unlink(missing_ok=True)
    controls = _controls(config)
    mine = {run.folder for runs in controls.values() for run in runs}
    for folder in {*record.parent.glob(f"*/stages/[0-9][0-9]-{config.config}-*")} - mine:
        shutil.rmtree(folder)
    for folder in record.parent.glob(f"*/data/{config.config}"):
        if folder.parents[1].name not in controls:
            shutil.rmtree(folder)
    for runs in controls.values():
        verify(own := [run for run in runs if record.parent in run.folder.parents])
        executor.run(own)
    ids = {record["id"] for shard in config.shards() for record in read_records(shard, ["id"])}
    sets = {name: _described(runs, ids) for name, runs in controls.items()}
    seed = config.manifest.seed
    write_text(record, json.dumps({"build": config.identity(), "control": {"seed": seed, "sets": sets}}))


def controls_of(config: ConfigBuild) -> dict[str, Any] | None:
    """What the summary says of a config's controls; None where there are none of exactly this build."""
    record = _record(config)
    found = json.loads(record.read_text()) if record.exists() else {}
    control: dict[str, Any] | None = found.get("control") if found.get("build") == config.identity() else None
    return control


def remove_controls(out: Path) -> None:
    """Those of another build must not stay beside what will be."""
    shutil.rmtree(out / FOLDER, ignore_errors=True)


def _record(config: ConfigBuild) -> Path:
    return config.out / FOLDER / f"{config.config}.json"


def _controls(config: ConfigBuild) -> dict[str, list[StageRun]]:
    """Name -> its stages. One that does the same to the same rows as a stage of the set, or of a control before, is that one."""
    known = {run.fingerprint: run for run in config.stages}
    digests = {run.stage.kind: run.digests for run in config.stages}
    plans = control_plans(config.stages, _sizes(config.shards()), config.manifest.release)
    controls: dict[str, list[StageRun]] = {}
    for name, plan in plans.items():
        out, before = config.out / FOLDER / name, None
        for number, stage in enumerate(plan, 1):
            of = digests.get(stage.kind)
            run = StageRun(stage, stage.kind, number, config.config, out, config.code, of, before)
            before = known.setdefault(run.fingerprint, run)
            controls.setdefault(name, []).append(before)
    return controls


def _sizes(shards: list[Path]) -> dict[str, int]:
    """Split -> rows."""
    sizes = Counter[str]()
    for shard in shards:
        sizes[split_of_shard(shard)] += pq.read_metadata(shard).num_rows
    return dict(sorted(sizes.items()))


def _described(runs: list[StageRun], ids: set[str]) -> dict[str, Any]:
    """Of one control: its rows by split, of how many they were drawn, how many the set has too, how many are copies of others."""
    equal, last = runs[-2:]
    shards = sorted((last.out / "data" / last.config).glob("*.parquet"))
    found = Counter(base_id(record["id"]) for shard in shards for record in read_records(shard, ["id"]))
    return {
        "rows": _sizes(shards),
        "drawn_of": len(equal.rows_in),
        "in_the_set": len(found.keys() & ids),
        "copies": found.total() - len(found),
        "shards": {shard.name: pq.read_metadata(shard).num_rows for shard in shards},
        "sha256": {shard.name: sha256_of(shard) for shard in shards},
    }
