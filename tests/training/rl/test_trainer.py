"""GRPO as it runs here: schedule, refilled groups, prompt limit, figures, kept completions, difficulty as seen; through a resume."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.training.conftest import command_line, row, write_shard
from training.cli import main
from training.data.shards import read_shards

pytestmark = pytest.mark.slow

SMALL = {
    "per_device_train_batch_size": 8,
    "num_generations": 2,
    "max_completion_length": 6,
    "logging_steps": 1,
    "learning_rate": 1e-3,
}


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [row(i, "red" if i % 2 else None) for i in range(24)]
    rows[5]["prompt"][0]["content"] += " Count them again." * 20
    return write_shard(tmp_path_factory.mktemp("rl") / "train-00000-of-00001.parquet", rows)


def grpo(shards: Path, model: Path, out: Path, **more: Any) -> list[str]:
    return command_line("grpo", shards, model, out, **{"max_steps": 2, "save_strategy": "no", **SMALL, **more})


def metrics(out: Path, name: str) -> list[Any]:
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [line[name] for line in lines if name in line]


@pytest.fixture
def rewards_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Rewards that differ within a group for every third row alone."""
    (tmp_path / "planted_rewards.py").write_text(
        "def by_row(completions, id, **columns):\n"
        "    return [float(at % 2) if int(one, 16) % 3 == 0 else 0.0 for at, one in enumerate(id)]\n"
        "def nothing(completions, **columns):\n"
        "    return [None] * len(completions)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return "planted_rewards"


def test_lengths_follow_the_schedule_through_a_resume(shards: Path, tiny_model: Path, tmp_path: Path) -> None:
    more = {"length_schedule": "0:3,2:7", "save_strategy": "steps", "save_steps": 1, "log_completions": "true"}
    assert main(grpo(shards, tiny_model, tmp_path / "whole", max_steps=4, **more)) == 0
    assert metrics(tmp_path / "whole", "max_completion_length") == [3, 3, 7, 7]
    assert metrics(tmp_path / "whole", "completions/max_length") == [3, 3, 7, 7]  # an untrained model does not end
    assert main(grpo(shards, tiny_model, tmp_path / "cut", max_steps=2, **more)) == 0
    assert main(grpo(shards, tiny_model, tmp_path / "cut", max_steps=4, resume_from_checkpoint="latest", **more)) == 0
    assert metrics(tmp_path / "cut", "completions/max_length") == [3, 3, 7, 7]
    seen = [pq.read_table(tmp_path / name / "difficulty_seen.parquet") for name in ("whole", "cut")]
    assert seen[0] == seen[1]
    assert sum(seen[0]["n"].to_pylist()) == 4 * 8
    kept = pq.read_table(tmp_path / "whole" / "completions" / "completions_00002.parquet").to_pylist()
    assert {one["row_id"] for one in kept} <= {f"{i:032x}" for i in range(24)}
    assert {one["outcome"] for one in kept} <= {"wrong", "no_answer", "correct"}


def test_groups_without_difference_are_refilled(
    shards: Path, tiny_model: Path, tmp_path: Path, rewards_module: str
) -> None:
    def run(out: Path, factor: float, **more: Any) -> None:
        options = {
            "rewards": [f"{rewards_module}.by_row"],
            "dynamic_sampling": factor,
            "save_strategy": "steps",
            "save_steps": 1,
        }
        assert main(grpo(shards, tiny_model, out, log_completions="true", **options, **more)) == 0

    run(tmp_path / "off", 1)
    run(tmp_path / "on", 20, max_steps=3)
    assert sum(metrics(tmp_path / "off", "effective_groups")) < 2
    assert metrics(tmp_path / "on", "effective_groups") == [1, 1, 1]
    assert all(0 < share < 1 for share in metrics(tmp_path / "on", "effective_groups/sampled"))
    assert all(refilled >= 1 for refilled in metrics(tmp_path / "on", "refilled"))
    kept = pq.read_table(tmp_path / "on" / "completions" / "completions_00001.parquet").to_pylist()
    assert len(kept) == 8
    assert [one["by_row"] for one in kept] == [0.0, 1.0] * 4
    run(tmp_path / "cut", 20, max_steps=1)
    run(tmp_path / "cut", 20, max_steps=3, resume_from_checkpoint="latest")
    assert metrics(tmp_path / "cut", "loss") == metrics(tmp_path / "on", "loss")
    run(tmp_path / "bounded", 1.25, max_steps=1)
    assert metrics(tmp_path / "bounded", "refilled") == [1]


def test_what_is_refilled_is_seen_too(tiny_model: Path, tmp_path: Path) -> None:
    """Rows of text alone; an untrained model is never right, so that the whole factor is sampled."""
    shards = write_shard(tmp_path / "rl" / "train-00000-of-00001.parquet", [row(i) for i in range(24)])
    assert main(grpo(shards, tiny_model, tmp_path / "out", dynamic_sampling=2)) == 0
    seen = pq.read_table(tmp_path / "out" / "difficulty_seen.parquet").to_pydict()
    assert metrics(tmp_path / "out", "refilled") == [4, 4]
    assert sum(seen["n"]) == 2 * 2 * 8
    assert set(seen["pass_rate"]) == {0}


def test_a_batch_that_nothing_judges_is_said_and_teaches_nothing(
    shards: Path, tiny_model: Path, tmp_path: Path, rewards_module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch
    from safetensors.torch import load_file

    assert main(grpo(shards, tiny_model, tmp_path, rewards=[f"{rewards_module}.nothing"], max_steps=1)) == 0
    assert "grpo: step 1: no response could be judged, nothing is learnt from it" in capsys.readouterr().out
    assert metrics(tmp_path, "unjudged") == [1]
    before, after = (load_file(folder / "model.safetensors") for folder in (tiny_model, tmp_path))
    assert all(torch.equal(after[name], weight) for name, weight in before.items())


def test_rows_with_long_prompts_are_left_out_and_counted(
    shards: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from transformers import AutoProcessor

    from training.rl.prompts import prompt_lengths

    processor = AutoProcessor.from_pretrained(tiny_model)
    table = read_shards(shards, "rl")
    lengths = list(prompt_lengths(table, processor))
    images = table.rows([4, 5])["images"]
    content = [
        {"type": "image", "image": images[1][0]},
        {"type": "text", "text": table.rows([5])["prompt"][0][0]["content"]},
    ]
    for number, parts in ((4, table.rows([4])["prompt"][0][0]["content"]), (5, content)):
        said = [[{"role": "user", "content": parts}]]
        if number == 4:
            said = [[{"role": "user", "content": [{"type": "text", "text": parts}]}]]
        real = processor.apply_chat_template(said, tokenize=True, add_generation_prompt=True, return_dict=True)
        assert lengths[number] == len(real["input_ids"][0])
    options = grpo(shards, tiny_model, tmp_path, max_prompt_length=max(lengths) - 1, max_steps=1)
    assert main(options) == 0
    shown = capsys.readouterr().out
    assert f"1 of 24 rows have a prompt over --max_prompt_length {max(lengths) - 1} and are left out" in shown
    assert f"the longest has {max(lengths)} tokens ({5:032x})" in shown


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"per_device_train_batch_size": 64},
            "24 rows are fewer than the 32 prompts of a batch (64 responses, 2 a prompt)",
        ),
        ({"max_prompt_length": 2}, "24 of 24 rows have a prompt over --max_prompt_length 2"),
        ({"dynamic_sampling": 0.5}, "--dynamic_sampling 0.5: expected 1 (off) or more"),
        ({"dynamic_sampling": "nan"}, "--dynamic_sampling nan: expected 1 (off) or more"),
        ({"rewards": ["accuracy:nan"]}, "--rewards accuracy:nan: expected NAME or NAME:WEIGHT, got the weight 'nan'"),
        ({"max_steps": 0}, "--max_steps 0, --num_train_epochs 3: no step would be taken"),
        ({"rewards": ["luck"]}, "--rewards: unknown reward 'luck'"),
        ({"order": "easy_first"}, "--order easy_first: row 00000000000000000000000000000000 has pass rate None"),
        (
            {"length_schedule": "0:3,2:7", "use_vllm": "true", "vllm_max_model_length": 6},
            "--vllm_max_model_length 6 is too short",
        ),
    ],
)
def test_what_cannot_be_trained_is_one_line(
    more: dict[str, Any],
    message: str,
    shards: Path,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(grpo(shards, tiny_model, tmp_path, preflight="false", **more)) == 1
    assert f"ovr-train grpo: {message}" in capsys.readouterr().err
    assert not (tmp_path / "model.safetensors").exists()


def test_an_evaluation_split_is_evaluated(shards: Path, tiny_model: Path, tmp_path: Path) -> None:
    (shards / "dev-00000-of-00001.parquet").write_bytes((shards / "train-00000-of-00001.parquet").read_bytes())
    more = {
        "eval_split": "dev",
        "eval_strategy": "steps",
        "eval_steps": 1,
        "max_steps": 1,
        "per_device_eval_batch_size": 24,
    }
    assert main(grpo(shards, tiny_model, tmp_path, **more)) == 0
    assert len(metrics(tmp_path, "eval_reward")) == 1
    assert len(metrics(tmp_path, "eval_domain/puzzle/reward")) == 1
