"""Tasks on a Ray cluster.

datatrove's own executor for Ray (0.10.1) runs a task in a process below Ray's, waits for ever where that is killed, and returns whether all
tasks have completed or not. Here the task is Ray's worker itself, whose death Ray notices within a second or so.
"""

import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from curation.core.errors import BuildError, first_line
from curation.core.executors.base import Attempt, TaskExecutor, run_rank
from curation.core.executors.parcel import Parcel, pack
from curation.core.executors.patience import Patience, signs_of_life
from curation.core.parts import failure, keep_failure
from curation.core.run_options import RunOptions

TICK_S = 0.5
TOLD = 300
"""Of what Ray says of a task, so many letters: it may run over pages."""
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Nothing is reported to Ray's makers."""


def _run_rank(parcel: Parcel, rank: int, patience_s: float) -> str:
    """Run one task in this process, with signs of life; of one that fails word is left in the stage's folder."""
    pipeline = parcel.unpack()
    folder = Path(pipeline.logging_dir.path)
    try:
        with signs_of_life(folder, rank, patience_s):
            return run_rank(pipeline, rank)
    except Exception as error:
        keep_failure(folder, rank, error)
        raise


def _listed(resources: dict[str, float]) -> str:
    """Resources as one reads them.

    >>> _listed({"CPU": 2, "memory": 3 * 2**30})
    'CPU 2, memory 3 GiB'
    """
    return ", ".join(f"{n} {v / 2**30:g} GiB" if n == "memory" else f"{n} {v:g}" for n, v in resources.items())


class RayExecutor(TaskExecutor):
    """Runs tasks on a Ray cluster that shares the build's folder; without an address it starts one of this machine.

    Raises:
        BuildError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(self, options: RunOptions) -> None:
        super().__init__(options)
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        try:
            import ray
        except ImportError:
            raise BuildError(
                "run.executor ray: Ray is not installed; `pip install 'ovr-curate[ray]'` installs it"
            ) from None
        self.ray: Any = ray
        self._started = self._is_own = False

    def __enter__(self) -> "RayExecutor":
        if self.ray.is_initialized():
            return self
        address = self.options.ray.address or os.environ.get("RAY_ADDRESS") or None
        address = None if address == "local" else address  # Ray's word for a cluster of this machine
        own = {} if address else {"num_cpus": max(self.options.workers, 1), "include_dashboard": False}
        try:
            self.ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise BuildError(f"run.ray.address: no Ray cluster at {address or 'this machine'}: {error}") from None
        self._started, self._is_own = True, not address
        return self

    def __exit__(self, *error: object) -> None:
        if self._started:
            self.ray.shutdown()

    def _check_resources(self, has_engine: bool) -> None:
        """Say where no machine has what a task asks for: Ray waits for one without a word.

        Raises:
            BuildError: of a cluster of this machine, to which none will come.
        """
        asked = {name: value for name, value in self._resources(has_engine).items() if value}
        machines = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        if any(all(machine.get(name, 0) >= value for name, value in asked.items()) for machine in machines):
            return
        line = f"run.ray: no machine of the cluster has what a task asks for, {_listed(asked)}; they have "
        line += " | ".join(_listed({name: machine.get(name, 0) for name in asked}) for machine in machines)
        if self._is_own:
            raise BuildError(line)
        print(f"{line}; waits for one that has", file=sys.stderr)

    def _resources(self, has_engine: bool) -> dict[str, float]:
        """What a task asks for, by Ray's names."""
        options = self.options.ray
        gpus = options.gpus_per_task if has_engine else 0
        return {"CPU": options.cpus_per_task, "GPU": gpus, "memory": options.memory_gb * 2**30}

    def run_tasks(self, attempt: Attempt, on_tick: Callable[[], None]) -> None:
        self._check_resources(attempt.has_engine)
        parcel = self.ray.put(pack(attempt.pipeline()))
        remote = self._remote(attempt.has_engine)
        todo, patience = list(attempt.ranks), Patience(attempt, self.options.patience, is_here=False)
        running: dict[Any, int] = {}
        try:
            while todo or running:
                while todo and len(running) < self.options.workers:
                    rank = todo.pop(0)
                    running[remote.remote(parcel, rank, self.options.patience)] = rank
                done, _ = self.ray.wait(list(running), timeout=TICK_S)
                for task in done:
                    self._take(task, running.pop(task), attempt)
                late = patience.lost(running.values())
                for task in [task for task, rank in running.items() if rank in late]:
                    self.ray.cancel(task, force=True)
                on_tick()
        except BaseException:
            for task in running:
                with suppress(Exception):
                    self.ray.cancel(task, force=True)
            raise

    def _remote(self, has_engine: bool) -> Any:
        """`_run_rank` as a function of Ray."""
        asked = self._resources(has_engine)
        return self.ray.remote(
            num_cpus=asked["CPU"],
            num_gpus=asked["GPU"],
            memory=int(asked["memory"]),
            max_retries=0,  # what is left of a task is run again by `TaskExecutor.do`
            max_calls=int(has_engine),  # a process that has loaded a model ends with its task, others serve the next
        )(_run_rank)

    def _take(self, task: Any, rank: int, attempt: Attempt) -> None:
        folder = attempt.work.folder
        try:
            if why := self.ray.get(task):
                attempt.lose(rank, why)
        except self.ray.exceptions.RayTaskError as error:
            what = first_line(error.cause or error)
            raise failure(folder) or BuildError(f"{folder.name}: task {rank} failed with {what}") from None
        except self.ray.exceptions.WorkerCrashedError:
            return  # its process died; its parts are still to be done
        except self.ray.exceptions.RayError as error:
            if isinstance(error, self.ray.exceptions.UnserializableException) and (raised := failure(folder)):
                raise raised from None  # what a task raised may be an error that does not survive the way
            if rank not in attempt.lost:  # not cancelled here
                told = " ".join(str(error).split())[:TOLD]
                attempt.lose(rank, f"was not run to its end by Ray: {type(error).__name__}: {told}")
