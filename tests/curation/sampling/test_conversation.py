"""A prompt is laid out for the sampler exactly as TRL lays it out for training."""

import io
from typing import Any

import pytest
from PIL import Image

from curation.core.row import Message
from curation.sampling.engines.base import Request
from curation.sampling.engines.conversation import conversation, decode_image, text_conversation
from curation.sampling.template import apply_template, apply_to_messages, template_hash


def trl_conversation(request: Request) -> list[dict[str, Any]]:
    from trl.data_utils import prepare_multimodal_messages

    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    prepared: list[dict[str, Any]] = prepare_multimodal_messages(messages, images=[*request.images])
    return prepared


@pytest.mark.slow
def test_the_layout_is_trls(requests: list[Request]) -> None:
    for request in requests:
        ours = conversation(request)
        theirs = trl_conversation(request)
        assert [(m["role"], [part["type"] for part in m["content"]]) for m in ours] == [
            (m["role"], [part["type"] for part in m["content"]]) for m in theirs
        ]
        assert [p["text"] for m in ours for p in m["content"] if p["type"] == "text"] == [
            p["text"] for m in theirs for p in m["content"] if p["type"] == "text"
        ]


def test_pictures_stand_before_the_first_user_text_only() -> None:
    turns = (Message("user", "one"), Message("assistant", "two"), Message("user", "three"))
    file = io.BytesIO()
    Image.new("L", (30, 30)).save(file, "PNG")
    messages = conversation(Request("a", turns, (file.getvalue(),), (0,), 0), "image_pil")
    assert [[part["type"] for part in m["content"]] for m in messages] == [["image_pil", "text"], ["text"], ["text"]]
    assert messages[0]["content"][0]["image_pil"].mode == "RGB"


def test_a_picture_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    file = io.BytesIO()
    Image.new("RGB", (40, 20)).save(file, "JPEG", exif=exif)
    assert decode_image(file.getvalue()).size == (20, 40)


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_bytes_that_are_no_picture_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=f"image of {len(data)} bytes"):
        decode_image(data)


def test_pictures_need_a_user_and_a_model_that_sees(requests: list[Request]) -> None:
    with pytest.raises(ValueError, match="no user message"):
        conversation(Request("a", (Message("system", "hi"),), requests[2].images, (0,), 0))
    with pytest.raises(ValueError, match="the model takes none"):
        text_conversation(requests[2])


@pytest.mark.parametrize(
    ("template", "question", "prompt"),
    [
        ("{question}", r"\frac{1}{2}", r"\frac{1}{2}"),
        (r"{question} Use \boxed{}.", "1 + 1 = {?}", r"1 + 1 = {?} Use \boxed{}."),
        ("Q: {question}", "{question}", "Q: {question}"),
        ("{{question}}", "x", "{x}"),
    ],
)
def test_a_template_touches_no_other_brace(template: str, question: str, prompt: str) -> None:
    assert apply_template(template, question) == prompt


@pytest.mark.parametrize("template", ["", "no place", "{question} {question}", "{Question}"])
def test_a_template_has_one_place_for_the_question(template: str) -> None:
    with pytest.raises(ValueError, match="expected exactly one"):
        apply_template(template, "x")


def test_the_last_user_message_is_templated() -> None:
    turns = (Message("system", "s"), Message("user", "a"), Message("assistant", "b"), Message("user", "c"))
    assert [m.content for m in apply_to_messages("<{question}>", turns)] == ["s", "a", "b", "<c>"]


def test_templates_have_different_hashes() -> None:
    assert template_hash("{question}") != template_hash("{question} ")
    assert len(template_hash("")) == 16
