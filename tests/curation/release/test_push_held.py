"""What else happens in a folder while it is pushed: builds, files that are replaced, and a disk that cannot be written to."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.core.errors import BuildError
from curation.core.folder_lock import FolderLock
from curation.release.finish import finish
from tests.curation.release.hub.server import Fault, LoopbackHub
from tests.curation.release.pushing import environment, push

pytestmark = pytest.mark.slow


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    with LoopbackHub(tmp_path / "hub") as hub:
        yield hub


def test_no_folder_is_pushed_in_which_a_build_runs_and_none_begins_in_one_that_is_pushed(
    hub: LoopbackHub, copied: Path, tmp_path: Path
) -> None:
    with FolderLock(copied):
        code, out = push(hub, copied, tmp_path / "home")
    assert (code, out.count("another build is running in this folder"), "Traceback" in out) == (1, 1, False), out
    assert not hub.repos
    refused: list[str] = []

    def begin(_: LoopbackHub) -> None:
        with pytest.raises(BuildError) as raised:
            FolderLock(copied).acquire()
        refused.append(str(raised.value))

    hub.faults.append(Fault("PUT /lfs/", then=begin))
    code, out = push(hub, copied, tmp_path / "home")
    assert (code, len(refused)) == (0, 1), out
    assert "another build is running" in refused[0]
    assert not [path for path in hub.repos["tester/set"].files("main") if path.startswith(".lock")]
    with FolderLock(copied):
        pass


@pytest.mark.parametrize(
    ("way", "moment", "file"),
    [
        ("lfs", "PUT /lfs/", "data/cold_start/train-*.parquet"),
        ("xet", "POST /cas/.*/shards", "data/cold_start/train-*.parquet"),
        ("lfs", "POST .*/commit/", "release/README.md"),
    ],
)
def test_a_file_that_changes_while_it_is_sent_is_named_and_nothing_is_tagged(
    way: str, moment: str, file: str, hub: LoopbackHub, copied: Path, tmp_path: Path
) -> None:
    """Another of the same size and time, as a build leaves it that is made again."""

    def replace(_: LoopbackHub) -> None:
        (path,) = copied.glob(file)
        status, made = path.stat(), path.with_suffix(".made")
        made.write_bytes(path.read_bytes()[:-9] + b"x" + path.read_bytes()[-8:])
        os.utime(made, ns=(status.st_atime_ns, status.st_mtime_ns))
        made.replace(path)

    hub.faults.append(Fault(moment, then=replace))
    code, out = push(hub, copied, tmp_path / "home", way=way)
    (failed,) = [line for line in out.splitlines() if line.startswith("ovr-curate: ")]
    assert code == 1
    assert f"{Path(file).name[:6]}" in failed
    assert "changed while it was pushed" in failed
    assert not hub.repos["tester/set"].tags
    assert len(hub.commits("tester/set")) == (1 if file.startswith("data") else 2)


READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'


def push_read_only(hub: LoopbackHub, build: Path, home: Path) -> tuple[int, str]:
    alone = ["unshare", "--mount", "--map-root-user", "sh", "-c", READ_ONLY, "sh", str(build)]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no folder can be mounted read-only here")
    command = [*alone, sys.executable, "-m", "curation.cli", "push", str(build), "tester/set"]
    done = subprocess.run(command, env=environment(hub, home), capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_a_folder_that_cannot_be_written_to_is_released_as_any_other(
    hub: LoopbackHub, copied: Path, tmp_path: Path
) -> None:
    (copied / "stages" / "finished.json").unlink(missing_ok=True)
    code, out = push_read_only(hub, copied, tmp_path / "home")
    assert (code, "Read-only file system" in out, "Traceback" in out) == (1, True, False), out  # it lacks its documents
    finish(copied)
    before = sorted(copied.rglob("*"))
    code, out = push_read_only(hub, copied, tmp_path / "home")
    assert code == 0, out
    assert sorted(copied.rglob("*")) == before
    code, out = push(hub, copied, tmp_path / "home")
    assert (code, "nothing to send" in out) == (0, True), out
