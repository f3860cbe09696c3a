"""The supervised executor: dead workers, failing tasks, builds that are gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from datatrove.pipeline.base import PipelineStep

from curation.core.errors import BuildError, SourceError
from curation.core.executor import RESTARTS, SupervisedExecutor


class Die(PipelineStep):  # type: ignore[misc]
    """Kills its own worker the first `times` times, then leaves a file."""

    def __init__(self, folder: Path, times: int) -> None:
        super().__init__()
        self.folder, self.times = folder, times

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        tries = len(list(self.folder.glob(f"try-{rank}-*")))
        (self.folder / f"try-{rank}-{tries}").touch()
        if rank == 1 and tries < self.times:
            os.kill(os.getpid(), signal.SIGKILL)
        (self.folder / f"done-{rank}").touch()
        yield from ()


class UnpicklableError(Exception):
    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} {other}")


class Fail(PipelineStep):  # type: ignore[misc]
    def __init__(self, error: type[Exception], *told: str) -> None:
        super().__init__()
        self.error, self.told = error, told

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        raise self.error(*self.told)
        yield


def executor(step: PipelineStep, folder: Path, workers: int) -> SupervisedExecutor:
    return SupervisedExecutor([step], tasks=3, workers=workers, logging_dir=folder / "stage", on_tick=lambda: None)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_worker_is_replaced_and_the_task_runs_again(tmp_path: Path, workers: int) -> None:
    executor(Die(tmp_path, times=1), tmp_path, workers).run()
    assert sorted(file.name for file in tmp_path.glob("done-*")) == ["done-0", "done-1", "done-2"]
    assert len(list(tmp_path.glob("try-1-*"))) == 2


@pytest.mark.slow
def test_a_worker_that_always_dies_ends_the_build_and_names_the_task(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=rf"worker of task 1 was killed {RESTARTS + 1} times"):
        executor(Die(tmp_path, times=99), tmp_path, 1).run()
    assert len(list(tmp_path.glob("try-1-*"))) == RESTARTS + 1


@pytest.mark.parametrize(
    ("step", "raised", "told"),
    [(Fail(SourceError, "got this, expected that"), SourceError, "^got this, expected that$"), (Fail(KeyError, "x"), BuildError, r"task \d failed with KeyError: 'x'; traceback in"), (Fail(UnpicklableError, "a", "b"), BuildError, "failed with UnpicklableError: a b; traceback in")],
)  # fmt: skip
def test_a_failing_task_is_told(tmp_path: Path, step: Fail, raised: type[Exception], told: str) -> None:
    with pytest.raises(raised, match=told):
        executor(step, tmp_path, 2).run()


@pytest.mark.slow
def test_workers_end_when_their_build_is_killed(mixed_manifest: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "curation.cli", "build", str(mixed_manifest), "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list(tmp_path.glob("out/stages/*/logs/workers.log")):
        assert process.poll() is None, "the build ended before it was killed"
        time.sleep(0.001)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert len(children) >= 3  # the server of the workers, its helper, a worker
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive
