"""A build of prompts with places and turns: shards keep both, copies are found in spite of them, and `check` counts."""

import json
from pathlib import Path

import pytest
from PIL import Image

from curation.commands.check import check
from curation.core.errors import BuildError
from curation.core.parquet import read_records
from tests.curation.conftest import Write, run

TEMPLATE = r"{question} Put the answer into \boxed{}."


@pytest.fixture
def records(tmp_path: Path) -> Path:
    for name, color in (("red", "red"), ("blue", "blue")):
        image = Image.new("RGB", (60, 60), color)
        image.paste("white", (20, 20, 40, 40))
        image.save(tmp_path / f"{name}.png")
    said = [
        ("What is the sum of 3 and the number in the drawing?", ["red.png"]),
        ("<image>\nWhat is the sum of 3 and the number in the drawing?", ["red.png"]),
        ("What is the sum of 3 and the number in the drawing <image>?", ["red.png"]),
        ("Is the number in <image 2> larger than the one in <image 1>?", ["red.png", "blue.png"]),
        ("Is the number in <image> smaller than the other?", ["red.png", "blue.png"]),
    ]
    rows = [
        {"c": [{"role": "user", "content": text}], "i": images, "a": str(n // 3)}
        for n, (text, images) in enumerate(said)
    ]
    rows.append({"c": [{"role": "user", "content": "Let $x$ be 7."}, {"role": "assistant", "content": "Fine."},
                       {"role": "user", "content": "What is $2x$?"}], "i": [], "a": "14"})  # fmt: skip
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    return tmp_path


def manifest(template: str) -> dict[str, object]:
    fields = {"question": "c", "answer": "a", "images": "i"}
    source = {"kind": "table", "name": "t", "path": "rows.json", "fields": fields, "images": {"required": False}}
    return {"prompt_template": template, "rl": {"sources": [source]}}


@pytest.mark.slow
def test_places_and_turns_are_in_the_shards(records: Path, write_manifest: Write) -> None:
    summary = run(write_manifest(manifest(TEMPLATE)), records / "out")
    counts = summary["configs"]["rl"]["sources"]["t"]
    assert (counts["in"], counts["out"], counts["merged"], counts["dropped"]) == (6, 3, 2, 1)
    assert counts["reasons"]["02-rl-normalise: placeholder_count"] == 1
    (shard,) = (records / "out/data/rl").glob("*.parquet")
    rows = {row["source_id"]: row for row in read_records(shard)}
    said = {
        number: [turn["content"].removesuffix(TEMPLATE[10:]) for turn in row["prompt"]] for number, row in rows.items()
    }
    assert said["4"] == ["Is the number in <image> larger than the one in <image>?"]
    assert [image["bytes"] for image in rows["4"]["images"]] == [
        (records / f"{n}.png").read_bytes() for n in ("blue", "red")
    ]
    assert said["6"] == ["Let $x$ be 7.", "Fine.", "What is $2x$?"]
    assert "3 images, 3 rows" in check(records / "out")


@pytest.mark.slow
def test_a_place_too_many_is_found_in_the_shards(records: Path, write_manifest: Write) -> None:
    run(write_manifest(manifest("<image> " + TEMPLATE)), records / "out")
    with pytest.raises(BuildError, match=r"has \d <image> in its prompt and \d images"):
        check(records / "out")
