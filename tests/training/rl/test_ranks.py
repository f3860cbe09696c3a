"""Two processes, text on one and images on the other: none waits for ever, and they learn what one process learns."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

RUNS = [f"{kind}{what}" for what in ("", "-frozen", "-sft") for kind in ("one", "ddp", "fsdp")]
SAMPLED = ["ddp-sampled", "fsdp-sampled"]


@pytest.fixture(scope="module")
def runs(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What each run logged, by its name; a run that hangs ends after five minutes."""
    out = tmp_path_factory.mktemp("ranks")
    command = [sys.executable, "-m", "tests.training.rl.two_processes", str(tiny_model), str(out), *RUNS, *SAMPLED]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    finished = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stderr[-4000:]
    return {run: json.loads((out / f"{run}.json").read_text()) for run in [*RUNS, *SAMPLED]}


@pytest.mark.parametrize("what", ["", "-frozen", "-sft"])
@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_two_processes_learn_what_one_does(runs: dict[str, list[dict[str, Any]]], kind: str, what: str) -> None:
    alone, together = ([line for line in runs[run + what] if "loss" in line] for run in ("one", kind))
    assert len(alone) == len(together) == 20
    for one, two in zip(alone, together, strict=True):
        for name in ("loss", "grad_norm", "entropy"):  # on-policy the loss alone says nothing of the weights
            assert one[name] == pytest.approx(two[name], abs=1e-3), (name, one["step"])


@pytest.mark.parametrize("run", SAMPLED)
def test_two_processes_sample(runs: dict[str, list[dict[str, Any]]], run: str) -> None:
    assert [line["step"] for line in runs[run] if "loss" in line] == [1, 2, 3, 4]
