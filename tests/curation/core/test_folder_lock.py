"""Two builds in one folder: on one machine, on two that share it, and what a killed one leaves."""

import errno
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from curation.core import folder_lock
from curation.core.errors import BuildError
from curation.core.folder_lock import FolderLock, newest

HOLD = """
import sys, time
from pathlib import Path
from curation.core.folder_lock import FolderLock
with FolderLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_lock, "BEAT_S", 0.1)
    monkeypatch.setattr(folder_lock, "STALE_S", 1.0)


def of_another_machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> FolderLock:
    """A lock that is held elsewhere: only its file is seen here."""
    lock = FolderLock(folder)
    with monkeypatch.context() as patch:
        patch.setattr(folder_lock, "machine", lambda: "another")
        lock.acquire()
    lock._flock.release()
    return lock


def test_a_folder_is_held_by_one_and_then_by_the_next(tmp_path: Path) -> None:
    with FolderLock(tmp_path), pytest.raises(BuildError, match=f"another build is running.*process {os.getpid()} of"):
        FolderLock(tmp_path).acquire()
    with FolderLock(tmp_path):
        pass
    assert [path.name for path in tmp_path.glob(".lock.*")] == [".lock.2"]


def test_the_lock_of_a_killed_build_of_this_machine_is_taken_over_at_once(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    with pytest.raises(BuildError, match=f"process {process.pid} of"):
        FolderLock(tmp_path).acquire()
    process.kill()
    process.stdout.read()  # ended, and not waited for
    began = time.monotonic()
    with FolderLock(tmp_path):
        assert time.monotonic() - began < folder_lock.DYING_S
    process.wait()


def test_a_number_that_another_process_has_by_now_holds_nothing(tmp_path: Path) -> None:
    with FolderLock(tmp_path):
        path = newest(tmp_path)
        assert path is not None
        holder = json.loads(path.read_text())
    path.write_text(json.dumps({**holder, "started": "1"}))
    with FolderLock(tmp_path):
        pass


@pytest.mark.parametrize("jump_s", [0, 86_400, -86_400])
def test_another_machine_holds_a_folder_as_long_as_its_file_changes_whatever_the_clocks_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    held = of_another_machine(tmp_path, monkeypatch)
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + jump_s)
    with pytest.raises(BuildError, match="another build is running"):
        FolderLock(tmp_path).acquire()
    held._ended.set()  # killed
    time.sleep(0.2)
    began = time.monotonic()
    with FolderLock(tmp_path):
        assert time.monotonic() - began >= 1.0


def test_of_many_that_find_a_stale_lock_one_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_another_machine(tmp_path, monkeypatch)._ended.set()
    got: list[FolderLock] = []

    def take() -> None:
        lock = FolderLock(tmp_path)
        monkeypatch.setattr(lock, "_flock", type("Lies", (), {"acquire": lambda _: None, "release": lambda _: None})())
        try:
            lock.acquire()
        except BuildError:
            return
        got.append(lock)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    got[0].release()


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_flock_has_the_numbered_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def flock(file: int, how: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(folder_lock.fcntl, "flock", flock)
    for number in (1, 2):
        with (
            FolderLock(tmp_path),
            pytest.raises(BuildError, match=f"another build is running.*process {os.getpid()} of"),
        ):
            FolderLock(tmp_path).acquire()
        assert {path.name for path in tmp_path.iterdir()} == {".lock", f".lock.{number}"}


def test_a_lock_that_may_not_be_written_is_held_by_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(folder_lock.os, "open", denied)
    with pytest.raises(PermissionError, match="Permission denied"):
        FolderLock(tmp_path).acquire()


def test_a_beat_that_the_server_does_not_answer_is_no_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, failed = Path.read_bytes, threading.Event()

    def once(path: Path) -> bytes:
        if not failed.is_set() and threading.current_thread() is not threading.main_thread():
            failed.set()
            raise OSError(errno.EIO, "Input/output error")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", once)
    with FolderLock(tmp_path) as lock:
        assert failed.wait(5)
        time.sleep(3 * folder_lock.BEAT_S)
        assert not lock.is_lost


def test_a_lock_that_is_given_back_while_it_beats_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look, beats = folder_lock.newest, threading.Event()

    def slowly(folder: Path) -> Path | None:
        if threading.current_thread() is not threading.main_thread():
            beats.set()
            time.sleep(0.2)
        return look(folder)

    monkeypatch.setattr(folder_lock, "newest", slowly)
    monkeypatch.setattr(folder_lock, "BEAT_S", 1.5)
    with FolderLock(tmp_path):
        assert beats.wait(5)
    with FolderLock(tmp_path):
        pass


def test_a_build_that_stood_still_and_lost_its_folder_is_interrupted(tmp_path: Path) -> None:
    lost = threading.Event()
    lock = FolderLock(tmp_path, on_lost=lost.set)
    lock.acquire()
    path = newest(tmp_path)
    assert path is not None
    path.with_name(".lock.9").write_text("{}")
    assert lost.wait(5)
    lock.release()
    assert lock.is_lost
    assert path.with_name(".lock.9").stat().st_mtime > 0
