"""A lock is a manifest: the same bytes from the same inputs, wherever they lie, and a changed input is named."""

import json
import shutil
from pathlib import Path

import pytest

from curation.build.build import BuildOptions, build
from curation.core.errors import BuildError


def written(folder: Path) -> tuple[Path, Path]:
    """A data file and its manifest."""
    folder.mkdir()
    rows = [{"question": f"What is {i} + {i + 3}?", "answer": str(2 * i + 3)} for i in range(12)]
    (folder / "sums.json").write_text(json.dumps(rows))
    manifest = folder / "sums.yaml"
    manifest.write_text(
        "name: sums\nrl:\n  sources:\n  - {kind: table, path: sums.json, fields: {question: question, answer: answer}}\n"
    )
    return folder / "sums.json", manifest


@pytest.mark.slow
def test_a_lock_gives_the_same_bytes_from_the_same_inputs_and_names_a_changed_one(tmp_path: Path) -> None:
    data, manifest = written(tmp_path / "here")
    build(manifest, tmp_path / "first", BuildOptions(limit=9))
    elsewhere = tmp_path / "there" / "sums.json"
    elsewhere.parent.mkdir()
    shutil.move(data, elsewhere)
    lock = shutil.copy(tmp_path / "first" / "manifest.lock.yaml", tmp_path / "there" / "of_another.yaml")
    options = BuildOptions(changes=(f"rl.sources[0].path={elsewhere}",))
    build(lock, tmp_path / "second", options)
    first, second = ((tmp_path / name / "data/rl/train-00000-of-00001.parquet") for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    elsewhere.write_text(elsewhere.read_text().replace("What is 3", "What is 5"))
    with pytest.raises(
        BuildError, match=r"rl: 1 inputs are not those of the lock: table, sums.json: expected \w{64}, got"
    ):
        build(lock, tmp_path / "third", options)
    assert not (tmp_path / "third" / "data").exists()
