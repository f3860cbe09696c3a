"""Prompts that place images come to TRL as the engines send them."""

import io
from typing import Any

import pytest
from PIL import Image

from curation.core.row import Message
from curation.sampling.engines.base import Request
from curation.sampling.engines.conversation import conversation, served_conversation
from training.places import placed, with_places


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


@pytest.mark.slow
def test_rows_of_a_data_set_are_placed_when_they_are_read() -> None:
    from datasets import Dataset, Features, Image, List, Value

    features = Features(
        {
            "prompt": List({"role": Value("string"), "content": Value("string")}),
            "images": List(Image()),
            "answer": Value("string"),
        }
    )
    rows = [
        {
            "prompt": [{"role": "user", "content": "Is <image> red?"}],
            "images": [{"bytes": png(10), "path": None}],
            "answer": "no",
        },
        {"prompt": [{"role": "user", "content": "1 + 1?"}], "images": [], "answer": "2"},
    ]
    read = with_places(Dataset.from_list(rows, features=features).select_columns(["prompt", "images", "answer"]))
    assert [part["type"] for part in read[0]["prompt"][0]["content"]] == ["text", "image", "text"]
    assert read[0]["images"][0].size == (28, 28)
    assert read[1]["prompt"] == [{"role": "user", "content": "1 + 1?"}]
    assert read.column_names == ["prompt", "images", "answer"]
    assert read["answer"][:] == ["no", "2"]
