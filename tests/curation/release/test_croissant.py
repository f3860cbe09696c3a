"""The card and the Croissant metadata of a real build: they validate, and the rows are read through them."""

from pathlib import Path

import pytest
import yaml

from curation.build.build import build
from curation.release.dataset import open_dataset
from curation.release.finish import finish

MANIFEST = "name: tiny\nrl:\n  sources:\n  - {kind: visual_puzzles, name: 'a|<b>', license: MIT, count: 12, size: 56}\n"


@pytest.mark.slow
def test_rows_are_read_through_the_metadata_and_the_bytes_are_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets
    import mlcroissant

    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "tiny.yaml").write_text(MANIFEST)
    build(tmp_path / "tiny.yaml", tmp_path / "out")
    first = {file.name: file.read_bytes() for file in finish(tmp_path / "out")}
    assert {file.name: file.read_bytes() for file in finish(tmp_path / "out")} == first
    row = next(open_dataset(tmp_path / "out").records("rl"))

    described = mlcroissant.Dataset(jsonld=str(tmp_path / "out" / "croissant.json"))
    read = next(iter(described.records("rl")))
    assert read["rl/id"].decode() == row["id"]
    assert read["rl/prompt"][0]["rl/prompt/content"].decode() == row["prompt"][0]["content"]
    assert [image.size for image in read["rl/images"]] == [(56, 56)] * len(row["images"])

    card = first["README.md"].decode()
    metadata = yaml.safe_load(card.split("---\n")[1])
    assert metadata["license"] == "mit"
    assert metadata["dataset_info"][0]["splits"][0]["num_examples"] == 12
    assert "<b>" not in card.split("---\n", 2)[2]
    assert str(tmp_path) not in card
    loaded = datasets.load_dataset(str(tmp_path / "out"), "rl", split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded[0]["id"] == row["id"]
