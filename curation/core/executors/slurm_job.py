"""The jobs of one stage, and what Slurm says of them.

    job = chain(stage, options, after=None)     # submitted: an array of tasks, and a job behind it that checks what they left
    JobStates().have_ended(job.finish_id)

A job runs `python -m curation.core.executors.slurm_job FOLDER [--finish]`.
"""

import pickle
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from datatrove.executor.slurm import SlurmPipelineExecutor, launch_slurm_job

from curation.core.errors import BuildError, first_line
from curation.core.parquet import whole_file
from curation.core.parts import DoParts, keep_failure
from curation.core.plugins import load_plugins, loaded_plugins
from curation.core.run_options import RunOptions, SlurmOptions
from curation.core.stage import Stage
from curation.core.stage_run import StageRun

JOB = "job.pickle"
"""In a stage's folder: what its jobs run, written by the build that submits them."""
FAILED = (
    "BOOT_FAIL",
    "CANCELLED",
    "DEADLINE",
    "FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "PREEMPTED",
    "REVOKED",
    "TIMEOUT",
)
ENDED = (*FAILED, "COMPLETED")


class Chained(SlurmPipelineExecutor):  # type: ignore[misc]
    """The array of a stage's tasks, and behind it, in the place of datatrove's merging of statistics, the job that checks the stage."""

    tasks_id = finish_id = ""

    @property
    def ids(self) -> list[str]:
        return [job for job in (self.tasks_id, self.finish_id) if job]

    def launch_merge_stats(self) -> None:
        self.tasks_id = str(self.job_id)
        options = {**self.get_sbatch_args(), "cpus-per-task": 1, "dependency": f"afterok:{self.tasks_id}"}
        options.pop("array")
        options.pop("gpus", None)
        options["output"] = options["error"] = str(Path(self.slurm_logs_folder) / "finish-%j.out")
        script = self.get_launch_file_contents(options, f"{_command(self.folder)} --finish")
        self.finish_id = str(launch_slurm_job(script, self.job_id_retriever, "--kill-on-invalid-dep=yes"))

    def get_launch_file_contents(self, sbatch_args: dict[str, Any], run_script: str) -> str:
        theirs = f"launch_pickled_pipeline {self.logging_dir.resolve_paths('executor.pik')}"
        return str(super().get_launch_file_contents(sbatch_args, run_script.replace(theirs, _command(self.folder))))

    @property
    def folder(self) -> Path:
        return Path(self.logging_dir.resolve_paths("."))

    def _run_for_rank(self, rank: int, local_rank: int = 0, node_rank: int = -1) -> Any:
        try:
            return super()._run_for_rank(rank, local_rank, node_rank)
        except Exception as error:
            keep_failure(self.folder, rank, error)
            raise


def chain(stage: StageRun, options: RunOptions, after: Chained | None) -> Chained:
    """Submit a stage's jobs, behind those of another.

    Raises:
        BuildError: Slurm refuses them.
    """
    slurm = options.slurm
    assert slurm is not None
    n_parts = 1 if type(stage.stage).n_parts is Stage.n_parts else None
    job = Chained(
        [DoParts(stage)],
        tasks=options.n_tasks(n_parts, stage.stage.has_engine),
        workers=options.workers,
        job_name=f"ovr-{stage.folder.name}",
        logging_dir=str(stage.folder),
        skip_completed=False,
        gpus_per_task=slurm.gpus_per_task if stage.stage.has_engine else 0,
        depends_job_id=after.finish_id if after else None,
        requeue=False,
        **_options(slurm),
    )
    with whole_file(stage.folder / JOB) as file:
        file.write(pickle.dumps((loaded_plugins(), pickle.dumps((job, stage)))))
    try:
        job.launch_job()
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(f"{stage.folder.name}: Slurm does not take its jobs: {first_line(error)}") from None
    return job


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


def _command(folder: Path) -> str:
    return shlex.join([sys.executable, "-m", "curation.core.executors.slurm_job", str(folder)])


class JobStates:
    """What Slurm says of jobs."""

    def have_ended(self, job: str, failed_only: bool = False) -> bool:
        """Whether a job, of an array any of its tasks, has ended, or failed; one that Slurm knows no more has."""
        found = self._states(job)
        if failed_only:
            return any(state in FAILED for state in found)
        return not found or any(state in ENDED for state in found)

    def cancel(self, jobs: list[str]) -> None:
        """Cancel those that have not ended, and wait until they have."""
        if jobs and any(state not in ENDED for job in jobs for state in self._states(job)):
            subprocess.run(["scancel", *jobs], check=False, capture_output=True)

    def _states(self, job: str) -> list[str]:
        command = ["squeue", "--noheader", "--states=all", f"--jobs={job}", "--format=%T"]
        answer = subprocess.run(command, check=False, capture_output=True, text=True)
        return answer.stdout.split()


def _main(folder: Path, finish: bool) -> None:
    """What a job does."""
    plugins, content = pickle.loads((folder / JOB).read_bytes())
    load_plugins(plugins)
    job, stage = pickle.loads(content)
    if finish:
        stage.finish()
        stage.gate()
    else:
        job.run()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), "--finish" in sys.argv[2:])
