"""The token budget counts what the sampler sends: checked against the processor's own call."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pydantic import ValidationError

from curation.core.errors import BuildError
from curation.core.row import Row, make_row
from curation.filters.token_budget import TokenBudget, completion_tokens, prompt_tokens

pytestmark = pytest.mark.slow  # imports transformers

QUESTION = "How many red squares are there?"


def png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The processor of a Qwen2.5-VL without its weights: 28 x 28 pixels are a token, as in the real one."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    from training.demo.micro_model import Recipe, new_processor

    processor = new_processor([QUESTION] * 20, Recipe(vocab_size=400, merge_size=2))
    processor.image_processor = Qwen2VLImageProcessorPil(
        min_pixels=28 * 28, max_pixels=280 * 280, patch_size=14, merge_size=2, temporal_patch_size=2
    )
    path = tmp_path_factory.mktemp("processor")
    processor.save_pretrained(path)
    return path


def row(*images: bytes, question: str = QUESTION, completion: str = "") -> Row:
    return make_row(source="test", source_id="0", question=question, images=images, completion=completion)


def test_an_image_costs_its_patches(folder: Path) -> None:
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(folder)
    bare = prompt_tokens(processor, row())
    start_and_end = 2
    assert prompt_tokens(processor, row(png(56, 84))) == bare + 2 * 3 + start_and_end
    assert prompt_tokens(processor, row(png(56, 84), png(28, 28))) == bare + 6 + 1 + 2 * start_and_end
    assert prompt_tokens(processor, row(png(2800, 2800))) == bare + 100 + start_and_end


def test_template_and_chat_template_count(folder: Path) -> None:
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(folder)
    text = f"<|im_start|>user\n{QUESTION}<|im_end|>\n<|im_start|>assistant\n"
    assert prompt_tokens(processor, row()) == len(processor.tokenizer(text)["input_ids"])
    assert prompt_tokens(processor, row(), "{question} Box it.") > prompt_tokens(processor, row())
    assert completion_tokens(processor, QUESTION) == len(processor.tokenizer(QUESTION)["input_ids"]) + 1
    assert completion_tokens(processor, "") == 0


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"max_prompt_tokens": 0}, True),
        ({"max_prompt_tokens": -1}, (False, "too_many_prompt_tokens")),
        ({"max_total_tokens": 4}, True),
        ({"max_total_tokens": 3}, (False, "too_many_tokens")),
    ],
)
def test_bounds_are_inclusive(folder: Path, bounds: dict[str, int], expected: object) -> None:
    from transformers import AutoProcessor

    one = row(completion="333")  # three digits, three tokens, and the end of the turn
    tokens = prompt_tokens(AutoProcessor.from_pretrained(folder), one)
    spec = TokenBudget.model_validate({"processor": str(folder), **{name: tokens + n for name, n in bounds.items()}})
    assert spec.judge(one) == expected


def test_too_few_tokens_and_bad_images_are_told(folder: Path) -> None:
    spec = TokenBudget(processor=str(folder), min_tokens=5)
    assert spec.judge(row(completion="333")) == (False, "too_few_tokens")
    assert spec.judge(row(completion="33333")) is True
    told = "image of 8 bytes cannot be decoded: cannot identify image file"
    assert spec.judge(replace(row(), images=(b"no image",))) == (False, "picture_unreadable", told)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "no bound"),
        ({"max_prompt_tokens": 9, "template": "no place"}, r"got 'no place', expected exactly one \{question\}"),
    ],
)
def test_wrong_options_are_told(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TokenBudget.model_validate({"processor": "x", **options})


def test_a_missing_processor_is_one_clear_line(tmp_path: Path) -> None:
    spec = TokenBudget(processor=str(tmp_path), max_prompt_tokens=10)
    with pytest.raises(BuildError, match=f"cannot load the processor '{tmp_path}'"):
        spec.judge(row())
