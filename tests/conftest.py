"""What all tests share: how they are spread over processes, the public sample of real rows, and the quickstart's result."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from curation.build.manifest import Manifest, load_manifest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported; two processes of tests share the cores

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FIRST = ("quickstart", "vllm")
"""Groups that begin before all others, so that no process is left alone with one at the end."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests of a file run in one process, where they share its fixtures; `xdist_group` joins files."""
    if item.get_closest_marker("xdist_group") is None:
        item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        mark = item.get_closest_marker("xdist_group")
        return LONGEST_FIRST.index(mark.args[0]) if mark and mark.args[0] in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=place)


@pytest.fixture(scope="session")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished quickstart, to be read and not changed: `models/` (base, sft, grpo), `curated/` (the builds of both
    configs), `micro_model_data/`, `eval.json`, `summary.json` and `shown.txt`, what was printed. Nobody else needs to train a model
    that has learned something. Tests that take it are marked `slow` and `xdist_group("quickstart")`: it is made once.
    """
    out = tmp_path_factory.mktemp("quickstart")
    command = [sys.executable, "-m", "training.demo.quickstart", "--out", str(out), "--seed", "1"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-4000:]
    (out / "shown.txt").write_text(finished.stdout)
    return out


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the public sample; its rows are not ours to ship."""
    folder = Path(os.environ.get("OVR_REAL_DATA") or ROOT.parent / "shared" / "data" / "real")
    if not folder.is_dir():
        pytest.skip(f"the real sample is not at {folder}; set OVR_REAL_DATA")
    return folder


@pytest.fixture(scope="session")
def real_manifest(real_data: Path) -> Manifest:
    """`manifests/real_sample.yaml` on that folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVR_REAL_DATA", str(real_data))
        return load_manifest(ROOT / "manifests" / "real_sample.yaml")
