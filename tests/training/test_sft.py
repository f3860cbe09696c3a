"""ovr-train sft: the loss of packed rows, what must move and what must not, pixel caps, and one line instead of an untrained model."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.conftest import command_line, row, write_shard
from training.cli import main
from training.data.shards import read_shards

pytestmark = pytest.mark.slow

NAME = "train-00000-of-00001.parquet"
CPU = {
    "save_strategy": "no",
    "report_to": "none",
    "use_cpu": True,
    "bf16": False,
    "gradient_checkpointing": False,
    "logging_steps": 1,
}


def trained(model: Path, folder: Path, out: Path, **options: Any) -> Any:
    from trl import SFTConfig

    from training.sft import sft_trainer

    config = SFTConfig(output_dir=str(out), **{**CPU, **options})
    trainer = sft_trainer(str(model), config, read_shards(folder, "cold_start"), language_only=True)
    trainer.train()
    return trainer


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve text rows of different lengths."""
    rows = [row(i) for i in range(12)]
    for i, one in enumerate(rows):
        one["completion"][0]["content"] *= 1 + i % 4
    return write_shard(tmp_path_factory.mktemp("traces") / NAME, rows)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_packed_rows_have_the_loss_and_the_update_of_rows_alone(
    tiny_model: Path, traces: Path, tmp_path: Path, attention: str
) -> None:
    """One step over all rows: the mean over their tokens, however they are put together."""
    import torch

    options = {"max_steps": 1, "learning_rate": 1e-3, "model_init_kwargs": {"attn_implementation": attention}}
    batches = {"per_device_train_batch_size": 3, "gradient_accumulation_steps": 4}
    alone = trained(tiny_model, traces, tmp_path, **batches, max_length=400, **options)
    packed = trained(
        tiny_model, traces, tmp_path, per_device_train_batch_size=12, max_length=400, packing=True, **options
    )
    assert len(packed.train_dataset) < len(alone.train_dataset) / 2
    losses = [trainer.state.log_history[0]["loss"] for trainer in (alone, packed)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)
    assert packed.state.log_history[0]["grad_norm"] == pytest.approx(alone.state.log_history[0]["grad_norm"], rel=1e-3)
    assert torch.isfinite(torch.tensor(losses)).all()


def test_a_vision_side_that_moves_ends_the_run(tiny_model: Path, tmp_path: Path) -> None:
    """As if an option had thawed the tower again, on rows with images."""
    from trl import SFTConfig

    from training.sft import sft_trainer

    folder = write_shard(tmp_path / NAME, [row(i, "red") for i in range(4)])
    config = SFTConfig(
        output_dir=str(tmp_path), max_steps=3, lr_scheduler_type="constant_with_warmup", warmup_steps=1, **CPU
    )
    trainer = sft_trainer(str(tiny_model), config, read_shards(folder, "cold_start"), language_only=True)
    trainer.model.requires_grad_(True)
    with pytest.raises(ValueError, match=r"step 2 changed \d+ weights of the vision side, the first is model.visual."):
        trainer.train()


def test_an_update_that_changes_nothing_ends_the_run(tiny_model: Path, traces: Path, tmp_path: Path) -> None:
    """bfloat16 weights and a learning rate that they round away."""
    options = {"max_steps": 2, "learning_rate": 1e-42, "model_init_kwargs": {"dtype": "bfloat16"}}
    with pytest.raises(ValueError, match="step 1 changed no weight of the language module"):
        trained(tiny_model, traces, tmp_path, **options)


def test_a_warm_ups_first_step_says_nothing(tiny_model: Path, traces: Path, tmp_path: Path) -> None:
    trainer = trained(
        tiny_model, traces, tmp_path, max_steps=2, lr_scheduler_type="constant_with_warmup", warmup_steps=1
    )
    assert trainer.state.global_step == 2


def command(tiny_model: Path, folder: Path, out: Path, *options: str) -> int:
    given = {"max_steps": 1, "preflight": False, "save_strategy": "no"}
    return main(command_line("sft", folder, tiny_model, out, *options, **given))


def test_the_command_evaluates_drops_and_saves(
    tiny_model: Path, traces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data"
    write_shard(folder / NAME, [row(i) for i in range(6)])
    write_shard(folder / "test-00000-of-00001.parquet", [row(9)])
    long = row(7)
    long["completion"][0]["content"] *= 30
    write_shard(folder / NAME, [*(row(i) for i in range(6)), long])
    options = [
        "--packing",
        "true",
        "--max_length",
        "300",
        "--eval_split",
        "test",
        "--eval_strategy",
        "steps",
        "--eval_steps",
        "1",
    ]
    assert command(tiny_model, folder, tmp_path / "out", *options) == 0
    out = capsys.readouterr().out
    assert "sft: 1 of 7 rows are longer than 300 tokens" in out
    assert "packed sequences" in out
    assert json.loads((tmp_path / "out" / "dropped.jsonl").read_text())["id"] == f"{7:032x}"
    assert "eval_loss" in (tmp_path / "out" / "metrics.jsonl").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--max_length", "10"], "12 of 12 rows are longer than 10 tokens"),
        (
            ["--per_device_train_batch_size", "20", "--dataloader_drop_last", "true"],
            "12 rows make no batch (a batch has 20",
        ),
        (["--overlong", "error", "--max_length", "40"], "the first is row"),
        (["--max_pixels", "100"], "--max_pixels 100: the model's images have 3136 pixels or more"),
    ],
)
def test_a_run_that_would_train_on_nothing_or_something_else_is_one_line(
    tiny_model: Path, traces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert command(tiny_model, traces, tmp_path / "out", *options) == 1
    err = capsys.readouterr().err
    assert said in err.strip().splitlines()[-1]
    assert "Traceback" not in err
    assert not (tmp_path / "out" / "model.safetensors").exists()


def test_a_pixel_cap_reaches_images_model_and_saved_processor(tiny_model: Path, tmp_path: Path) -> None:
    import io
    import shutil

    import PIL.Image
    from transformers import AutoProcessor
    from trl import SFTConfig

    from training.models.processors import capped
    from training.sft import sft_trainer

    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    processor = AutoProcessor.from_pretrained(model)
    processor.image_processor.size = {"shortest_edge": 56 * 56, "longest_edge": 1 << 20}
    processor.save_pretrained(model)
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (400, 300), "red").save(buffer, "PNG")
    big = {**row(0, "red"), "images": [{"bytes": buffer.getvalue(), "path": None}]}
    folder = write_shard(tmp_path / NAME, [big, row(1)])
    config = SFTConfig(output_dir=str(tmp_path), max_steps=1, **CPU)
    rows, processor = capped(read_shards(folder, "cold_start"), str(model), config, 4 * 56 * 56)
    trainer = sft_trainer(str(model), config, rows, language_only=True, processor=processor)
    batch = trainer.data_collator([trainer.train_dataset[0]])
    assert (
        int(batch["image_grid_thw"].prod()) * 14 * 14 == 2 * 56 * 56
    )  # 112 x 56, what the cap leaves of 400 x 300 in steps of 56
    trainer.save_model(str(tmp_path / "out"))
    assert AutoProcessor.from_pretrained(tmp_path / "out").image_processor.size["longest_edge"] == 4 * 56 * 56
