"""Files of stages that change behind the build's back, rows that go missing from a part, and what is said when the disk is full."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from curation.build.summary import describe_config
from curation.core import disk
from curation.core.disk import DiskSpace
from curation.core.errors import BuildError
from curation.core.file_records import is_as_recorded, record_of
from curation.core.parts import marked_files
from curation.sources.put_together import put_together
from tests.curation.conftest import run, shard_bytes


def flip(path: Path, keep_time: bool = True) -> None:
    """Another bit in the middle, as a disk does it, without a new time."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    if keep_time:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_file_is_known_by_size_and_time_and_where_that_is_not_enough_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    record = record_of(path)
    os.utime(path)
    assert is_as_recorded(path, record)
    os.utime(path, ns=(record.mtime_ns, record.mtime_ns))
    flip(path)
    assert is_as_recorded(path, record)
    assert not is_as_recorded(path, record, thorough=True)
    flip(path, keep_time=False)
    flip(path, keep_time=False)
    assert not is_as_recorded(path, record)
    path.unlink()
    assert not is_as_recorded(path, record)


DAMAGED = {
    "rows of one part": ("rl-normalise/rows/00001-00000.parquet", "rl-normalise", [0]),
    "decisions": ("rl-duplicates/decisions/00000-00000.parquet", "rl-duplicates", []),
    "a report of the whole": ("rl-collect/reading/00000.json", "rl-collect", []),
    "a mark": ("rl-normalise/parts/00000", "rl-normalise", [1]),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_noticed_before_a_stage_reads_it_and_its_part_is_done_again(
    case: str, built: Path, copied: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The last stage has to run: its record is gone, as of a build that was killed there."""
    name, stage, kept = DAMAGED[case]
    path = next(copied.glob(f"stages/*-{name}"))
    folder = next(copied.glob(f"stages/*-{stage}"))
    times = {part: (folder / "parts" / f"{part:05d}").stat().st_mtime_ns for part in kept}
    flip(path)
    for record in (*copied.glob("stages/*-rl-shards/done.json"), copied / "stages" / "rl.json"):
        record.unlink()
    if case == "a mark":
        path.write_text("{")
        next(copied.glob("stages/*-rl-normalise/done.json")).write_text("{")
    run(built.parent / "manifest.yaml", copied, only="rl")
    said = capfd.readouterr().err
    assert case == "a mark" or "not as it was written; it is made once more" in said
    assert {part: (folder / "parts" / f"{part:05d}").stat().st_mtime_ns for part in kept} == times
    assert shard_bytes(copied) == shard_bytes(built)


def ends_in_a_line_and_is_mended(name: str, built: Path, out: Path, patched: pytest.MonkeyPatch) -> None:
    """A build that is `patched` says which file has changed, and the next one makes it once more."""
    with pytest.raises(BuildError, match=f"{re.escape(name)}: changed after the build wrote it; run the same"):
        run(built.parent / "manifest.yaml", out, only="rl")
    patched.undo()
    run(built.parent / "manifest.yaml", out, only="rl")
    assert shard_bytes(out) == shard_bytes(built)


@pytest.mark.slow
def test_a_file_that_changes_while_a_later_stage_reads_it_ends_the_build_and_the_next_one_mends_it(
    built: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from curation.release.shards import ShardsStage

    conclude, path = ShardsStage.conclude, next(copied.glob("stages/*-rl-normalise/rows/00000-00000.parquet"))

    def damage(self: ShardsStage, context: Any) -> None:
        conclude(self, context)
        flip(path, keep_time=False)

    for stage in copied.glob("stages/*-rl-shards"):
        shutil.rmtree(stage)
    (copied / "stages" / "rl.json").unlink()
    monkeypatch.setattr(ShardsStage, "conclude", damage)
    ends_in_a_line_and_is_mended("00000-00000.parquet", built, copied, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["filter/done.json", "filter/decisions/00000-00000.parquet", "*/reading/00000.json"])
def test_a_file_that_changes_while_the_build_is_concluded_ends_it_in_a_line(
    name: str, built: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = next(copied.glob(f"stages/*-rl-{name}"))
    (copied / "summary.json").unlink()

    def damage(config: Any, balance: Any) -> dict[str, Any]:
        if config.config == "rl":
            flip(path, keep_time=False)
        return describe_config(config, balance)

    monkeypatch.setattr("curation.build.build.describe_config", damage)
    ends_in_a_line_and_is_mended(path.name, built, copied, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["00000.state", "rows/00000.json"])
def test_a_file_that_changes_before_its_stage_is_concluded_ends_the_build_in_a_line(
    name: str, built: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damage(folder: Path) -> None:
        next(folder.glob(f"**/{name}")).write_text("{}")
        put_together(folder)

    for stage in copied.glob("stages/*-rl-*"):
        shutil.rmtree(stage)
    monkeypatch.setattr("curation.sources.collect.put_together", damage)
    ends_in_a_line_and_is_mended(name, built, copied, monkeypatch)


@pytest.mark.slow
def test_a_set_whose_shards_are_gone_is_named_where_the_other_is_built(built: Path, copied: Path) -> None:
    shutil.rmtree(copied / "data" / "cold_start")
    (copied / "summary.json").unlink()
    with pytest.raises(BuildError, match=r"cold_start/train-00000-of-00001\.parquet: changed after the build wrote it"):
        run(built.parent / "manifest.yaml", copied, only="rl")
    run(built.parent / "manifest.yaml", copied)
    assert shard_bytes(copied) == shard_bytes(built)


def test_a_part_lists_what_it_wrote(built: Path) -> None:
    folder = next(built.glob("stages/*-rl-normalise"))
    of_first = {name for name, (part, _) in marked_files(folder).items() if part == 0}
    assert {"rows/00000.json", "rows/00000-00000.parquet", "signatures/00000.words"} <= of_first
    files = json.loads((folder / "done.json").read_text())["files"]
    assert files.keys() >= marked_files(folder).keys()


def test_little_space_is_a_warning_and_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        disk.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 2 * 10**8, 2 * 10**8)
    )
    space = DiskSpace(tmp_path, 10**8)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 0))
    space.check()
    space.check()
    assert capsys.readouterr().err.count("0 MB are free") == 1
    DiskSpace(tmp_path, 3 * 10**9)
    assert "this stage may need 3.0 GB" in capsys.readouterr().err
