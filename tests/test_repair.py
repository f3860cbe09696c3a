"""The two mends of the environment: done once, and nothing on a sound installation."""

import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_a_repaired_environment_is_sound_and_stays_as_it_is() -> None:
    site = Path(sysconfig.get_paths()["purelib"])
    before = {
        file: file.stat().st_mtime_ns for file in site.glob("*") if "vllm" in file.name or "torchvision" in file.name
    }
    told = subprocess.run(
        [sys.executable, str(ROOT / "requirements/repair.py")], capture_output=True, text=True, check=True
    ).stdout
    assert "torchvision: sound" in told
    assert "vllm: sound" in told
    assert before == {file: file.stat().st_mtime_ns for file in before}


@pytest.mark.slow
def test_the_processor_and_both_names_of_vllm_are_there() -> None:
    code = "from transformers import Qwen2_5_VLProcessor; import torchvision; print(torchvision.__version__)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert version("vllm")
