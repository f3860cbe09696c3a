"""The executors: dead workers, failing tasks, builds that are gone, the same parts by any number of tasks."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import psutil
import pytest
from datatrove.pipeline.base import PipelineStep

from curation.core.attempts import smaller
from curation.core.errors import BuildError, ManifestError, SourceError
from curation.core.executors.base import Attempt, TaskExecutor, executor_of
from curation.core.parquet import write_text
from curation.core.parts import keep_failure, mark
from curation.core.progress import StageProgress, TaskProgress
from curation.core.run_options import RunOptions

ROOT = Path(__file__).parents[3]


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


@dataclass(frozen=True)
class Three:
    """Work of three parts."""

    step: PipelineStep
    folder: Path
    n_parts: int = 3

    def part_sizes(self) -> list[float]:
        return [1, 3, 2]

    def start(self) -> Callable[[], None]:
        return lambda: None

    def steps(self) -> list[PipelineStep]:
        return [self.step]


def do(step: PipelineStep, folder: Path, **options: Any) -> None:
    with executor_of(RunOptions(**options)) as executor:
        executor.do(Three(step, folder / "stage"))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_worker_is_replaced_and_the_task_runs_again(tmp_path: Path, workers: int) -> None:
    do(Die(tmp_path, times=1), tmp_path, workers=workers)
    assert sorted(file.name for file in tmp_path.glob("done-*")) == ["done-0", "done-1", "done-2"]
    assert len(list(tmp_path.glob("try-1-*"))) == 2


@pytest.mark.slow
def test_a_worker_that_always_dies_ends_the_build_and_names_the_task(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"task 1 lost its worker.*run 2 times"):
        do(Die(tmp_path, times=99), tmp_path, retries=1)
    assert len(list(tmp_path.glob("try-1-*"))) == 2


@pytest.mark.parametrize(
    ("step", "raised", "told"),
    [(Fail(SourceError, "got this, expected that"), SourceError, "^got this, expected that$"), (Fail(KeyError, "x"), BuildError, r"task \d failed with KeyError: 'x'; traceback in"), (Fail(UnpicklableError, "a", "b"), BuildError, "failed with UnpicklableError: a b; traceback in")],
)  # fmt: skip
def test_a_failing_task_is_told(tmp_path: Path, step: Fail, raised: type[Exception], told: str) -> None:
    with pytest.raises(raised, match=told):
        do(step, tmp_path, workers=2)


@pytest.mark.parametrize("tasks", [1, 2, 5])
def test_every_part_is_done_once_by_any_number_of_tasks_and_one_that_is_done_not_again(
    tmp_path: Path, tasks: int
) -> None:
    do(Die(tmp_path, times=0), tmp_path, tasks=tasks, workers=2)
    assert sorted(file.name for file in tmp_path.glob("try-*")) == ["try-0-0", "try-1-0", "try-2-0"]
    (tmp_path / "stage" / "parts" / "00001").unlink()
    do(Die(tmp_path, times=0), tmp_path, tasks=3)
    assert sorted(file.name for file in tmp_path.glob("try-*")) == ["try-0-0", "try-1-0", "try-1-1", "try-2-0"]


def test_the_largest_parts_are_begun_first(tmp_path: Path) -> None:
    do(Die(tmp_path, times=0), tmp_path, workers=1)
    begun = sorted(tmp_path.glob("try-*"), key=lambda file: file.stat().st_mtime_ns)
    assert [file.name for file in begun] == ["try-1-0", "try-2-0", "try-0-0"]


class FailBesideAnother(PipelineStep):  # type: ignore[misc]
    """Fails as soon as another task is under way, which takes a moment to put away what it has."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        if rank != 1:
            while not (self.folder / "begun").exists():
                time.sleep(0.01)
            raise SourceError("got this")
        try:
            (self.folder / "begun").touch()
            time.sleep(100)
        finally:
            time.sleep(0.3)
            (self.folder / "put-away").touch()
        yield


@pytest.mark.slow
def test_where_a_task_fails_the_others_put_away_what_they_have(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(SourceError, match="got this"):
        do(FailBesideAnother(tmp_path), tmp_path, workers=2)
    assert (tmp_path / "put-away").exists()
    assert time.monotonic() - began < 30


class Losing(TaskExecutor):
    """Loses task 2 once, and then, each time, the process of task 0."""

    def run_tasks(self, attempt: Attempt, on_tick: Any) -> None:
        write_text(attempt.work.folder / "running" / "00000", "1")
        if attempt.number == 0:
            attempt.lose(2, "ran out of memory")


def test_the_task_that_is_named_is_the_one_that_was_lost_last(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"task 0 lost its worker.*run 3 times"):
        Losing(RunOptions()).do(Three(Die(tmp_path, times=0), tmp_path / "stage"))


class LosingAnother(TaskExecutor):
    """Loses another task each time, and does no more then."""

    def run_tasks(self, attempt: Attempt, on_tick: Any) -> None:
        write_text(attempt.work.folder / "running" / f"{attempt.ranks[0]:05d}", "1")
        if attempt.ranks[0] in self.lost:
            mark(attempt.work.folder, attempt.ranks[0], {})
        self.lost.append(attempt.ranks[0])

    lost: ClassVar[list[int]] = []


def test_every_task_is_run_again_as_often_as_may_be(tmp_path: Path) -> None:
    LosingAnother(RunOptions(retries=1)).do(Three(Die(tmp_path, times=0), tmp_path / "stage"))
    assert LosingAnother.lost == [1, 1, 2, 2, 0, 0]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"rows": 1}', "\udcff"])
def test_the_progress_of_a_task_that_cannot_be_read_is_left_out(tmp_path: Path, content: str) -> None:
    TaskProgress(tmp_path, 0).advance(3)
    (tmp_path / "00001.json").write_bytes(content.encode(errors="surrogateescape"))
    with StageProgress("stage", tmp_path, 10) as progress:
        progress.refresh()


HUNG_UP = """
import os, signal, sys, threading, time
from pathlib import Path
from curation.commands.interrupt import end_at_sigterm
from tests.curation.core.test_executors import PutAway, do

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    end_at_sigterm()

    def hang_up():
        while not (folder / "begun").exists():
            time.sleep(0.05)
        os.killpg(0, signal.SIGHUP)

    threading.Thread(target=hang_up).start()
    do(PutAway(folder), folder)
"""


class PutAway(PipelineStep):  # type: ignore[misc]
    """Puts away what it has where it is interrupted, which takes a moment."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        try:
            (self.folder / "begun").touch()
            time.sleep(100)
        finally:
            time.sleep(0.5)
            (self.folder / "put-away").touch()
        yield


@pytest.mark.slow
def test_a_terminal_that_is_gone_lets_workers_put_away_what_they_have(tmp_path: Path) -> None:
    (tmp_path / "hung_up.py").write_text(HUNG_UP)
    command = [sys.executable, str(tmp_path / "hung_up.py"), str(tmp_path)]
    ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, start_new_session=True, timeout=100)  # fmt: skip
    assert "Terminated" in ended.stderr
    assert (tmp_path / "put-away").exists()
    assert "process died unexpectedly" not in ended.stderr


@pytest.mark.slow
def test_a_module_that_no_worker_can_import_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was there when the build began."""
    monkeypatch.setattr("curation.core.plugins._loaded", ["no_such_module"])
    with pytest.raises(ManifestError, match="module 'no_such_module': ModuleNotFoundError"):
        do(Die(tmp_path, times=0), tmp_path)


@pytest.mark.slow
def test_workers_end_when_their_build_is_killed(mixed_manifest: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "curation.cli", "build", str(mixed_manifest), "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    children: list[psutil.Process] = []
    while len(children) < 3:  # the server of the workers, its helper, a worker
        assert process.poll() is None, "the build ended before it was killed"
        time.sleep(0.001)
        children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive


class Stumble(PipelineStep):  # type: ignore[misc]
    """Hangs or runs out of memory the first time, and leaves the size of its batches."""

    def __init__(self, folder: Path, how: str) -> None:
        super().__init__()
        self.folder, self.how = folder, how

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        if rank == 1 and not (self.folder / "was").exists():
            (self.folder / "was").touch()
            if self.how == "memory":
                raise BuildError("the engine failed") from MemoryError()
            time.sleep(1000)
        (self.folder / f"batch-{rank}-{smaller(64)}").touch()
        yield from ()


@pytest.mark.slow
@pytest.mark.parametrize(("how", "why"), [("memory", "ran out of memory"), ("hang", "made no progress for 1 s")])
def test_a_task_that_hangs_or_runs_out_of_memory_is_named_and_run_again_with_smaller_batches(
    tmp_path: Path, how: str, why: str, capfd: pytest.CaptureFixture[str]
) -> None:
    do(Stumble(tmp_path, how), tmp_path, workers=1, tasks=2, patience=1)
    assert f"stage: task 1 {why}" in capfd.readouterr().err
    assert (tmp_path / "batch-1-32").exists()
    (tmp_path / "was").unlink()
    shutil.rmtree(tmp_path / "stage")
    with pytest.raises(BuildError, match=f"task 1 {why}.*run 1 times"):
        do(Stumble(tmp_path, how), tmp_path, retries=0, patience=1)


BURN = "import time\nwhile time.process_time() < 6: pass"


class Quiet(PipelineStep):  # type: ignore[misc]
    """Reports nothing for longer than `run.patience`: it works, has a process below it that works, or hangs."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        if rank == 1 and self.how == "works":
            until = time.process_time() + 6
            while time.process_time() < until:
                pass
        elif rank == 1 and self.how == "works below":
            subprocess.run([sys.executable, "-c", BURN], check=True)
        elif rank == 1:
            time.sleep(1000)
        yield from ()


QUIET_ON_RAY = """
import sys
from pathlib import Path
from curation.core.errors import BuildError
from curation.core.executors.base import executor_of
from curation.core.run_options import RunOptions
from tests.curation.core.test_executors import Quiet, Three

options = RunOptions(executor="ray", workers=2, tasks=3, patience=4, retries=0, ray={"memory_gb": 0.5})
with executor_of(options) as executor:
    for how in ("works", "works below", "hangs"):
        try:
            executor.do(Three(Quiet(how), Path(sys.argv[1]) / how))
            print(how, "done", flush=True)
        except BuildError as error:
            print(how, error, flush=True)
"""


@pytest.mark.slow
def test_on_ray_a_task_that_works_without_a_word_is_not_killed_and_one_that_hangs_is(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    alone = ["unshare", "--net", "--map-root-user", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        alone = []
    command = [*alone, sys.executable, "-c", QUIET_ON_RAY, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    works, below, hangs = done.stdout.splitlines()
    assert (works, below) == ("works done", "works below done"), done.stdout + done.stderr
    assert "hangs hangs: task 1 made no progress for 4 s" in hangs
    assert not list(tmp_path.glob("works*/running/*"))


def ray_errors() -> dict[str, tuple[Exception, str]]:
    from ray import exceptions

    return {
        "died": (exceptions.WorkerCrashedError(), ""),
        "environment": (
            exceptions.RuntimeEnvSetupError("conda\nis not installed"),
            "was not run to its end by Ray: RuntimeEnvSetupError: Failed to set up runtime environment. conda is not installed",
        ),
        "memory": (
            exceptions.OutOfMemoryError("Task was killed due to the node running low on memory.\nMemory: 9"),
            "was not run to its end by Ray: OutOfMemoryError: Task was killed due to the node running low on memory. Memory: 9",
        ),
        "pickle": (
            exceptions.RaySystemError("no module 'mine'", "traceback"),
            "was not run to its end by Ray: RaySystemError: System error: no module 'mine' traceback: traceback",
        ),
    }


@pytest.mark.parametrize("name", ["died", "environment", "memory", "pickle"])
def test_why_ray_did_not_run_a_task_is_told_unless_its_worker_died(tmp_path: Path, name: str) -> None:
    pytest.importorskip("ray")
    error, expected = ray_errors()[name]
    attempt = attempt_on_ray(tmp_path)
    taken(error, attempt)
    assert attempt.lost == ({1: expected} if expected else {})


def test_a_task_of_ray_that_was_cancelled_has_its_reason_and_one_whose_error_is_lost_on_the_way_is_told(
    tmp_path: Path,
) -> None:
    exceptions = pytest.importorskip("ray.exceptions")
    attempt = attempt_on_ray(tmp_path)
    attempt.lose(1, "made no progress")
    taken(exceptions.TaskCancelledError(), attempt)
    assert attempt.lost == {1: "made no progress"}
    attempt.work.folder.mkdir()
    keep_failure(attempt.work.folder, 1, UnpicklableError("a", "b"))
    with pytest.raises(BuildError, match="task 1 failed with UnpicklableError: a b"):
        taken(exceptions.UnserializableException("Failed to deserialize exception"), attempt)


def attempt_on_ray(folder: Path) -> Attempt:
    return Attempt(Three(Quiet("works"), folder / "stage"), 3, [0, 1, 2], False, 0)


def taken(error: Exception, attempt: Attempt) -> None:
    """Take task 1, of which Ray raises an error."""
    from curation.core.executors.ray import RayExecutor

    executor = RayExecutor(RunOptions(executor="ray"))

    def get(task: object) -> None:
        raise error

    executor.ray = SimpleNamespace(get=get, exceptions=executor.ray.exceptions)
    executor._take(object(), 1, attempt)
