"""An evaluation split beside the training split, and the best weights at the end."""

import json
import shutil
from pathlib import Path

import pytest

from training.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture
def run(mixed_shards: Path, tiny_model: Path, tmp_path: Path) -> list[str]:
    data = tmp_path / "data"
    shutil.copytree(mixed_shards / "data" / "cold_start", data)
    shutil.copy(data / "train-00000-of-00001.parquet", data / "dev-00000-of-00001.parquet")
    given = {"data": data, "model_name_or_path": tiny_model, "output_dir": tmp_path / "out", "max_steps": 3, "save_steps": 1,
             "logging_steps": 1, "report_to": "none", "use_cpu": True, "bf16": False, "gradient_checkpointing": False,
             "per_device_train_batch_size": 4}  # fmt: skip
    return ["sft", *(text for name, value in given.items() for text in (f"--{name}", str(value)))]


def test_the_best_weights_at_the_end_are_those_of_the_best_checkpoint(run: list[str], tmp_path: Path) -> None:
    """transformers loads them by the wrong names, silently: what was saved then were the last ones."""
    from safetensors.torch import load_file

    out = tmp_path / "out"
    evaluated = ("--eval_split", "dev", "--eval_strategy", "steps", "--eval_steps", "1")
    worst = ("--learning_rate", "1e-3", "--load_best_model_at_end", "true", "--greater_is_better", "true")
    assert main([*run, *evaluated, *worst]) == 0
    losses = {
        line["step"]: line["eval_loss"]
        for line in map(json.loads, (out / "metrics.jsonl").read_text().splitlines())
        if "eval_loss" in line
    }
    assert list(losses) == [1, 2, 3]
    assert max(losses, key=losses.__getitem__) == 1
    saved, best, last = (
        load_file(folder / "model.safetensors") for folder in (out, out / "checkpoint-1", out / "checkpoint-3")
    )
    assert all(saved[name].equal(best[name]) for name in saved)
    assert not all(saved[name].equal(last[name]) for name in saved)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--eval_strategy", "steps"), "--eval_strategy steps needs --eval_split NAME, a split of "),
        (("--eval_split", "dev"), "--eval_split dev needs --eval_strategy steps or epoch"),
        (("--eval_split", "test", "--eval_strategy", "epoch"), "no split 'test' in "),
    ],
)
def test_an_evaluation_without_rows_or_rows_without_one_is_one_line(
    more: tuple[str, ...], message: str, run: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*run, *more]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ovr-train sft: {message}")
