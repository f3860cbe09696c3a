"""Which tasks make no progress: a file system that hangs, an engine that answers no more.

Progress is a part that is done, a count that a task reports, or, for a task without an engine, time of a processor that it uses: a stage
that decides on millions of rows reports nothing for a long while. Of a process on another machine the task itself writes that time down,
beside its process's number.
"""

import os
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from curation.core.executors.base import Attempt
from curation.core.parts import left, parts_of

BUSY = 0.01
"""A task works when it uses this share of a processor."""
SIGNS = 10
"""So many times in `patience_s` a task writes down what it has used: every six minutes by default."""


class Patience:
    """Asked again and again, it names the tasks that have made no progress for `patience_s` seconds."""

    def __init__(self, attempt: Attempt, patience_s: float, is_here: bool) -> None:
        """`is_here`: the processes of the tasks are on this machine; those that are not leave their signs of life."""
        self._attempt, self._patience_s, self._is_here = attempt, patience_s, is_here
        self._seen: dict[int, tuple[object, float, float]] = {}
        """Task -> its state, the seconds of a processor that it had used, and when."""
        self._asked_at = 0.0

    def lost(self, running: Collection[int]) -> list[int]:
        """Those of the tasks that make none, once each. What waits to be run has time, but where none of them has a process yet on this
        machine the first is one that cannot begin.
        """
        now = time.monotonic()
        if now - self._asked_at < self._patience_s / 20:
            return []
        self._asked_at, undone = now, left(self._attempt.work.folder, self._attempt.work.n_parts)
        begun = [rank for rank in running if rank not in self._attempt.lost and self._attempt.pid_of(rank)]
        if self._is_here and not begun:
            begun = [rank for rank in running if rank not in self._attempt.lost][:1]
        late = [rank for rank in begun if not self._progresses(rank, undone, now)]
        for rank in late:
            self._attempt.lose(rank, f"made no progress for {self._patience_s:g} s (run.patience) and is killed")
        return late

    def _progresses(self, rank: int, undone: list[int], now: float) -> bool:
        state, used = self._state(rank, undone), self._used(rank)
        before, used_before, since = self._seen.get(rank, (None, 0.0, now))
        if rank not in self._seen or state != before or used - used_before > BUSY * (now - since):
            self._seen[rank] = state, used, now
            return True
        return now - since < self._patience_s

    def _state(self, rank: int, undone: list[int]) -> object:
        """The parts that a task has left, and what it reports on the first of them, which it is doing."""
        mine = parts_of(rank, self._attempt.tasks, undone)
        report = b""
        with suppress(OSError, IndexError):
            report = (self._attempt.work.folder / "progress" / f"{mine[0]:05d}.json").read_bytes()
        return mine, report

    def _used(self, rank: int) -> float:
        if self._attempt.has_engine:
            return 0.0
        if self._is_here:
            return used_by(self._attempt.pid_of(rank))
        with suppress(OSError, ValueError):
            return float(_sign_file(self._attempt.work.folder, rank).read_text())
        return 0.0


@contextmanager
def signs_of_life(folder: Path, rank: int, patience_s: float) -> Iterator[None]:
    """Write down what a task of this process uses, from a thread, while it runs."""
    ended, file = threading.Event(), _sign_file(folder, rank)

    def write() -> None:
        while not ended.wait(patience_s / SIGNS):
            with suppress(OSError):  # a server that does not answer now may do so the next time
                file.parent.mkdir(parents=True, exist_ok=True)
                used = used_by(os.getpid()) - time.thread_time()  # looking costs time too
                file.with_suffix(".tmp").write_text(str(used))
                file.with_suffix(".tmp").replace(file)

    thread = threading.Thread(target=write, daemon=True, name="signs of life")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with suppress(OSError):
            file.unlink(missing_ok=True)


def _sign_file(folder: Path, rank: int) -> Path:
    return folder / "running" / f"{rank:05d}.used"


def used_by(pid: int | None) -> float:
    """Seconds of a processor that a process and all below it have used, those that have ended included."""
    used = 0.0
    for one in processes(pid):
        with suppress(psutil.Error):
            used += sum(one.cpu_times()[:4])
    return used


def processes(pid: int | None) -> list[psutil.Process]:
    """A process and all below it; none where it is gone."""
    with suppress(psutil.Error):
        if pid:
            one = psutil.Process(pid)
            return [one, *one.children(recursive=True)]
    return []
