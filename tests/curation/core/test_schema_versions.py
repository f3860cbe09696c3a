"""The version of the released schema: what each one had, and that a changed column raises it."""

import json
from pathlib import Path
from typing import get_args

import pyarrow.parquet as pq
import pytest

import curation.build.plan  # imports every stage that ships
import curation.core
from curation.core.row import Config
from curation.core.schema import READABLE, SCHEMA_VERSION, readable, released_schema, version_fault
from curation.core.stage import Stage
from curation.difficulty.triage.stage import IMAGE_COLUMNS
from tests.training.conftest import row, write_shard
from training.data.shards import read_shards

RECORD = Path(curation.core.__path__[0]) / "released_columns.json"
CONFIGS = get_args(Config)


@pytest.mark.parametrize("config", CONFIGS)
def test_a_changed_column_raises_the_version(config: Config) -> None:
    recorded = json.loads(RECORD.read_text())
    today = {field.name: str(field.type) for field in released_schema(config, {})}
    assert recorded.get(SCHEMA_VERSION, {}).get(config) == today, (
        f"the columns of {config} are not those recorded for version {SCHEMA_VERSION}: raise SCHEMA_VERSION and READABLE in"
        f" curation/core/schema.py, add the new version's columns to {RECORD.name}, and say it in CHANGELOG.md under Data"
    )


def test_a_changed_column_of_a_stage_raises_the_version() -> None:
    stages, waiting = list[type[Stage]](), [Stage]
    while waiting:
        stages += (more := [one for one in waiting.pop().__subclasses__() if one.__module__.startswith("curation.")])
        waiting += more
    by_options = {one.__name__ for one in stages if isinstance(vars(one).get("adds"), property)}
    assert by_options == {"TriageStage", "KnownDifficulty"}, (
        "a stage whose columns depend on its options: add them here"
    )
    added = [*IMAGE_COLUMNS, *(column for one in stages if isinstance(one.adds, tuple) for column in one.adds)]
    today = {column.name: str(column.type) for column in added if column.released}
    base = released_schema("cold_start", {}).names
    assert {name: today[name] for name in sorted(today) if name not in base} == json.loads(RECORD.read_text())[
        SCHEMA_VERSION
    ]["stages"]


def test_the_last_two_versions_are_recorded_and_read() -> None:
    recorded = list(json.loads(RECORD.read_text()))
    assert recorded[-1] == SCHEMA_VERSION
    assert tuple(recorded[-2:]) == READABLE
    assert not any(map(readable, ("0", str(int(SCHEMA_VERSION) + 1), "none", "", "1.0", "²")))
    assert version_fault("²").endswith("was it made by ovr-curate?")


@pytest.mark.parametrize("config", CONFIGS)
def test_rows_of_the_version_before_load_and_it_is_said(tmp_path: Path, config: Config) -> None:
    shard = tmp_path / "train-00000-of-00001.parquet"
    write_shard(shard, [row(0), row(1)], version="1")
    before = set(json.loads(RECORD.read_text())["1"][config])
    table = pq.read_table(shard)
    pq.write_table(table.select([name for name in table.column_names if name in before]), shard)
    with pytest.warns(
        UserWarning, match="ovr.schema_version 1, today's is 2: read without the columns that came since"
    ):
        rows = read_shards(tmp_path, config).dataset()
    assert len(rows) == 2
