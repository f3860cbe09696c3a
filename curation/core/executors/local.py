"""datatrove's local executor, on a pool that notices dead workers.

datatrove 0.10.1 waits for ever for a worker that was killed (by the kernel's memory guard, say). `concurrent.futures` reports it. Every
task runs in a worker process, so that a crash of its libraries (the sampling engine's too) is survived and its memory is given back.
Workers end when their build is gone.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import connection, forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import psutil

from curation.core.errors import BuildError, CurationError
from curation.core.executors.base import Attempt, TaskExecutor, run_rank
from curation.core.executors.patience import Patience, processes
from curation.core.plugins import load_plugins, loaded_plugins

if TYPE_CHECKING:
    from datatrove.executor import LocalPipelineExecutor

PRELOAD = ["curation.build.preload"]
"""What the workers' server imports before it forks them."""
STOPPING_S = 5.0
"""What a worker gets for putting away what it has when its build is interrupted, or ends because another task failed."""


def _start_worker(log: str, plugins: tuple[str, ...]) -> None:
    """Send the worker's chatter to a file, end the worker when the build's process is gone, and import the manifest's modules."""
    os.makedirs(os.path.dirname(log), exist_ok=True)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sys.stdout.flush()
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    build = multiprocessing.parent_process()
    assert build is not None

    def watch() -> None:
        connection.wait([build.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="build watch").start()
    signal.signal(signal.SIGTERM, _end_task)
    global _cannot_start
    try:
        load_plugins(plugins)
    except CurationError as error:  # a worker that does not start is no word of why
        _cannot_start = error


_has_task = False
_cannot_start: CurationError | None = None


def _end_task(number: int, frame: FrameType | None) -> None:
    """A task ends as at Ctrl-C, which only the build gets; once, so that nothing disturbs it when it puts away what it has."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if not _has_task:
        os._exit(1)
    raise KeyboardInterrupt


class TaskError(Exception):
    """A task failed in a way that is no message for the user."""


def _run_rank(pipeline: "LocalPipelineExecutor", rank: int) -> str:
    """Run one task inside a worker."""
    global _has_task
    if _cannot_start:
        raise _cannot_start
    _has_task = True
    try:
        return run_rank(pipeline, rank)
    except CurationError:
        raise
    except KeyboardInterrupt:  # and no other task is begun
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)
    except Exception as error:  # whatever it is, it has to survive the way to the parent
        raise TaskError(f"{type(error).__name__}: {error}") from None
    finally:
        _has_task = False


class LocalExecutor(TaskExecutor):
    """Runs tasks on `workers` processes and calls `on_tick` while it waits."""

    def run_tasks(self, attempt: Attempt, on_tick: Callable[[], None]) -> None:
        folder, pipeline = attempt.work.folder, attempt.pipeline()
        pool = self._pool(min(self.options.workers, len(attempt.ranks)), folder / "logs" / "workers.log")
        patience = Patience(attempt, self.options.patience, is_here=True)
        with suppress(BrokenProcessPool), pool:
            waiting: dict[Future[str], int] = {}
            try:
                with _not_interrupted():
                    waiting |= {pool.submit(_run_rank, pipeline, rank): rank for rank in attempt.ranks}
                while waiting:
                    done, _ = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
                    for future in done:
                        _take(future, waiting.pop(future), attempt)
                    for rank in patience.lost(waiting.values()):
                        _kill(attempt.pid_of(rank), pool)
                    on_tick()
            except BaseException:
                workers = list((pool._processes or {}).values())
                pool.shutdown(wait=False, cancel_futures=True)
                _stop(workers)
                raise

    def _pool(self, workers: int, log: Path) -> ProcessPoolExecutor:
        """Processes that are forked from a server. Ctrl-C and the end of a terminal go to the foreground group; they leave both to the
        build, which ends them.
        """
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOAD)
        in_main_thread = threading.current_thread() is threading.main_thread()
        of_the_group = (signal.SIGINT, signal.SIGHUP) if in_main_thread else ()
        before = {number: signal.signal(number, signal.SIG_IGN) for number in of_the_group}
        forkserver.ensure_running()
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        return ProcessPoolExecutor(workers, context, _start_worker, (str(log), loaded_plugins()))


@contextmanager
def _not_interrupted() -> Iterator[None]:
    """Interrupts wait for the end of the block: a pool does not know of a worker that is about to start, and would not end it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        for number in before:
            signal.signal(number, lambda got, _: held.append(got))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for got in held:
            signal.raise_signal(got)


def _stop(workers: Sequence[BaseProcess]) -> None:
    """End processes, which have `STOPPING_S` to put away what they have."""
    try:
        for process in workers:
            process.terminate()
        end = time.monotonic() + STOPPING_S
        while left := [process.sentinel for process in workers if process.is_alive()]:
            if not connection.wait(left, max(end - time.monotonic(), 0)):
                break
    finally:
        for process in workers:
            process.kill()


def _kill(pid: int | None, pool: ProcessPoolExecutor) -> None:
    """Kill a process and those below it; without one every worker, for none has begun."""
    workers = [pid] if pid else list(pool._processes or ())
    for process in (one for worker in workers for one in processes(worker)):
        with suppress(psutil.Error):
            process.kill()


def _take(future: "Future[str]", rank: int, attempt: Attempt) -> None:
    """What became of a task.

    Raises:
        CurationError: what it raised.
        BrokenProcessPool: a process died.
    """
    error = future.exception()
    if isinstance(error, TaskError):
        folder = attempt.work.folder
        raise BuildError(f"{folder.name}: task {rank} failed with {error}; traceback in {folder}/logs")
    if error is not None:
        raise error
    if why := future.result():
        attempt.lose(rank, why)
