"""Jobs of Slurm, chained ahead: the plan of a build is known before it runs, so all of its stages are submitted at once.

A stage is an array of jobs, one a task, and a job behind them that checks what they have left (`Chained`). The build waits, shows progress,
and where a job fails cancels the others, raises what it raised, or submits the rest of the chain again where a process died.
"""

import subprocess
import time
from collections.abc import Sequence

from curation.core.errors import BuildError, first_line
from curation.core.executors.base import Executor, Runnable
from curation.core.executors.slurm_job import Chained, JobStates, chain
from curation.core.parts import failure
from curation.core.progress import StageProgress
from curation.core.run_options import RunOptions
from curation.core.stage_run import StageRun

POLL_S = 2.0


class SlurmExecutor(Executor):
    """Submits stages to a partition whose nodes share the build's folder.

    Raises:
        BuildError: Slurm's commands are not there.
    """

    def __init__(self, options: RunOptions) -> None:
        super().__init__(options)
        try:
            subprocess.run(["sbatch", "--version"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise BuildError(f"run.executor slurm: `sbatch` does not run here: {first_line(error)}") from None

    def run(self, stages: Sequence[Runnable]) -> None:
        deaths: dict[str, int] = {}
        while todo := self._not_done(stages):
            failed = self._run_chain(todo)
            if failed is None:
                continue
            deaths[failed.folder.name] = deaths.get(failed.folder.name, 0) + 1
            if deaths[failed.folder.name] > self.options.retries:
                raise BuildError(
                    f"{failed.folder.name}: its jobs ended {self.options.retries + 1} times without word (killed, out of"
                    f" memory or time?); their logs: {failed.folder}/slurm_logs"
                )

    def _not_done(self, stages: Sequence[Runnable]) -> list[StageRun]:
        """The stages that have to run; those that need not, up to the first of them, have their gates asked."""
        todo: list[StageRun] = []
        for stage in stages:
            assert isinstance(stage, StageRun)
            if not stage.is_done:
                todo.append(stage)
            elif not todo:
                stage.gate()
        return todo

    def _run_chain(self, stages: list[StageRun]) -> StageRun | None:
        """Submit the stages, and wait for them; returns the one whose jobs died, if any did.

        Raises:
            CurationError: what a task or the check behind it raised.
        """
        jobs: list[Chained] = []
        try:
            for stage in stages:
                stage.begin()
                jobs.append(chain(stage, self.options, after=jobs[-1] if jobs else None))
            for stage, job in zip(stages, jobs, strict=True):
                if not self._wait(stage, job):
                    return stage
                stage.gate()
        finally:
            JobStates().cancel([job_id for job in jobs for job_id in job.ids])
        return None

    def _wait(self, stage: StageRun, job: Chained) -> bool:
        """Wait for one stage; returns whether it is done, False where its jobs died."""
        states = JobStates()
        with StageProgress(stage.folder.name, stage.folder / "progress", len(stage.rows_in) or None) as progress:
            while not stage.is_done:
                if error := failure(stage.folder):
                    raise error
                if states.have_ended(job.tasks_id, failed_only=True):
                    return self._word(stage)
                if states.have_ended(job.finish_id):
                    if not stage.is_done:
                        stage.finish()  # raises what the job raised
                    break
                time.sleep(POLL_S)
                progress.refresh()
        return True

    def _word(self, stage: StageRun) -> bool:
        """Raise what the tasks of a stage whose jobs failed have left; False where they died without word."""
        time.sleep(POLL_S)  # a shared file system may show it a little later
        if error := failure(stage.folder):
            raise error
        return False
