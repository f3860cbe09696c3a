"""What does the tasks of a stage: worker processes (`local`), a Ray cluster (`ray`), jobs of Slurm (`slurm`).

    with executor_of(RunOptions(workers=4)) as executor:
        executor.run(stages)                     # each after the one before

All of them are datatrove's executors, whose ranks are our tasks, with what those lack: they notice a process that died, run its task
again a bounded number of times, and raise what a task raised.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from curation.core.errors import BuildError
from curation.core.parts import Work, left
from curation.core.run_options import RunOptions


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
        tasks, tries = self.options.n_tasks(work.n_parts, has_engine), self.options.retries + 1
        for _ in range(tries):
            if not (parts := left(work.folder, work.n_parts)):
                return
            self.run_tasks(work, tasks, sorted({part % tasks for part in parts}), has_engine, on_tick)
        if parts := left(work.folder, work.n_parts):
            raise BuildError(
                f"{work.folder.name}: the worker of task {parts[0] % tasks} was killed {tries} times"
                f" (out of memory?); its log: {work.folder}/logs"
            )

    @abstractmethod
    def run_tasks(
        self, work: Work, tasks: int, ranks: list[int], has_engine: bool, on_tick: Callable[[], None]
    ) -> None:
        """Run the tasks `ranks` of `tasks` once; return when they have ended, those whose process died included.

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
