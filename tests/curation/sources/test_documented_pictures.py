"""What docs/sources.md says of pictures and conversations: its manifests read small files of those layouts."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from curation.core.row import Row
from curation.normalise import Normalise, normalise_row
from curation.sources.base import BadRow
from curation.sources.table import Table

PAGE = Path(__file__).parents[3] / "docs/sources.md"


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Table]:
    """The sources of the two sections by name, their `$DATA` a folder with two pictures."""
    (tmp_path / "pictures").mkdir()
    for name in ("a", "b"):
        Image.new("RGB", (30, 30 + ord(name)), "red").save(tmp_path / "pictures" / f"{name}.png")
        Image.new("RGB", (30, 30 + ord(name)), "red").save(tmp_path / f"{name}.png")
    text = PAGE.read_text().partition("## Pictures")[2]
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    raw = [source for block in blocks for source in yaml.safe_load(block.replace("$DATA", str(tmp_path)))]
    return {source["name"]: Table.model_validate(source) for source in raw}


def rows(source: Table) -> list[tuple[list[str], list[int]] | str]:
    """Of every row its turns and the heights of its pictures, or why it drops."""
    found: list[tuple[list[str], list[int]] | str] = []
    for row in source.read(0):
        if isinstance(row, BadRow):
            found.append(row.reason)
            continue
        assert isinstance(row, Row)
        done = normalise_row(row, Normalise())
        heights = [int.from_bytes(image[20:24]) - 30 for image in done.images]  # of a PNG's header
        found.append(([turn.content for turn in done.prompt], heights))
    return found


A, B = ord("a"), ord("b")


def test_verl(sources: dict[str, Table], tmp_path: Path) -> None:
    def record(text: str, *paths: str) -> dict[str, Any]:
        images = [{"image": path} for path in paths]
        return {"prompt": [{"role": "user", "content": text}], "images": images, "reward_model": {"ground_truth": "3"}}

    records = [
        record("<image>How many?", "/home/someone/pictures/a.png"),
        record("Is <image> higher than <image>?", "b.png", "file:///home/someone/pictures/a.png"),
        record("<image>How many?", "/elsewhere/a.png"),
        record("<image>How many?", "https://host/a.png"),
        record("How many?"),
    ]
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "train.parquet")
    assert rows(sources["verl"]) == [
        (["How many?"], [A]),
        (["Is <image> higher than <image>?"], [B, A]),
        "picture_outside_root",
        "picture_is_url",
        "picture_missing",
    ]


def test_mmmu(sources: dict[str, Table], tmp_path: Path) -> None:
    records = [
        {
            "question": "Which is higher?",
            "options": "['<image 2>', '<image 1>']",
            "answer": "A",
            "image_1": "a.png",
            "image_2": "b.png",
        },
        {
            "question": "<image 1> What is it?",
            "options": "['a bar', 'a dot']",
            "answer": "B",
            "image_1": "a.png",
            "image_2": None,
        },
        {"question": "What is 1 + 1?", "options": "['2', '3']", "answer": "A", "image_1": None},
    ]
    (tmp_path / "mmmu.jsonl").write_text("\n".join(map(json.dumps, records)))
    assert rows(sources["mmmu"]) == [
        (["Which is higher?\nA. <image>\nB. <image>"], [B, A]),
        (["What is it?\nA. a bar\nB. a dot"], [A]),
        (["What is 1 + 1?\nA. 2\nB. 3"], []),
    ]


def test_chats(sources: dict[str, Table], tmp_path: Path) -> None:
    system = {"role": "system", "content": "You are a helpful assistant."}
    parts = [
        {"type": "text", "text": "Is"},
        {"type": "image_url", "image_url": {"url": "a.png"}},
        {"type": "text", "text": "a bar?"},
    ]
    earlier = [{"role": "user", "content": "Let x = 3."}, {"role": "assistant", "content": "Yes."}]
    records = [
        {"messages": [system, {"role": "user", "content": parts}], "answer": "yes"},
        {"messages": [*earlier, {"role": "user", "content": "What is 3x?"}], "answer": "9"},
        {"messages": [{"role": "user", "content": "Search."}, {"role": "tool", "content": "..."}], "answer": "9"},
    ]
    (tmp_path / "chats.json").write_text(json.dumps(records))
    assert rows(sources["chats"]) == [
        (["Is <image> a bar?"], [A]),
        (["Let x = 3.", "Yes.", "What is 3x?"], []),
        "conversation_unreadable",
    ]


def test_sharegpt(sources: dict[str, Table], tmp_path: Path) -> None:
    said = [{"from": "human", "value": "<image>\nHow high?"}, {"from": "gpt", "value": "127"}]
    (tmp_path / "sharegpt.json").write_text(json.dumps([{"conversations": said, "answer": "127", "images": ["a.png"]}]))
    assert rows(sources["sharegpt"]) == [(["How high?"], [A])]
    (row,) = sources["sharegpt"].read(0)
    assert isinstance(row, Row)
    assert row.completion == "127"
