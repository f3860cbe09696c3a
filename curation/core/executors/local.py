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
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import forkserver
from typing import TYPE_CHECKING

from curation.core.errors import BuildError, CurationError
from curation.core.executors.base import TaskExecutor
from curation.core.parts import DoParts, Work
from curation.core.plugins import load_plugins, loaded_plugins

if TYPE_CHECKING:
    from datatrove.executor import LocalPipelineExecutor

PRELOAD = ["curation.build.preload"]
"""What the workers' server imports before it forks them."""
STOPPING_S = 5.0
"""What a worker gets for putting away what it has when its build is interrupted."""


def _start_worker(build_pid: int, log: str, plugins: tuple[str, ...]) -> None:
    """Send the worker's chatter to a file, end the worker when the build's process is gone, and import the manifest's modules."""
    os.makedirs(os.path.dirname(log), exist_ok=True)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sys.stdout.flush()
    os.dup2(handle, 1)
    os.dup2(handle, 2)

    def watch() -> None:
        while True:
            time.sleep(0.5)
            try:
                os.kill(build_pid, 0)
            except ProcessLookupError:
                os._exit(1)

    threading.Thread(target=watch, daemon=True, name="build watch").start()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the task ends as at Ctrl-C, which only the build gets
    load_plugins(plugins)


class TaskError(Exception):
    """A task failed in a way that is no message for the user."""


def _run_rank(executor: "LocalPipelineExecutor", rank: int) -> None:
    """Run one task inside a worker. A local rank other than 0 keeps datatrove's log off the screen."""
    try:
        executor._run_for_rank(rank, local_rank=1)
    except CurationError:
        raise
    except Exception as error:  # whatever it is, it has to survive the way to the parent
        raise TaskError(f"{type(error).__name__}: {error}") from None


class LocalExecutor(TaskExecutor):
    """Runs tasks on `workers` processes and calls `on_tick` while it waits."""

    def run_tasks(
        self, work: Work, tasks: int, ranks: list[int], has_engine: bool, on_tick: Callable[[], None]
    ) -> None:
        # Half a second, which a build that changes nothing need not spend.
        from datatrove.executor import LocalPipelineExecutor

        executor = LocalPipelineExecutor(
            [DoParts(work)], tasks=tasks, logging_dir=str(work.folder), skip_completed=False
        )
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOAD)
        # Ctrl-C goes to the whole foreground group; the workers leave it to the build, which ends them.
        in_main_thread = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main_thread else None
        forkserver.ensure_running()
        if before is not None:
            signal.signal(signal.SIGINT, before)
        initargs = (os.getpid(), str(work.folder / "logs" / "workers.log"), loaded_plugins())
        pool = ProcessPoolExecutor(min(self.options.workers, len(ranks)), context, _start_worker, initargs)
        with suppress(BrokenProcessPool), pool:
            waiting = {pool.submit(_run_rank, executor, rank): rank for rank in ranks}
            try:
                while waiting:
                    done, _ = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
                    for future in done:
                        _raise_for(future, waiting.pop(future), work)
                    on_tick()
            except BaseException as error:
                processes = list((pool._processes or {}).values())
                pool.shutdown(wait=False, cancel_futures=True)
                if isinstance(error, KeyboardInterrupt):
                    for process in processes:
                        process.terminate()
                    wait(waiting, timeout=STOPPING_S)
                for process in processes:
                    process.kill()
                raise


def _raise_for(future: "Future[None]", rank: int, work: Work) -> None:
    error = future.exception()
    if error is None:
        return
    if not isinstance(error, TaskError):
        raise error
    raise BuildError(f"{work.folder.name}: task {rank} failed with {error}; traceback in {work.folder}/logs")
