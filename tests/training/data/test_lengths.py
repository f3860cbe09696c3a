"""Lengths of rows are those of the ids that the processor makes of their pixels, with a cap on pixels and without, turned images included."""

import io
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from tests.training.conftest import row, write_shard
from training.data.images import Cap, RowError
from training.data.lengths import image_tokens
from training.data.places import with_places
from training.data.shards import read_shards

pytestmark = pytest.mark.slow


def jpeg(width: int, height: int, turned: bool = False) -> dict[str, Any]:
    out, exif = io.BytesIO(), PIL.Image.Exif()
    if turned:
        exif[0x0112] = 6
    PIL.Image.new("RGB", (width, height), "red").save(out, "JPEG", exif=exif)
    return {"bytes": out.getvalue(), "path": None}


@pytest.mark.parametrize("max_pixels", [None, 40_000])
def test_prompts_are_as_long_as_the_processor_makes_them(
    tiny_model: Path, tmp_path: Path, max_pixels: int | None
) -> None:
    from transformers import AutoProcessor
    from trl.data_utils import prepare_multimodal_messages

    from training.rl.prompts import prompt_lengths

    processor = AutoProcessor.from_pretrained(tiny_model)
    processor.image_processor.size = {"shortest_edge": 3136, "longest_edge": max_pixels or 10**6}
    images = [[jpeg(300, 200)], [jpeg(120, 700, turned=True), jpeg(60, 60)], [jpeg(640, 480)], []]
    rows = [{**row(number), "images": some} for number, some in enumerate(images)]
    rows[2]["prompt"] = [{"role": "user", "content": "Is <image> red?"}]
    table = read_shards(write_shard(tmp_path / "train-00000-of-00001.parquet", rows), "rl").capped(
        max_pixels and Cap(max_pixels, 56)
    )
    batch = with_places(table.rows(range(len(rows))))
    expected = []
    for prompt, some in zip(batch["prompt"], batch["images"], strict=True):
        text = processor.apply_chat_template(
            prepare_multimodal_messages(prompt, images=some), add_generation_prompt=True
        )
        expected.append(processor(images=some or None, text=[text], return_tensors="pt")["input_ids"].shape[1])
    assert prompt_lengths(table, processor) == expected
    assert len(set(expected)) > 2


def test_an_image_without_a_header_is_named(tiny_model: Path, tmp_path: Path) -> None:
    from transformers import AutoProcessor

    from training.rl.prompts import prompt_lengths

    rows = [row(0, "red"), {**row(1, "red"), "images": [{"bytes": b"<html>", "path": None}]}]
    table = read_shards(write_shard(tmp_path / "train-00000-of-00001.parquet", rows), "rl")
    with pytest.raises(RowError, match=r"row 0+1 of .*: an image of 6 bytes has no header that can be read"):
        prompt_lengths(table, AutoProcessor.from_pretrained(tiny_model))


def test_a_processor_that_does_not_count_is_one_line() -> None:
    with pytest.raises(ValueError, match="object does not say how many tokens an image has"):
        image_tokens(object(), [(1, 1)])
