"""What all tests share: how they are spread over processes, the public sample of real rows, and the quickstart's result."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.build.load import load_manifest
from curation.build.manifest import Manifest
from curation.core import plugins

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported; processes of tests share the cores

ROOT = Path(__file__).resolve().parents[1]
TOGETHER = {
    "tests/test_first_light.py": "quickstart",
    "tests/curation/difficulty/test_image_gain_of_a_model.py": "quickstart",
    "tests/curation/sampling/test_vllm.py": "vllm",
    "tests/curation/sampling/test_vllm_serve.py": "vllm",
}
"""Files that share what takes minutes to make. They begin before all others, so that no process is left alone with them at the end."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One process for each file, which has fixtures to share, and for files that are `TOGETHER`. (`--dist loadgroup` of pytest-xdist
    3.8 does not see its groups under pytest 9.2.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return TOGETHER.get(file, file)

    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.nodeid.partition("::")[0] not in TOGETHER)


@pytest.fixture(scope="module", autouse=True)
def _plugins_of_tests_are_forgotten(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the modules define that tests have written and loaded is no plugin for the files behind."""
    yield
    written = str(tmp_path_factory.getbasetemp())
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__dict__", {}).get("__file__")).startswith(written):
            del sys.modules[name]
    plugins._loaded[:] = [name for name in plugins._loaded if name in sys.modules]
    sys.path[:] = [path for path in sys.path if not path.startswith(written)]
    if models := sys.modules.get("transformers.modeling_utils"):
        tie_weights = models.PreTrainedModel.tie_weights
        assert tie_weights.__name__ == "tie_weights", (
            "two models were loaded at once: transformers ties no weights any more"
        )


@pytest.fixture(scope="session")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished quickstart, to be read and not changed: `models/` (base, sft, grpo), `curated/` (the builds of both
    configs), `micro_model_data/`, `eval.json`, `summary.json` and `shown.txt`, what was printed. Nobody else needs to train a model
    that has learned something. Tests that take it are marked `slow` and their files are in `TOGETHER`: it is made once.
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
