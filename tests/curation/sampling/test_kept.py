"""Builds that are killed while an engine samples: what it had finished is in the store, and nothing is paid for twice.

OVR_KILLS says how often each is killed; with it there are two engines more, and the builds have six times the rows.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from curation.build.build import build
from curation.sampling.rollouts.rollout import LAYOUT
from curation.sampling.rollouts.scan import scan
from tests.curation.conftest import Write, shard_bytes

pytestmark = pytest.mark.slow

KEPT_S = 4.0
"""What is so old is in the store: what waits is written after 1 s, on a machine with other work as well."""
HERE = Path(__file__).parent
Finished = tuple[str, int]


def engines(file: Path, models: dict[str, Path], server: str) -> dict[str, dict[str, Any]]:
    log = {"log": f"log:{file}"}
    few = {"max_num_seqs": 8, "max_images": 1}
    return {
        "paced": {"kind": "paced", **log},
        "openai": {"kind": "openai", "model": "paced", "base_url": server, "concurrency": 64},
        "transformers": {"kind": "logged_transformers", "model": str(models["lm"]), "batch_size": 4, **log},
        "vllm": {"kind": "logged_vllm", "model": str(models["vlm"]), **few, **log},
    }


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "log").touch()
    return tmp_path / "log"


@pytest.fixture
def server(log: Path) -> Iterator[str]:
    command = [sys.executable, str(HERE / "paced_server.py"), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        process.kill()


def finished(log: Path) -> list[tuple[float, Finished]]:
    """What the engine has finished, and when."""
    lines = [line.split() for line in log.read_text().splitlines()]
    return [(float(when), (key, int(number))) for when, key, number in lines]


def stored(out: Path, by_seed: bool) -> Counter[Finished]:
    """What any reader finds in the store; a server knows a sample by its seed alone."""
    tables = scan(out / "rollouts", LAYOUT, ["prompt_id", "number", "seed"])
    lines = [line for table in tables for line in table.to_pylist()]
    return Counter((str(line["seed"]), 0) if by_seed else (line["prompt_id"], line["number"]) for line in lines)


def kill(process: subprocess.Popen[bytes]) -> float:
    """End the build as `kill -9` does, see its processes end, return when it was."""
    children = psutil.Process(process.pid).children(recursive=True)
    when = time.time()
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    return when


CASES = [("paced", 2, 40), ("vllm", 1, 24)]
if "OVR_KILLS" in os.environ:
    CASES += [("openai", 1, 80), ("transformers", 1, 12)]


@pytest.mark.parametrize(("name", "kills", "rows"), CASES)
def test_a_killed_build_has_what_was_finished_and_pays_for_the_rest_alone(
    name: str, kills: int, rows: int, tmp_path: Path, lm: Path, vlm: Path, log: Path, server: str, write_manifest: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if "OVR_KILLS" in os.environ:
        kills, rows = int(os.environ["OVR_KILLS"]), 6 * rows
    difficulty = {
        "sampler": engines(log, {"lm": lm, "vlm": vlm}, server)[name], "n": 8, "batch_prompts": rows,
        "truncated": "wrong", "min_pass_rate": None, "max_lost": 1.0, "sampling": {"max_tokens": 192},
    }  # fmt: skip
    source = {"kind": "visual_puzzles", "families": ["count", "locate"], "modality": "text", "count": rows}
    manifest = write_manifest(
        {"plugins": ["logged_engines"], "root": str(HERE), "rl": {"sources": [source], "difficulty": difficulty}}
    )
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    random.seed(name)
    command = [sys.executable, "-m", "curation.cli", "build", str(manifest), "--out", str(killed)]
    paid: Counter[Finished] = Counter()
    for _ in range(kills):
        begun = len(finished(log))
        process = subprocess.Popen(command, cwd=HERE.parents[2], stdout=subprocess.DEVNULL)
        while len(finished(log)) == begun:
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.05)
        time.sleep(KEPT_S + random.uniform(0, 3))
        assert process.poll() is None, "it ended before it was killed"
        when = kill(process)
        paid = stored(killed, by_seed=name == "openai")
        assert {sample for at, sample in finished(log)[begun:] if at < when - KEPT_S} <= set(paid)
        assert set(paid.values()) == {1}
    before = len(finished(log))
    build(manifest, killed)
    after = Counter(sample for _, sample in finished(log)[before:])
    assert not after.keys() & paid.keys()
    assert set((after + paid).values()) == {1}
    assert len(after + paid) == 8 * rows
    build(manifest, whole)
    assert shard_bytes(killed) == shard_bytes(whole)
