"""The same set on processes of this machine, on Ray and on Slurm, by any number of tasks; a task that is killed under each."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from tests.curation import slurm

GUESSING = Path(__file__).with_name("guessing.py")
MANIFEST: dict[str, Any] = {
    "name": "executors",
    "seed": 5,
    "plugins": ["guessing"],
    "rl": {
        "splits": {"test": 0.25},
        "sources": [
            {"kind": "visual_puzzles", "name": name, "families": ["count"], "levels": [1], "size": 112, "count": 8}
            for name in "abcde"
        ],
        "dedup": {"merge": False},
        "difficulty": {"sampler": {"kind": "guessing"}, "n": 4, "stopping": {"kind": "bayes"}, "batch_prompts": 4},
    },
    "run": {
        "ray": {"memory_gb": 0.5},
        "slurm": {"partition": "main", "time": "00:10:00", "mem_per_cpu_gb": 1},
    },
}
"""Five files of rows, so that five tasks have something to do."""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    shutil.copy(GUESSING, tmp_path)
    (tmp_path / "manifest.yaml").write_text(yaml.safe_dump(MANIFEST))
    return tmp_path / "manifest.yaml"


@pytest.fixture(scope="module")
def slurm_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    if missing := slurm.missing():
        pytest.skip(f"{', '.join(missing)} not installed: apt-get install slurm-wlm munge")
    with slurm.cluster(tmp_path_factory.mktemp("slurm")) as environment:
        yield environment


@pytest.fixture
def environment(request: pytest.FixtureRequest, executor: str) -> dict[str, str]:
    return request.getfixturevalue("slurm_users") if executor == "slurm" else {}


def command(manifest: Path, out: Path, executor: str, tasks: int) -> list[str]:
    """Ray listens beyond this machine, and asks the network for its way: where that is possible, it gets one of its own."""
    words = [sys.executable, "-m", "curation.cli", "build", str(manifest), "--out", str(out)]
    words += [
        "--executor",
        executor,
        "--workers",
        "2",
        "--tasks",
        str(tasks),
        "--set",
        f"run.engine_tasks={min(tasks, 2)}",
    ]
    alone = ["unshare", "--net", "--map-root-user", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    can = executor == "ray" and not subprocess.run([*alone, "true"], capture_output=True, check=False).returncode
    return [*alone, *words] if can else words


def start(words: list[str], environment: dict[str, str], wait_s: float = 0.0) -> "subprocess.Popen[str]":
    everything = {**os.environ, **environment, "GUESS_WAIT_S": str(wait_s)}
    return subprocess.Popen(words, env=everything, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process: "subprocess.Popen[str]") -> None:
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, out + errors


def content(out: Path) -> dict[str, bytes]:
    files = [*sorted(out.glob("data/**/*.parquet")), out / "ledger.parquet", out / "manifest.lock.yaml"]
    return {str(file.relative_to(out)): file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copy(GUESSING, folder)
    (folder / "manifest.yaml").write_text(yaml.safe_dump(MANIFEST))
    finish(start(command(folder / "manifest.yaml", folder / "out", "local", 1), {}))
    return folder / "out"


@pytest.mark.slow
@pytest.mark.parametrize(("executor", "tasks"), [("local", 5), ("ray", 2), ("slurm", 2)])
def test_any_executor_gives_the_same_bytes_with_any_number_of_tasks_also_where_one_is_killed(
    executor: str, tasks: int, environment: dict[str, str], manifest: Path, undisturbed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = start(command(manifest, out, executor, tasks), environment, wait_s=0.1)
    kill_a_task(out, process)
    finish(process)
    expected, found = content(undisturbed), content(out)
    place = str(manifest.parent)
    assert found["manifest.lock.yaml"].replace(place.encode(), b"") == expected["manifest.lock.yaml"].replace(
        str(undisturbed.parent).encode(), b""
    )
    assert {**found, "manifest.lock.yaml": b""} == {**expected, "manifest.lock.yaml": b""}


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["ray", "slurm"])
def test_what_a_task_raises_is_the_line_of_the_build(
    executor: str, environment: dict[str, str], manifest: Path, tmp_path: Path
) -> None:
    (tmp_path / "rows.jsonl").write_text("\n")
    source = "{kind: table, name: none, path: rows.jsonl, fields: {question: question, answer: answer}}"
    words = [*command(manifest, tmp_path / "out", executor, 2), "--set", f"rl.sources=[{source}]"]
    process = start(words, environment)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert errors.splitlines()[-1] == f"ovr-curate: {tmp_path}/rows.jsonl is empty"
    assert list((tmp_path / "out").glob("stages/*/failed/*.json"))


def kill_a_task(out: Path, process: "subprocess.Popen[str]") -> None:
    """SIGKILL of the process that samples, once it has begun."""
    store = out / "rollouts"
    while not list(store.glob("*.parquet")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    os.kill(sampling_process(out), signal.SIGKILL)


def sampling_process(out: Path) -> int:
    """The process of a task of the sampling stage, or of one of its passes: the one that has its log open."""
    stage = str(next(out.glob("stages/*-difficulty")))
    for one in psutil.process_iter():
        try:
            if any(file.path.startswith(stage) and "/logs/" in file.path for file in one.open_files()):
                return one.pid
        except psutil.Error:
            continue
    raise AssertionError("no process has the log of a task open")
