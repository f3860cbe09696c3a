"""Which tasks make no progress: a file system that hangs, an engine that answers no more.

Progress is a part that is done, a count that a task reports, or, for a task without an engine, time of a processor that it uses: a stage
that decides on millions of rows reports nothing for a long while.
"""

import time
from collections.abc import Iterable
from contextlib import suppress

import psutil

from curation.core.executors.base import Attempt
from curation.core.parts import left, parts_of

BUSY = 0.01
"""A task works when it uses this share of a processor."""


class Patience:
    """Asked again and again, it names the tasks that have made no progress for `patience_s` seconds."""

    def __init__(self, attempt: Attempt, patience_s: float, is_here: bool) -> None:
        """`is_here`: the processes of the tasks are on this machine."""
        self._attempt, self._patience_s, self._is_here = attempt, patience_s, is_here
        self._seen: dict[int, tuple[object, float, float]] = {}
        """Task -> its state, the seconds of a processor that it had used, and when."""
        self._asked_at = 0.0

    def lost(self, running: Iterable[int]) -> list[int]:
        """Those of the tasks that make none, once each; what waits to be run, and has no process yet, has time."""
        now = time.monotonic()
        if now - self._asked_at < self._patience_s / 20:
            return []
        self._asked_at, undone = now, left(self._attempt.work.folder, self._attempt.work.n_parts)
        begun = [rank for rank in running if rank not in self._attempt.lost and self._attempt.pid_of(rank)]
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
        if not self._is_here or self._attempt.has_engine:
            return 0.0
        return float(sum(sum(one.cpu_times()[:2]) for one in processes(self._attempt.pid_of(rank))))


def processes(pid: int | None) -> list[psutil.Process]:
    """A process and all below it; none where it is gone."""
    with suppress(psutil.Error):
        if pid:
            one = psutil.Process(pid)
            return [one, *one.children(recursive=True)]
    return []
