"""Where and how widely a build runs: `run:` in a manifest. No byte of the shards depends on it, so it is in no lock."""

from typing import Literal

from pydantic import Field, model_validator

from curation.core.plugins import Options

Executor = Literal["local", "ray", "slurm"]
MOST_JOBS = 1001
"""Of an array of Slurm, as it comes (`MaxArraySize`)."""


class RayOptions(Options):
    """A Ray cluster, whose machines share the build's folder."""

    address: str = ""
    """That of a cluster that is there; without it a cluster of this machine is started for the build, unless RAY_ADDRESS names one."""
    cpus_per_task: float = Field(default=1, gt=0)
    """Cores that a task takes up."""
    gpus_per_task: float = Field(default=0, ge=0)
    """For the tasks that load a model."""
    memory_gb: float = Field(default=2, gt=0)
    """Of a task."""


class SlurmOptions(Options):
    """A partition of Slurm, whose nodes share the build's folder."""

    partition: str = ""
    """Its name."""
    time: str = "24:00:00"
    """The limit of a job."""
    qos: str = ""
    """The quality of service, where the cluster asks for one."""
    cpus_per_task: int = Field(default=1, ge=1)
    """Cores of a task."""
    gpus_per_task: int = Field(default=0, ge=0)
    """For the tasks that load a model."""
    mem_per_cpu_gb: int = Field(default=4, ge=1)
    """Memory of a core."""
    env_command: str = ""
    """What a job runs first; by default it activates the environment in which the build was started."""
    sbatch: dict[str, str] = Field(default_factory=dict)
    """Further options of sbatch, without their dashes: `{account: mine}`."""
    srun: bool = True
    """Whether a job starts its task through srun."""


class RunOptions(Options):
    """What a stage's parts are done with."""

    executor: Executor = "local"
    """`local`: worker processes of this machine; `ray`, `slurm`: tasks of a cluster."""
    workers: int = Field(default=1, ge=1)
    """Tasks at a time."""
    tasks: int | None = Field(default=None, ge=1)
    """Tasks that a stage's parts are shared out to; null: with `local` a task for every part, else as many as `workers`."""
    engine_tasks: int = Field(default=1, ge=1)
    """Tasks that a stage which samples is shared out to; each loads its model."""
    retries: int = Field(default=2, ge=0)
    """How often a task is run again whose process died, that made no progress, or that ran out of memory: then with smaller batches."""
    patience: float = Field(default=3600, gt=0)
    """Seconds after which a task that makes no progress is killed and run again (with `slurm`, its own `time` ends it)."""
    ray: RayOptions = RayOptions()
    slurm: SlurmOptions | None = None

    @model_validator(mode="after")
    def _slurm_has_its_partition(self) -> "RunOptions":
        if self.executor == "slurm" and not (self.slurm and self.slurm.partition):
            raise ValueError(
                "got `executor: slurm` without `slurm: {partition: ...}`, expected the partition to run in"
            )
        return self

    @model_validator(mode="after")
    def _tasks_are_one_array(self) -> "RunOptions":
        wanted = max(self.tasks or self.workers, self.engine_tasks)
        if self.executor == "slurm" and wanted > MOST_JOBS:
            raise ValueError(f"got {wanted:,} tasks, expected at most {MOST_JOBS:,}, the jobs of an array of Slurm")
        return self

    def n_tasks(self, n_parts: int | None, has_engine: bool = False) -> int:
        """Tasks of a stage with so many parts, None where they are not known yet.

        >>> RunOptions(workers=4).n_tasks(10), RunOptions(executor="ray", workers=4).n_tasks(10), RunOptions(tasks=5).n_tasks(3)
        (10, 4, 3)
        """
        default = n_parts if self.executor == "local" and n_parts is not None else self.workers
        wanted = self.engine_tasks if has_engine else self.tasks or default
        return max(1, wanted if n_parts is None else min(wanted, n_parts))
