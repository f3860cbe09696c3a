"""A stage that is made again, or a source that changes, while what was made of the former one is still there."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from curation.build.build import BuildOptions, build, build_code, chosen_configs
from curation.build.config import ConfigBuild
from curation.build.load import load_manifest
from curation.core.errors import BuildError, SourceError
from curation.core.executors.slurm import _not_done
from curation.core.parts import DoParts
from curation.core.stage_run import verify
from curation.reading.report import ReadingReport
from tests.curation.build.test_stage_files import flip
from tests.curation.conftest import shard_bytes

MODULE = '''
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from curation.core.decision import KEEP, Decision, drop, keep
from curation.core.row import Row
from curation.core.rows import Rows
from curation.core.stage import DecideStage, MapStage, Run


class Moody(MapStage):
    """Drops what its file says today."""

    kind: Literal["moody"] = "moody"

    def map(self, row: Row) -> Decision:
        dropped = Path(__file__).with_name("moods.txt").read_text().split()
        return drop("moody", "") if row.source_id in dropped else keep()


class EveryOther(DecideStage):
    """Keeps every other row."""

    kind: Literal["every_other"] = "every_other"

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        for number in range(len(rows)):
            yield drop("other", "") if number % 2 else KEEP
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for the module: a process imports a plugin once."""
    folder = tmp_path_factory.mktemp("moody")
    (folder / "moody_stages.py").write_text(MODULE)
    return folder


@pytest.fixture
def manifest(folder: Path) -> Path:
    rows = [json.dumps({"id": i, "q": f"How far is town {i} from town {i + 3}?", "a": str(i)}) for i in range(20)]
    (folder / "rows.jsonl").write_text("\n".join(rows) + "\n")
    (folder / "moods.txt").write_text("3 4")
    fields = {"question": "q", "answer": "a", "id": "id"}
    source = {"kind": "table", "name": "t", "path": "rows.jsonl", "fields": fields}
    stages = [{"kind": "moody", "after": "normalise"}, {"kind": "every_other"}]
    written = {"name": "again", "plugins": ["moody_stages"], "rl": {"sources": [source], "stages": stages}}
    (folder / "manifest.yaml").write_text(yaml.safe_dump(written))
    return folder / "manifest.yaml"


def content(out: Path) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    return shard_bytes(out), pq.read_table(out / "ledger.parquet").to_pylist()


@pytest.mark.slow
@pytest.mark.parametrize("moods", ["3 5", "3", "3 4 5"])
@pytest.mark.parametrize("damage", ["removed", "changed"])
def test_what_follows_a_stage_that_leaves_something_else_is_made_again_too(
    manifest: Path, tmp_path: Path, damage: str, moods: str
) -> None:
    build(manifest, out := tmp_path / "out")
    (stage,) = (out / "stages").glob("*-rl-moody")
    shutil.rmtree(stage) if damage == "removed" else flip(next(stage.glob("decisions/*.parquet")), keep_time=False)
    (manifest.parent / "moods.txt").write_text(moods)
    build(manifest, out)
    build(manifest, tmp_path / "fresh")
    assert content(out) == content(tmp_path / "fresh")


@pytest.mark.slow
def test_what_follows_a_stage_that_leaves_the_same_stays(manifest: Path, tmp_path: Path) -> None:
    build(manifest, out := tmp_path / "out")
    (stage,), before = (out / "stages").glob("*-rl-moody"), content(out)
    (behind,) = (out / "stages").glob("*-rl-every_other/done.json")
    shutil.rmtree(stage)
    made = behind.stat().st_mtime_ns
    build(manifest, out)
    assert (behind.stat().st_mtime_ns, content(out)) == (made, before)


@pytest.mark.slow
def test_a_source_that_changes_before_it_is_read_ends_the_build_and_nothing_of_it_stays(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, prepare = manifest.with_name("rows.jsonl"), ConfigBuild.prepare
    before = source.read_text()

    def change(self: ConfigBuild) -> None:
        prepare(self)
        source.write_text(before.replace('"a": "1', '"a": "9'))

    monkeypatch.setattr(ConfigBuild, "prepare", change)
    with pytest.raises(SourceError, match=r"rows.jsonl: changed while it was read; run the same command again"):
        build(manifest, out := tmp_path / "out")
    monkeypatch.undo()
    source.write_text(before)
    build(manifest, out)
    build(manifest, tmp_path / "fresh")
    assert content(out) == content(tmp_path / "fresh")


def test_a_task_of_an_earlier_build_does_nothing_once_another_has_begun_its_stage(
    manifest: Path, tmp_path: Path
) -> None:
    loaded = load_manifest(manifest)
    (config,) = chosen_configs(loaded, tmp_path, BuildOptions(), build_code(loaded))
    config.prepare()
    stage = config.stages[0]
    stage.begin()
    stage.start()
    (stage.folder / "started.json").write_text(json.dumps({"fingerprint": "another", "read": ""}))
    with pytest.raises(BuildError, match="another build has begun this stage, for other options or inputs"):
        list(DoParts(stage).run(None))
    assert not list(stage.folder.glob("parts/*"))


@pytest.mark.slow
def test_a_second_build_in_a_relative_folder_runs_nothing(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its controls, which are built of what the set has left."""
    monkeypatch.chdir(tmp_path)
    build(manifest, out := Path("out"), BuildOptions(control=True))
    records = {path: path.stat().st_ino for path in out.glob("**/done.json")}
    assert [path for path in records if "control" in path.parts]
    build(manifest, out, BuildOptions(control=True))
    assert {path: path.stat().st_ino for path in out.glob("**/done.json")} == records
    build(manifest, tmp_path / "fresh")
    assert content(out) == content(tmp_path / "fresh")


@pytest.mark.slow
def test_numbers_of_ids_that_repeat_are_those_of_a_build_that_was_not_cut_off(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = manifest.with_name("rows.jsonl")
    source.write_text(source.read_text().replace('"id": 1', '"id": 7'))
    written = yaml.safe_load(manifest.read_text())
    manifest.write_text(yaml.safe_dump(written | {"rl": {"sources": written["rl"]["sources"]}}))

    def fail(self: ReadingReport, row: Any) -> dict[str, Any]:
        raise RuntimeError("the machine is gone")

    monkeypatch.setattr(ReadingReport, "described", fail)
    with pytest.raises(RuntimeError, match="the machine is gone"):
        build(manifest, tmp_path / "out")
    monkeypatch.undo()
    build(manifest, out := tmp_path / "out")
    build(manifest, tmp_path / "fresh")
    assert content(out) == content(tmp_path / "fresh")
    (shard,) = (out / "data" / "rl").glob("*.parquet")
    assert "7#2" in pq.read_table(shard).column("source_id").to_pylist()


@pytest.mark.slow
def test_a_file_that_grows_beside_the_images_is_none_that_was_read(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, prepare = yaml.safe_load(manifest.read_text()), ConfigBuild.prepare
    (source,) = written["rl"]["sources"]
    source["fields"]["images"], source["accept"] = "=dot.png", ["blank_images", "one_image"]
    manifest.write_text(yaml.safe_dump(written))
    Image.new("RGB", (64, 64), "red").save(manifest.with_name("dot.png"))

    def grow(self: ConfigBuild) -> None:
        prepare(self)
        with manifest.with_name("build.log").open("a") as log:
            log.write("a line\n")

    monkeypatch.setattr(ConfigBuild, "prepare", grow)
    build(manifest, tmp_path / "out")


@pytest.mark.slow
def test_jobs_are_submitted_up_to_what_may_stay_as_it_is(manifest: Path, tmp_path: Path) -> None:
    build(manifest, out := tmp_path / "out")
    loaded = load_manifest(manifest)
    (config,) = chosen_configs(loaded, out, BuildOptions(), build_code(loaded))
    config.prepare()
    flip(next(out.glob("stages/*-rl-moody/decisions/*.parquet")), keep_time=False)
    verify(config.stages)
    assert [stage.name for stage in _not_done(config.stages)] == ["moody"]
    for stage in out.glob("stages/*-rl-every_other"):
        shutil.rmtree(stage)
    assert [stage.name for stage in _not_done(config.stages)] == ["moody"]
