"""What does the tasks of a stage: worker processes (`local`), a Ray cluster (`ray`), jobs of Slurm (`slurm`).

    with executor_of(RunOptions(workers=4)) as executor:
        executor.run(stages)                     # each after the one before

All of them are datatrove's executors, whose ranks are our tasks, with what those lack: they notice a process that died or makes no
progress, run its task again a bounded number of times, with smaller batches, and raise what a task raised.
"""

import os
import shutil
import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from curation.core.attempts import is_out_of_memory
from curation.core.errors import OF_THE_DISK, BuildError, of_the_disk
from curation.core.parquet import write_text
from curation.core.parts import DONE, DoParts, Work, largest_first, left, refresh
from curation.core.run_options import RunOptions

if TYPE_CHECKING:
    from datatrove.executor import LocalPipelineExecutor


class Runnable(Protocol):
    """A stage in its place."""

    def run(self, executor: "TaskExecutor") -> None: ...


class Executor(ABC):
    """Runs stages with the options of `run:`."""

    def __init__(self, options: RunOptions) -> None:
        self.options = options

    def __enter__(self) -> "Executor":
        return self

    def __exit__(self, *error: object) -> None:  # noqa: B027 - most hold nothing
        """Give back what it holds: a cluster that it has started."""

    @abstractmethod
    def run(self, stages: Sequence[Runnable]) -> None:
        """Run the stages in their order.

        Raises:
            CurationError: what a stage or one of its tasks raised.
            BuildError: a task's process died more often than `retries`.
        """


@dataclass
class Attempt:
    """The tasks of a stage that have parts to do, run for the `number`th time from 0."""

    work: Work
    tasks: int
    ranks: list[int]
    has_engine: bool
    number: int
    lost: dict[int, str] = field(default_factory=dict)
    """Task -> why it did not end, where more is known than that its process died."""

    def pipeline(self) -> "LocalPipelineExecutor":
        """What runs a task: its `run_rank` in any process."""
        # Half a second, which a build that changes nothing need not spend.
        from datatrove.executor import LocalPipelineExecutor

        return LocalPipelineExecutor(
            [DoParts(self.work, self.number)],
            tasks=self.tasks,
            logging_dir=str(self.work.folder),
            skip_completed=False,
        )

    def lose(self, rank: int, why: str) -> None:
        """Say of a task that it did not end, and will be run again."""
        self.lost[rank] = why
        print(f"{self.work.folder.name}: task {rank} {why}", file=sys.stderr)

    def pid_of(self, rank: int) -> int | None:
        """The process that runs a task, on its machine; None where it is not running."""
        with suppress(OSError, ValueError):
            return int(_pid_file(self.work.folder, rank).read_text())
        return None


OUT_OF_MEMORY = "ran out of memory"
JOBS = Path("stages") / "slurm_jobs.json"
"""In the folder of a build: the jobs of Slurm that it has submitted; whatever runs the next build, they may still write."""


def _pid_file(folder: Path, rank: int) -> Path:
    return folder / "running" / f"{rank:05d}"


def run_rank(pipeline: "LocalPipelineExecutor", rank: int) -> str:
    """Run one task in this process; returns why it has to be run again, empty where it has ended. A local rank other than 0 keeps
    datatrove's log off the screen.

    Raises:
        BuildError: its files cannot be written.
        Exception: what it raised.
    """
    folder = Path(pipeline.logging_dir.path)
    try:
        write_text(_pid_file(folder, rank), str(os.getpid()))
        pipeline._run_for_rank(rank, local_rank=1)
        _pid_file(folder, rank).unlink(missing_ok=True)
    except OSError as error:
        if error.errno not in OF_THE_DISK:
            raise
        raise BuildError(of_the_disk(error, folder)) from None
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return OUT_OF_MEMORY
    return ""


class TaskExecutor(Executor):
    """One that the build itself hands every task."""

    def run(self, stages: Sequence[Runnable]) -> None:
        for stage in stages:
            stage.run(self)

    def do(self, work: Work, has_engine: bool = False, on_tick: Callable[[], None] = lambda: None) -> None:
        """Do the parts that are not done; returns when all are.

        Raises:
            CurationError: what a task raised for the user.
            BuildError: a task failed otherwise, or its process died more often than `retries`.
        """
        tasks = self.options.n_tasks(work.n_parts, has_engine)
        deaths = Counter[int]()
        why: dict[int, str] = {}
        while parts := left(work.folder, work.n_parts):
            attempt = Attempt(
                work, tasks, largest_first(tasks, parts, work.part_sizes()), has_engine, max(deaths.values(), default=0)
            )
            shutil.rmtree(work.folder / "running", ignore_errors=True)
            self.run_tasks(attempt, on_tick)
            refresh(work.folder / DONE)
            still = left(work.folder, work.n_parts)
            lost = sorted({part % tasks for part in still})
            begun = [rank for rank in lost if rank in attempt.lost or _pid_file(work.folder, rank).exists()]
            died = begun or (lost if len(still) == len(parts) else [])  # others only waited for a worker
            deaths.update(died)
            why |= attempt.lost
            if over := [rank for rank in died if deaths[rank] > self.options.retries]:
                rank = next((rank for rank in over if rank in attempt.lost), over[0])
                reason = why.get(rank, "lost its worker, which was killed (out of memory?)")
                raise BuildError(
                    f"{work.folder.name}: task {rank} {reason}; it was run {deaths[rank]} times; its log:"
                    f" {work.folder}/logs"
                )

    @abstractmethod
    def run_tasks(self, attempt: Attempt, on_tick: Callable[[], None]) -> None:
        """Run the tasks of an attempt once; return when they have ended, those whose process died included.

        Raises:
            CurationError: what a task raised.
        """


def executor_of(options: RunOptions) -> Executor:
    """The executor that the options name.

    Raises:
        BuildError: what it needs is not installed.
    """
    if options.executor == "ray":
        from curation.core.executors.ray import RayExecutor

        return RayExecutor(options)
    if options.executor == "slurm":
        from curation.core.executors.slurm import SlurmExecutor

        return SlurmExecutor(options)
    from curation.core.executors.local import LocalExecutor

    return LocalExecutor(options)
