"""The micro model: its size, its tokens, its cache."""

from dataclasses import replace
from pathlib import Path

import pytest

from training.demo.micro_model import MARKS, Recipe, micro_model, new_model, recipe_hash, short_completion


def test_the_model_has_about_a_million_weights_and_one_token_an_image(tiny_model: Path) -> None:
    from PIL import Image
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(tiny_model)
    assert 600_000 < new_model(processor.tokenizer, Recipe()).num_parameters() < 1_200_000
    text = "<|vision_start|><|image_pad|><|vision_end|>12"
    inputs = processor(text=[text], images=[Image.new("RGB", (56, 56), "red")], return_tensors="pt")
    assert processor.tokenizer.convert_ids_to_tokens(inputs["input_ids"][0]) == [
        "<|vision_start|>", "<|image_pad|>", "<|vision_end|>", "1", "2"
    ]  # fmt: skip


def test_marks_are_single_tokens_that_decoding_keeps(tiny_model: Path) -> None:
    from transformers import AutoProcessor

    tokenizer = AutoProcessor.from_pretrained(tiny_model).tokenizer
    for mark in MARKS:
        ids = tokenizer(mark)["input_ids"]
        assert len(ids) == 1
        assert tokenizer.decode(ids, skip_special_tokens=True) == mark


def test_both_forms_of_completion_occur() -> None:
    forms = {short_completion(f"{i:032x}", "3") for i in range(20)}
    assert forms == {"The answer is 3.", "\\boxed{3}"}


def test_the_cache_depends_on_recipe_and_rows(mixed_shards: Path) -> None:
    recipe = Recipe()
    first = recipe_hash(mixed_shards, recipe)
    assert first == recipe_hash(mixed_shards, Recipe())
    assert first != recipe_hash(mixed_shards, replace(recipe, seed=1))


@pytest.mark.slow
def test_building_twice_trains_once(mixed_shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = Recipe(n_steps=2, batch_size=4)
    folder = micro_model(mixed_shards, recipe, cache=tmp_path)
    written = (folder / "model.safetensors").stat().st_mtime_ns
    assert micro_model(mixed_shards, recipe, cache=tmp_path) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == written
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
