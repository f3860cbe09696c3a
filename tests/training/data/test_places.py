"""Prompts that place images come to TRL as the engines send them."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from curation.core.row import Message
from curation.sampling.engines.base import Request
from curation.sampling.engines.conversation import conversation, served_conversation
from tests.training.conftest import row, write_shard
from training.data.places import placed, with_places
from training.data.shards import read_shards


def png(gray: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (28, 28), (gray,) * 3).save(out, "PNG")
    return out.getvalue()


def types(messages: list[dict[str, Any]]) -> list[list[str]]:
    return [[part.get("text", part["type"]) for part in message["content"]] for message in messages]


CASES: list[tuple[list[tuple[str, str]], list[list[str]]]] = [
    ([("user", "Which is red?")], [["image", "image", "Which is red?"]]),
    ([("user", "Is <image> or <image> red?")], [["Is ", "image", " or ", "image", " red?"]]),
    ([("user", "<image><image>\nA or B?")], [["image", "image", "\nA or B?"]]),
    ([("user", "A. <image>\nB. <image>")], [["A. ", "image", "\nB. ", "image"]]),
    ([("user", "Is <image> red?")], [["image", "image", "Is <image> red?"]]),
    (
        [("system", "Be brief."), ("user", "This is <image>."), ("assistant", "Yes."), ("user", "And <image>?")],
        [["Be brief."], ["This is ", "image", "."], ["Yes."], ["And ", "image", "?"]],
    ),
]


@pytest.mark.parametrize(("turns", "expected"), CASES)
def test_engines_put_images_at_their_places(turns: list[tuple[str, str]], expected: list[list[str]]) -> None:
    request = Request("k", tuple(Message(role, text) for role, text in turns), (png(10), png(200)), (0,), 0)  # type: ignore[arg-type]
    messages = conversation(request)
    assert types(messages) == expected
    assert [p["image"].getpixel((0, 0))[0] for m in messages for p in m["content"] if p["type"] == "image"] == [10, 200]
    served = [
        ["text"] if isinstance(m["content"], str) else [p["type"] for p in m["content"]]
        for m in served_conversation(request)
    ]
    assert served == [["image_url" if part == "image" else "text" for part in parts] for parts in expected]


@pytest.mark.slow
@pytest.mark.parametrize(("turns", "expected"), CASES)
def test_trl_is_given_the_same_parts(turns: list[tuple[str, str]], expected: list[list[str]]) -> None:
    from trl.data_utils import prepare_multimodal_messages

    prompt = [{"role": role, "content": text} for role, text in turns]
    assert types(prepare_multimodal_messages(placed(prompt, 2), images=["one", "two"])) == expected


def test_rows_of_shards_are_placed_when_they_are_read(tmp_path: Path) -> None:
    rows = [{**row(0, "red"), "prompt": [{"role": "user", "content": "Is <image> red?"}]}, row(1)]
    folder = write_shard(tmp_path / "train-00000-of-00001.parquet", rows)
    read = read_shards(folder, "rl").only(["prompt", "images", "answer"]).dataset(with_places)
    assert [part["type"] for part in read[0]["prompt"][0]["content"]] == ["text", "image", "text"]
    assert read[0]["images"][0].size == (56, 56)
    assert read[1]["prompt"] == [{"role": "user", "content": "What is 1 + 1?"}]
    assert sorted(read[1]) == ["answer", "images", "prompt"]
    assert [one["answer"] for one in read] == ["1", "2"]
