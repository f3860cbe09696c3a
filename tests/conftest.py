"""What all tests share: the public sample of real rows, where it is."""

import os
from pathlib import Path

import pytest

from curation.build.manifest import Manifest, load_manifest

ROOT = Path(__file__).resolve().parents[1]


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
