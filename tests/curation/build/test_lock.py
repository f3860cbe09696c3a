"""A manifest lock is a manifest: the same bytes of the same inputs, wherever they are; a changed input is named."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.build.build import BuildOptions, build
from curation.build.load import load_manifest
from curation.core.errors import CurationError
from curation.core.lock import build_name, public_lock
from tests.conftest import ROOT
from tests.curation.conftest import shard_bytes

ROWS = [{"question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(2, 14)]
MANIFEST = {
    "name": "locked",
    "seed": 3,
    "rl": {"sources": [{"kind": "table", "name": "sums", "path": "$OVR_TEST_DATA/sums.jsonl", "fields": {}}]},
    "cold_start": {
        "sources": [{"kind": "visual_puzzles", "families": ["count"], "modality": "text", "levels": 1, "count": 6}]
    },
}


def write_rows(folder: Path, rows: list[dict[str, str]] = ROWS) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of ten rows a source, its inputs beside it in `data`."""
    folder = tmp_path_factory.mktemp("locked")
    write_rows(folder / "data")
    manifest = folder / "manifest.yaml"
    source: Any = MANIFEST["rl"]
    source["sources"][0]["fields"] = {"question": "question", "answer": "answer"}
    manifest.write_text(yaml.safe_dump(MANIFEST, sort_keys=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVR_TEST_DATA", str(folder / "data"))
        build(manifest, folder / "out", BuildOptions(limit=10))
    return folder


@pytest.fixture
def elsewhere(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a stranger has: the public lock, and the inputs in another folder."""
    shutil.copytree(built / "data", tmp_path / "mine")
    monkeypatch.setenv("OVR_TEST_DATA", str(tmp_path / "mine"))
    lock = yaml.safe_load((built / "out" / "manifest.lock.yaml").read_text())
    (tmp_path / "manifest.lock.yaml").write_text(yaml.safe_dump(public_lock(lock), sort_keys=False))
    return tmp_path


def test_a_stranger_gets_the_same_bytes_and_the_same_name(built: Path, elsewhere: Path) -> None:
    summary = build(elsewhere / "manifest.lock.yaml", elsewhere / "out")
    assert shard_bytes(elsewhere / "out") == shard_bytes(built / "out")
    assert summary["build"] == json.loads((built / "out" / "summary.json").read_text())["build"]


def test_the_lock_of_a_build_builds_where_it_is(built: Path, tmp_path: Path) -> None:
    build(
        built / "out" / "manifest.lock.yaml", tmp_path / "out"
    )  # without the variable: the lock of a build knows its places
    assert shard_bytes(tmp_path / "out") == shard_bytes(built / "out")


def test_a_public_lock_names_no_folder_of_the_machine(built: Path) -> None:
    lock = yaml.safe_load((built / "out" / "manifest.lock.yaml").read_text())
    text = yaml.safe_dump(public_lock(lock))
    assert str(built) in yaml.safe_dump(lock)
    assert str(built) not in text
    assert "$OVR_TEST_DATA/sums.jsonl" in text
    assert build_name(public_lock(lock)) == build_name(lock)


@pytest.mark.parametrize(
    ("written", "public"),
    [
        ("/home/me/rows.jsonl", "rows.jsonl"),
        ("~/rows.jsonl", "rows.jsonl"),
        ("data/rows.jsonl", "data/rows.jsonl"),
        ("${HERE:-data}/rows.jsonl", "${HERE:-data}/rows.jsonl"),
    ],
)
def test_a_place_is_written_as_in_the_manifest(written: str, public: str) -> None:
    place = "/srv/one/rows.jsonl"
    lock = {"manifest": {"root": "/srv/one", "rl": {"sources": [{"path": [place]}]}}, "places": {place: written}}
    manifest = public_lock(lock)["manifest"]
    assert manifest == {"root": "", "rl": {"sources": [{"path": [public]}]}}


def flip_a_byte(folder: Path) -> None:
    file = folder / "mine" / "sums.jsonl"
    file.write_bytes(file.read_bytes().replace(b"5 + 5", b"5 + 6"))


def lose_it(folder: Path) -> None:
    (folder / "mine" / "sums.jsonl").unlink()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (flip_a_byte, "rl.sums: the input 'sums.jsonl' has changed: got "),
        (lose_it, r"source 'sums': .*sums.jsonl.*--set rl.sources\[0\].path="),
    ],
)
def test_an_input_that_is_another_is_named_before_anything_runs(change: Any, message: str, elsewhere: Path) -> None:
    change(elsewhere)
    with pytest.raises(CurationError, match=message):
        build(elsewhere / "manifest.lock.yaml", elsewhere / "out")
    assert not (elsewhere / "out" / "stages").exists()


def test_an_edited_lock_is_said_to_give_another_set(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(elsewhere / "manifest.lock.yaml", elsewhere / "out", BuildOptions(only="cold_start", changes=("seed=4",)))
    assert "cold_start will be another set than the lock's" in capsys.readouterr().err


def test_another_limit_is_refused(elsewhere: Path) -> None:
    with pytest.raises(CurationError, match=r"--limit 3: .* was built with --limit 10"):
        build(elsewhere / "manifest.lock.yaml", elsewhere / "out", BuildOptions(limit=3))


def test_other_versions_are_said_and_go_on(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = elsewhere / "manifest.lock.yaml"
    path.write_text(path.read_text().replace("pyarrow: ", "pyarrow: 1."))
    build(path, elsewhere / "out", BuildOptions(only="cold_start"))
    assert "built with other versions, so bytes may differ: pyarrow " in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "manifest: {}\nversions: {}",
        "manifest:\nversions: {}\nlimit: 1\ninputs: {}\nbuild: {}",
        "manifest: {}\nversions: []\nlimit: 1\ninputs: {}\nbuild: {}",
    ],
)
def test_half_a_lock_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "lock.yaml").write_text(text)
    with pytest.raises(CurationError, match="a manifest lock without a valid"):
        build(tmp_path / "lock.yaml", tmp_path / "out")


@pytest.mark.parametrize("name", ["quickstart.yaml", "layouts.yaml", "ovr/cold_start.yaml", "ovr/multimodal_rl.yaml"])
def test_a_manifest_comes_back_from_its_lock(name: str, tmp_path: Path) -> None:
    """Every default is filled in there, those of options that another kind has too."""
    manifest = load_manifest(ROOT / "manifests" / name)
    lock = {"manifest": manifest.model_dump(mode="json"), "limit": None, "inputs": {}, "build": {}, "versions": {}}
    (tmp_path / "lock.yaml").write_text(yaml.safe_dump(lock))
    assert load_manifest(tmp_path / "lock.yaml").model_dump() == manifest.model_dump()
