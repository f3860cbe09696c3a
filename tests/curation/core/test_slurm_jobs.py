"""What the build does where Slurm does not answer, and with the jobs that a killed build has left: by commands that stand in for Slurm's."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from curation.core.errors import BuildError
from curation.core.executors import slurm
from curation.core.executors.base import JOBS
from curation.core.executors.slurm import _wait, end_former_jobs
from curation.core.executors.slurm_job import cancel
from curation.core.run_options import RunOptions

SQUEUE = """#!/bin/sh
cd {folder}
echo asked >> log
[ -e silent ] && {{ echo 'Socket timed out' >&2; exit 1; }}
cat states
"""
SCANCEL = """#!/bin/sh
cd {folder}
echo "cancelled $*" >> log
[ -e stubborn ] || : > states
"""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the jobs' `states`; with a file `silent` Slurm does not answer, with `stubborn` no job ends."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    for name, text in {"squeue": SQUEUE, "scancel": SCANCEL}.items():
        (folder / name).write_text(text.format(folder=folder))
        (folder / name).chmod(0o755)
    (folder / "states").write_text("7 7 COMPLETED\n8_0 8 RUNNING\n9 9 PENDING\n")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(slurm, "POLL_S", 0.01)
    monkeypatch.setattr(slurm, "ENDING_S", 0.1)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of a build that was killed when it had submitted three jobs."""
    (tmp_path / "out" / "stages").mkdir(parents=True)
    (tmp_path / "out" / JOBS).write_text(json.dumps(["7", "8", "9"]))
    return tmp_path / "out"


def test_the_jobs_of_a_killed_build_are_cancelled_first(cluster: Path, out: Path) -> None:
    end_former_jobs(out)
    assert "cancelled 8 9" in (cluster / "log").read_text()
    assert not (out / JOBS).exists()


@pytest.mark.parametrize(
    ("how", "told"), [("stubborn", "job 8 of Slurm does not end; cancel the jobs 7, 8, 9"), ("silent", r"does not answer here \(squeue does not answer: Socket timed out\); cancel the jobs 7, 8, 9")]
)  # fmt: skip
def test_jobs_that_may_still_write_end_the_build(cluster: Path, out: Path, how: str, told: str) -> None:
    (cluster / how).touch()
    with pytest.raises(BuildError, match=told):
        end_former_jobs(out)
    assert (out / JOBS).exists()


def test_jobs_are_named_where_slurm_is_not_there(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BuildError, match=r"does not answer here .*; cancel the jobs 7, 8, 9 of an earlier build"):
        end_former_jobs(out)


class Waited:
    """A stage that is done after it was looked at so often."""

    rows_in = ()

    def __init__(self, folder: Path, looks: int) -> None:
        self.folder, self.looks = folder, looks

    @property
    def is_done(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def test_slurm_may_be_silent_for_a_while(cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage: Any = Waited(tmp_path, looks=5)
    (cluster / "silent").touch()
    assert _wait(stage, ["8"])
    monkeypatch.setattr(slurm, "SILENT_S", 0.1)
    with pytest.raises(BuildError, match="squeue does not answer"):
        _wait(Waited(tmp_path, looks=10**6), ["8"])  # type: ignore[arg-type]
    cancel(["8"])
    assert "cancelled 8" in (cluster / "log").read_text()


def test_more_tasks_than_an_array_has_are_refused() -> None:
    with pytest.raises(ValueError, match="got 2,000 tasks, expected at most 1,001"):
        RunOptions.model_validate({"executor": "slurm", "tasks": 2000, "slurm": {"partition": "main"}})
