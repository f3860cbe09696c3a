"""Exports load in the trainers' own loaders, row for row and pixel for pixel: those of which `OVR_TRAINERS` has an environment."""

from pathlib import Path

import pytest

from curation.release.export.export import export
from tests.curation.release.export.loaded import by_layout, differences, through_loader, trainers
from tests.curation.release.export.released import write


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(trainers()))
def test_a_trainers_own_loader_reads_every_row(kind: str, vlm: Path, tmp_path: Path) -> None:
    export(write(tmp_path / "set"), kind, tmp_path / "out")
    found = through_loader(kind, trainers()[kind], tmp_path / "out", vlm)
    assert differences(found, by_layout(kind, tmp_path / "out")) == []


@pytest.mark.slow
def test_trl_reads_every_row(tmp_path: Path) -> None:
    """`datasets` decodes the images, TRL puts each at its place."""
    from datasets import load_dataset
    from trl.data_utils import prepare_multimodal_messages

    from tests.curation.release.export.loaded import Row, pixels_of

    export(write(tmp_path / "set"), "trl", tmp_path / "out")
    found = []
    for path in sorted((tmp_path / "out").glob("*.parquet")):
        config = "rl" if path.stem.startswith("rl_") else "cold_start"
        for row in load_dataset("parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")):
            messages = prepare_multimodal_messages([*row["prompt"], *row.get("completion", ())], row.get("images"))
            parts = [
                [
                    one["role"],
                    [
                        ["image", pixels_of(part["image"])] if part["type"] == "image" else ["text", part["text"]]
                        for part in one["content"]
                    ],
                ]
                for one in messages
            ]
            gold = (row["answer"], row["answer_kind"], row["answer_options"])
            found.append(Row(config, path.stem.removeprefix(f"{config}_"), row["id"], parts, gold))
    assert differences(found, by_layout("trl", tmp_path / "out")) == []
