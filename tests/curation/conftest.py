"""Small manifests and builds that the tests of curation share."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.build.build import BuildOptions, build
from curation.sampling.rollouts.rollout import LAYOUT
from curation.sampling.rollouts.scan import scan
from tests.curation.sampling.models import lm, requests, scripted, vlm

__all__ = ["lm", "requests", "scripted", "vlm"]

Write = Callable[[dict[str, Any]], Path]


@pytest.fixture(autouse=True)
def _plugins_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that a test's manifest names are imported by every later build of the process, and are gone by then."""
    monkeypatch.setattr("curation.core.plugins._loaded", [])


@pytest.fixture
def write_manifest(tmp_path: Path) -> Write:
    def write(manifest: dict[str, Any]) -> Path:
        path = tmp_path / "manifest.yaml"
        path.write_text(yaml.safe_dump({"name": "test", **manifest}))
        return path

    return write


MIXED: dict[str, Any] = {
    "name": "test",
    "seed": 5,
    "rl": {
        "splits": {"test": 0.25},
        "sources": [
            {"kind": "visual_puzzles", "families": ["locate", "count"], "levels": [1], "size": 112, "count": 24},
            {"kind": "visual_puzzles", "name": "told", "families": ["count"], "modality": "text", "count": 20},
        ],
    },
    "cold_start": {
        "sources": [
            {"kind": "visual_puzzles", "families": ["count"], "modality": "text", "levels": [1, 2], "count": 12}
        ]
    },
}
"""Images, text and traces; two configs. Nothing of reasoning-gym, which takes seconds to import wherever its rows are read or judged."""

SECRET = "hf_thatNobodyMaySee"
"""What the environment of `built` had for a token and a key."""


@pytest.fixture
def mixed_manifest(write_manifest: Write) -> Path:
    return write_manifest(MIXED)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished build of `MIXED`, to be read and not changed; `built.parent / "manifest.yaml"` made it."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "manifest.yaml").write_text(yaml.safe_dump(MIXED))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HF_TOKEN", "OPENAI_API_KEY"):
            patch.setenv(name, SECRET)
        run(folder / "manifest.yaml", folder / "out", workers=2)
    return folder / "out"


@pytest.fixture
def copied(built: Path, tmp_path: Path) -> Path:
    """The same build, to be changed."""
    shutil.copytree(built, tmp_path / "copied")
    return tmp_path / "copied"


def wait_for_writers(out: Path, quiet_s: float = 3) -> None:
    """Until nothing is written to a build's rollout store for a while: workers of a build that was killed notice a little later."""
    before, since = None, time.monotonic()
    while time.monotonic() - since < quiet_s:
        if (found := {path.name for path in (out / "rollouts").rglob("*.parquet")}) != before:
            before, since = found, time.monotonic()
        time.sleep(0.1)


def stored(out: Path, column: str) -> set[Any]:
    """A column of the samples in a build's rollout store."""
    groups = scan(out / "rollouts", LAYOUT, [column])
    return {value for lines in groups for value in lines[column].to_pylist()}


def shard_bytes(out: Path) -> dict[str, bytes]:
    """Every shard of a build by its path inside it."""
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in sorted(out.glob("data/**/*.parquet"))}


def run(manifest: Path, out: Path, **options: Any) -> dict[str, Any]:
    return build(manifest, out, BuildOptions(**options))
