"""The jobs of a chain, and what Slurm says of them.

    for link in links(stages, options):          # an array of tasks for one stage, or one job for several stages of one task
        job = submit(link, options, after=job)
    states_of([job.id])

A job runs `python -m curation.core.executors.slurm_job FILE`.
"""

import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datatrove.executor import LocalPipelineExecutor
from datatrove.executor.slurm import SlurmPipelineExecutor

from curation.core.attempts import is_out_of_memory
from curation.core.errors import BuildError, first_line
from curation.core.executors.parcel import read_parcel, write_parcel
from curation.core.parts import DoParts, keep_failure
from curation.core.run_options import RunOptions, SlurmOptions
from curation.core.stage import Stage
from curation.core.stage_run import PassRun, StageRun

JOB = "job.pickle"
"""In a job's folder: what it runs, written by the build that submits it."""
FAILED = frozenset(
    ("BOOT_FAIL", "CANCELLED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT")
)
ENDED = FAILED | {"COMPLETED"}


class SlurmSilentError(BuildError):
    """Slurm's controller did not answer."""


@dataclass
class Link:
    """What one job does: the check of the stage before it where that was shared out, then its stages, one after the other. Or, where
    `shared` is set, it is an array of `tasks` jobs, each a task of a stage or of one of its passes.
    """

    tasks: int
    has_engine: bool
    stages: list[StageRun] = field(default_factory=list)
    check: StageRun | None = None
    shared: StageRun | PassRun | None = None
    attempt: int = 0
    """How often a job of its stages has died before."""

    @property
    def folder(self) -> Path:
        """Where its script and its logs are."""
        if self.shared:
            return self.shared.folder / "job"
        return self.stages[0].folder / "job" if self.stages else self.check.folder / "check"  # type: ignore[union-attr]


def links(stages: Sequence[StageRun], options: RunOptions, deaths: Mapping[str, int] | None = None) -> list[Link]:
    """The stages as jobs: those of one task together, as far as they need the same. `deaths`: name of a stage's folder -> how often its
    job has died.
    """
    chain = _chained(stages, options)
    for link in chain:
        link.attempt = max(((deaths or {}).get(stage.folder.name, 0) for stage in link.stages), default=0)
    return chain


def _chained(stages: Sequence[StageRun], options: RunOptions) -> list[Link]:
    chain: list[Link] = []
    unchecked: StageRun | None = None
    for stage in stages:
        engine = stage.stage.has_engine
        for work in stage.works(options):
            tasks = options.n_tasks(_n_parts(work), engine)
            if unchecked and (tasks > 1 or not chain[-1].shared):
                chain.append(Link(1, False, check=unchecked))
                unchecked = None
            if tasks > 1:
                chain.append(Link(tasks, engine, stages=[stage], shared=work))
                unchecked = stage if work is stage else None
                continue
            if not chain or chain[-1].shared or chain[-1].has_engine != engine or not chain[-1].stages:
                chain.append(Link(1, engine, check=unchecked))
                unchecked = None
            chain[-1].stages.append(stage)
    return [*chain, Link(1, False, check=unchecked)] if unchecked else chain


def _n_parts(work: StageRun | PassRun) -> int | None:
    """One where a stage always has one; else it is not known until the stage before it is done."""
    is_one = isinstance(work, StageRun) and type(work.stage).n_parts is Stage.n_parts
    return 1 if is_one else None


class Job(SlurmPipelineExecutor):  # type: ignore[misc]
    """An array of tasks of one stage, or one job for a link of several."""

    def __init__(self, link: Link, options: RunOptions, slurm: SlurmOptions, after: str) -> None:
        super().__init__(
            [DoParts(link.shared, link.attempt) if link.shared else None],
            tasks=link.tasks,
            workers=options.workers,
            job_name=f"ovr-{link.folder.parent.name}",
            logging_dir=str(link.folder),
            skip_completed=False,
            gpus_per_task=slurm.gpus_per_task if link.has_engine else 0,
            depends_job_id=after or None,
            requeue=False,
            **_options(slurm),
        )
        self.link = link

    def launch_merge_stats(self) -> None:
        """Nothing: no one reads datatrove's statistics, and the job would wait for ever where a task fails."""

    def get_launch_file_contents(self, sbatch_args: dict[str, Any], run_script: str) -> str:
        theirs = f"launch_pickled_pipeline {self.logging_dir.resolve_paths('executor.pik')}"
        ours = shlex.join([sys.executable, "-m", "curation.core.executors.slurm_job", str(self.link.folder / JOB)])
        return str(super().get_launch_file_contents(sbatch_args, run_script.replace(theirs, ours)))

    def _run_for_rank(self, rank: int, local_rank: int = 0, node_rank: int = -1) -> Any:
        if self.link.shared:
            with _word_of(self.link.stages[0], rank):
                return super()._run_for_rank(rank, local_rank, node_rank)
        if self.link.check:
            with _word_of(self.link.check, 0):
                _finish(self.link.check)
        for stage in self.link.stages:
            with _word_of(stage, 0):
                LocalPipelineExecutor([DoParts(stage, self.link.attempt)], logging_dir=str(stage.folder))._run_for_rank(
                    0
                )
                _finish(stage)
        return None


def _finish(stage: StageRun) -> None:
    if not stage.is_done:
        stage.finish()
    stage.gate()


@contextmanager
def _word_of(stage: StageRun, rank: int) -> Iterator[None]:
    """Leave word of what is raised inside; where memory ran out none, as where the process was killed for it: it is run again."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            keep_failure(stage.folder, rank, error)
        raise


def submit(link: Link, options: RunOptions, after: str) -> str:
    """Submit a job behind that of the id `after`, or at once where it is empty; returns its id.

    Raises:
        BuildError: Slurm refuses it.
    """
    assert options.slurm is not None
    job = Job(link, options, options.slurm, after)
    write_parcel(link.folder / JOB, job)
    try:
        job.launch_job()
    except subprocess.CalledProcessError as error:
        raise BuildError(f"{link.folder.parent.name}: sbatch refuses its job: {first_line(error)}") from None
    return str(job.job_id)


def _options(slurm: SlurmOptions) -> dict[str, Any]:
    return {
        "partition": slurm.partition,
        "time": slurm.time,
        "qos": slurm.qos or None,
        "cpus_per_task": slurm.cpus_per_task,
        "mem_per_cpu_gb": slurm.mem_per_cpu_gb,
        "env_command": slurm.env_command or None,
        "sbatch_args": {"kill-on-invalid-dep": "yes", **slurm.sbatch},
        "with_srun": slurm.srun,
    }


def states_of(jobs: Sequence[str]) -> dict[str, set[str]]:
    """Job -> the states of its tasks; one that Slurm knows no more is not there.

    Raises:
        SlurmSilentError: Slurm does not answer.
    """
    command = ["squeue", "--me", "--noheader", "--states=all", "--format=%A %F %T"]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    if answer.returncode:
        raise SlurmSilentError(f"squeue does not answer: {(answer.stderr.strip() or '?').splitlines()[0]}")
    states: dict[str, set[str]] = {}
    for line in answer.stdout.splitlines():
        _, array, state = line.split()
        states.setdefault(array, set()).add(state)
    return {job: states[job] for job in jobs if job in states}


def reason_of(job: str) -> str:
    """Why a job waits, in Slurm's words; empty where it does not, or waits for one of its chain."""
    command = ["squeue", "--noheader", "--states=PENDING", f"--jobs={job}", "--format=%r"]
    answer = subprocess.run(command, check=False, capture_output=True, text=True).stdout.splitlines()
    return next((reason for line in answer if (reason := line.strip()) != "Dependency"), "")


def cancel(jobs: Sequence[str]) -> None:
    """Cancel jobs; those that have ended do not mind, and a Slurm that does not answer is asked again by the next build."""
    if jobs:
        subprocess.run(["scancel", *jobs], check=False, capture_output=True)


if __name__ == "__main__":
    read_parcel(Path(sys.argv[1])).run()
