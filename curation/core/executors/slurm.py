"""Jobs of Slurm, chained ahead: the plan of a build is known before it runs, so all of its stages are submitted at once.

A stage whose parts are shared out is an array of jobs; the others, and the checks of what was left, run in jobs between. The build waits,
shows progress, and where a job fails cancels the others, raises what it raised, or submits the rest of the chain again if a process died.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from datatrove.utils.logging import logger

from curation.core.errors import BuildError, first_line
from curation.core.executors.base import JOBS, Executor, Runnable
from curation.core.executors.slurm_job import (
    ENDED,
    FAILED,
    SlurmSilentError,
    cancel,
    links,
    reason_of,
    states_of,
    submit,
)
from curation.core.parquet import write_text
from curation.core.parts import failure, refresh
from curation.core.progress import StageProgress
from curation.core.run_options import RunOptions
from curation.core.stage_run import StageRun

POLL_S = 1.0
WORD_S = 5.0
"""How long a shared file system may take to show what a job has left."""
QUEUE_S = 60.0
"""After so long in the queue a job is said to wait, and why."""
SILENT_S = 600.0
"""For so long Slurm may not answer: its controller is started anew, or has too much to do."""
ENDING_S = 120.0
"""What a job gets to end that was cancelled."""


class SlurmExecutor(Executor):
    """Submits stages to a partition whose nodes share the build's folder.

    Raises:
        BuildError: Slurm's commands do not run here.
    """

    def __init__(self, options: RunOptions) -> None:
        super().__init__(options)
        logger.disable("datatrove.executor.slurm")
        try:
            subprocess.run(["sbatch", "--version"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise BuildError(f"run.executor slurm: `sbatch` does not run here: {first_line(error)}") from None

    def run(self, stages: Sequence[Runnable]) -> None:
        deaths = Counter[str]()
        while todo := _not_done(stages):
            if (died := self._run_chain(todo, deaths)) is None:
                continue
            deaths[died.folder.name] += 1
            if deaths[died.folder.name] > self.options.retries:
                raise BuildError(
                    f"{died.folder.name}: its job ended {self.options.retries + 1} times without a word (killed, out of"
                    f" memory or time?); its log: {died.folder}/job/slurm_logs"
                )

    def _run_chain(self, stages: list[StageRun], deaths: Counter[str]) -> StageRun | None:
        """Submit the stages, and wait for them; returns the first whose job died, if any did.

        Raises:
            CurationError: what a task, or the check of a stage, raised.
        """
        jobs: list[str] = []
        job_of: dict[str, str] = {}
        submitted = stages[0].out / JOBS
        try:
            for stage in stages:
                stage.begin()
            for link in links(stages, self.options, deaths):
                jobs.append(submit(link, self.options, after=jobs[-1] if jobs else ""))
                write_text(submitted, json.dumps(jobs))
                # Whoever checks a stage that was shared out is the last that can fail of it.
                job_of |= {stage.folder.name: jobs[-1] for stage in (*link.stages, *filter(None, [link.check]))}
            for stage in stages:
                first = jobs[: jobs.index(job_of[stage.folder.name]) + 1]
                if not _wait(stage, first):
                    return stage
                stage.gate()
            submitted.unlink(missing_ok=True)
        finally:
            cancel(jobs)
        return None


def end_former_jobs(out: Path) -> None:
    """Cancel what a build that was killed has submitted and wait until it has ended: it would write into the folder of the next one.

    Raises:
        BuildError: Slurm's commands do not run here, or a job does not end.
    """
    path = out / JOBS
    jobs = read_jobs(path)
    remedy = f"cancel the jobs {', '.join(jobs)} of an earlier build, which may still write here, and remove {path}"
    try:
        if live := _live(jobs):
            print(f"{out}: cancels {len(live)} jobs of an earlier build", file=sys.stderr)
            cancel(live)
        until = time.monotonic() + ENDING_S
        while live := _live(live):
            if time.monotonic() > until:
                raise BuildError(f"{out}: job {live[0]} of Slurm does not end; {remedy}")
            time.sleep(POLL_S)
    except (OSError, SlurmSilentError) as error:
        raise BuildError(f"{out}: Slurm does not answer here ({first_line(error)}); {remedy}") from None
    path.unlink(missing_ok=True)


def read_jobs(path: Path) -> list[str]:
    """The jobs that a build has submitted; none where what it left of them is damaged."""
    try:
        return [str(job) for job in json.loads(path.read_text())]
    except (OSError, ValueError, TypeError):
        return []


def _live(jobs: Sequence[str]) -> list[str]:
    return [job for job, states in states_of(jobs).items() if states - ENDED] if jobs else []


def _not_done(stages: Sequence[Runnable]) -> list[StageRun]:
    """The stages that have to run, up to one that may stay as it is where those before it leave the same again; those that need not, up to
    the first of them, have their gates asked.
    """
    todo: list[StageRun] = []
    for stage in stages:
        assert isinstance(stage, StageRun)
        if todo and stage.is_finished:
            break
        if not stage.is_done:
            todo.append(stage)
        else:
            stage.gate()
    return todo


def _wait(stage: StageRun, jobs: list[str]) -> bool:
    """Wait until a stage is done, which the last of `jobs` checks; returns False where one of them ended without.

    Raises:
        CurationError: what a task of the stage raised, or the check behind it.
    """
    gone_since, waits_since, is_said, heard = 0.0, time.monotonic(), False, time.monotonic()
    with StageProgress(stage.folder.name, stage.folder / "progress", len(stage.rows_in) or None) as progress:
        while not stage.is_done:
            if error := failure(stage.folder):
                raise error
            time.sleep(POLL_S)
            progress.refresh()
            try:
                states, heard = states_of(jobs), time.monotonic()
            except SlurmSilentError:
                if time.monotonic() - heard > SILENT_S:
                    raise
                continue
            if any(found & FAILED for found in states.values()) or not states.get(jobs[-1], set()) - ENDED:
                gone_since = gone_since or time.monotonic()
                refresh(stage.folder)
                if time.monotonic() - gone_since > WORD_S:
                    return False
            else:
                gone_since = 0.0
            if any("RUNNING" in found for found in states.values()):
                waits_since = time.monotonic()
            elif not is_said and waits_since < time.monotonic() - QUEUE_S:
                is_said = True
                if reason := next(filter(None, map(reason_of, jobs)), ""):
                    print(f"{stage.folder.name}: waits in Slurm's queue ({reason})", file=sys.stderr)
    return True
