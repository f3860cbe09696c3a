"""One step of each trainer on a tiny untrained model: what changes, what must not, and that images reach the model."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.conftest import ON_CPU, row, write_shard
from training.data.shards import read_shards
from training.models.vision import is_vision

pytestmark = pytest.mark.slow

CPU: dict[str, Any] = {"max_steps": 1, "learning_rate": 1e-3, "logging_steps": 1, "save_strategy": "no", **ON_CPU}


def boxed_one(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
    completions = [[{"role": "assistant", "content": "\\boxed{1}"}] for _ in batch["prompt"]]
    return {"prompt": batch["prompt"], "images": batch["images"], "completion": completions}


def weights(model: Any) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.named_parameters()}


def changed(before: dict[str, torch.Tensor], model: Any) -> list[str]:
    return [name for name, tensor in model.named_parameters() if not torch.equal(tensor, before[name])]


def loaded(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    return AutoModelForImageTextToText.from_pretrained(folder), AutoProcessor.from_pretrained(folder)


def test_sft_on_text_trains_the_language_module_only(mixed_shards: Path, tiny_model: Path, tmp_path: Path) -> None:
    from trl import SFTConfig

    from training.sft import sft_trainer

    rows = read_shards(mixed_shards, "cold_start")
    config = SFTConfig(output_dir=str(tmp_path), per_device_train_batch_size=4, **CPU)
    trainer = sft_trainer(str(tiny_model), config, rows, language_only=True)
    before = weights(trainer.model)
    trainer.train()
    moved = changed(before, trainer.model)
    assert moved
    assert not [name for name in moved if is_vision(name)]


def test_sft_on_a_mixed_batch_trains_the_tower_too(mixed_shards: Path, tiny_model: Path, tmp_path: Path) -> None:
    from trl import SFTConfig

    from training.sft import sft_trainer

    rows = read_shards(mixed_shards, "rl").dataset(boxed_one)
    config = SFTConfig(output_dir=str(tmp_path), per_device_train_batch_size=4, max_length=None, **CPU)
    trainer = sft_trainer(str(tiny_model), config, rows, language_only=False)
    before = weights(trainer.model)
    trainer.train()
    assert any(is_vision(name) for name in changed(before, trainer.model))


@pytest.mark.parametrize("other", ["blue", None])
def test_the_loss_depends_on_the_image(tiny_model: Path, tmp_path: Path, other: str | None) -> None:
    """TRL once dropped images silently (TRL#5132, #4874)."""
    from trl import SFTConfig

    from training.sft import sft_trainer

    def loss(name: str, color: str | None) -> float:
        folder = write_shard(
            tmp_path / name / "train-00000-of-00001.parquet", [{**row(1, "red"), "images": row(1, color)["images"]}]
        )
        rows = read_shards(folder, "rl").dataset(boxed_one)
        config = SFTConfig(output_dir=str(tmp_path), per_device_train_batch_size=1, max_length=None, **CPU)
        trainer = sft_trainer(str(tiny_model), config, rows, language_only=True)
        return float(trainer.train().training_loss)

    red = loss("red", "red")
    assert loss("same", "red") == red
    assert loss("other", other) != red


@pytest.mark.parametrize("micro_batch", [8, 2])
def test_grpo_steps_on_a_mixed_batch(mixed_shards: Path, tiny_model: Path, tmp_path: Path, micro_batch: int) -> None:
    """With micro-batches of two some hold text rows alone."""
    from trl import GRPOConfig

    from training.grpo import grpo_trainer

    config = GRPOConfig(
        output_dir=str(tmp_path),
        per_device_train_batch_size=micro_batch,
        gradient_accumulation_steps=8 // micro_batch,
        num_generations=2,
        max_completion_length=6,
        beta=0.0,
        scale_rewards="batch",
        **CPU,
    )
    trainer = grpo_trainer(str(tiny_model), config, read_shards(mixed_shards, "rl"))
    n_letters = [lambda completions, **_: [float(len(c[0]["content"])) for c in completions]]
    trainer.reward_funcs = n_letters  # an untrained model boxes nothing; some reward must differ
    before = weights(trainer.model)
    trainer.train()
    assert any(is_vision(name) for name in changed(before, trainer.model))
    trainer.save_model(str(tmp_path / "saved"))
    assert type(loaded(tmp_path / "saved")[1]).__name__ == "Qwen2_5_VLProcessor"


def test_grpo_takes_images_at_their_places(tiny_model: Path, tmp_path: Path) -> None:
    from trl import GRPOConfig

    from training.grpo import grpo_trainer

    rows = [row(0), row(1, "red"), row(2, "red"), row(3)]
    rows[2]["prompt"] = [
        {"role": "user", "content": "This is <image>."},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": "Is <image> larger?"},
    ]
    rows[2]["images"] *= 2
    folder = write_shard(tmp_path / "train-00000-of-00001.parquet", rows)
    config = GRPOConfig(
        output_dir=str(tmp_path / "out"),
        per_device_train_batch_size=8,
        num_generations=2,
        max_completion_length=4,
        beta=0.0,
        **CPU,
    )
    trainer = grpo_trainer(str(tiny_model), config, read_shards(folder, "rl"))
    seen: list[Any] = []

    def keep(prompts: list[Any], completions: list[Any], **_: Any) -> list[float]:
        seen.extend(prompts)
        return [float(i) for i in range(len(completions))]

    trainer.reward_funcs = [keep]
    trainer.train()
    kinds = {tuple(tuple(part["type"] for part in turn["content"]) for turn in prompt) for prompt in seen}
    assert kinds == {
        (("text",),),
        (("image", "text"),),
        (("text", "image", "text"), ("text",), ("text", "image", "text")),
    }


def test_grpo_is_rewarded_by_the_verifier(mixed_shards: Path, tiny_model: Path, tmp_path: Path) -> None:
    from trl import GRPOConfig

    from training.grpo import grpo_trainer

    config = GRPOConfig(output_dir=str(tmp_path), per_device_train_batch_size=2, num_generations=2, **CPU)
    trainer = grpo_trainer(str(tiny_model), config, read_shards(mixed_shards, "rl"))
    (reward,) = trainer.reward_funcs
    said = [[{"role": "assistant", "content": text}] for text in ("\\boxed{4}", "\\boxed{5}", "four?")]
    assert reward(completions=said, answer=["4"] * 3, answer_kind=["number"] * 3) == [1.0, 0.0, 0.0]
    assert {"id", "domain", "answer", "answer_kind", "answer_options"} <= set(trainer.train_dataset[0])
