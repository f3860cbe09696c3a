"""The command and the start of a run: no false alarm on what is whole, an end before the first step where it is not."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.training.conftest import row
from tests.training.preflight.conftest import rows, subject, text_rows, write
from training.cli import main
from training.preflight.command import fly
from training.preflight.flight import Flight
from training.preflight.rows import SAMPLE, read_sample, sample

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
CPU = ["--use_cpu", "true", "--bf16", "false", "--gradient_checkpointing", "false"]
SMALL = {
    "quickstart_sft": ["sft"],
    "quickstart_grpo": ["grpo", "--per_device_train_batch_size", "16"],
    "ovr/sft": ["sft", *CPU, "--attn_implementation", "sdpa", "--max_length", "4096"],
    "ovr/grpo": ["grpo", *CPU, "--use_vllm", "false", "--length_schedule", "0:24,3:48"],
}
"""The shipped recipes on a small model and a CPU: its arithmetic, its attention, its context."""


@pytest.mark.parametrize("recipe", SMALL)
def test_no_false_alarm_on_the_shipped_recipes(
    recipe: str, shards: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *options = SMALL[recipe]
    given = [
        "--config",
        str(ROOT / f"manifests/{recipe}.yaml"),
        "--data",
        str(shards),
        "--output_dir",
        str(tmp_path / "out"),
    ]
    code = main(["preflight", command, *given, "--model_name_or_path", str(tiny_model), *options])
    out, error = capsys.readouterr()
    assert "preflight:" not in error
    assert code == 0
    shown = [line.split()[1] for line in out.splitlines() if line.startswith("preflight: ")]
    assert shown[:2] == ["rows", "prompt"]
    assert {"images", "memory", "time"} <= set(shown)
    assert ("packing" in shown) == (recipe == "ovr/sft")
    assert not (tmp_path / "out").exists()


def test_rows_that_are_unusual_and_right(tmp_path: Path, tiny_model: Path) -> None:
    held = rows()
    held[0]["images"] = None
    held[1]["prompt"] = [{"role": "system", "content": "Count."}, {"role": "user", "content": "Is <image> red?\n"}]
    held[2]["prompt"] = [{"role": "user", "content": "¿Cuánto es 2 + 1?  数\u0301  \U0001f600"}]
    held[3]["images"] = held[3]["images"] * 2
    held[4] |= {"answer_kind": "choice", "answer": "B", "answer_options": '{"choices": ["4", "5"]}'}
    held[5]["prompt"] = [*row(5)["prompt"], {"role": "assistant", "content": "6"}, {"role": "user", "content": "Sure?"}]
    held[6]["answer_kind"] = held[6]["answer_options"] = None
    for number, one in enumerate(held):
        one["weight"] = float(number)
    flight = fly(subject("grpo", write(tmp_path, "rl", held), tiny_model))
    assert not flight.problems


@pytest.mark.parametrize(("command", "config"), [("sft", "cold_start"), ("grpo", "rl")])
def test_a_problem_ends_a_run_before_its_first_step(
    command: str, config: str, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = text_rows() if command == "sft" else rows()
    held[2]["id"] = held[5]["id"]
    write(tmp_path, config, held)
    lengths = (
        ["--max_length", "512"] if command == "sft" else ["--num_generations", "4", "--max_completion_length", "4"]
    )
    run = [
        command,
        "--data",
        str(tmp_path),
        "--model_name_or_path",
        str(tiny_model),
        "--output_dir",
        str(tmp_path / "out"),
    ]
    run += [*CPU, "--max_steps", "1", "--per_device_train_batch_size", "4", "--report_to", "none", *lengths]
    assert main(run) == 1
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith(("preflight", "ovr-train"))]
    assert error == [
        f"preflight: ids: row {5:032x}: the id is not the row's alone: 2 rows have it",
        f"ovr-train {command}: preflight found 1 problem; nothing was trained (--preflight false leaves the checks out)",
    ]
    assert not (tmp_path / "out").exists()
    assert main([*run, "--preflight", "false"]) == 0
    assert (tmp_path / "out" / "model.safetensors").is_file()


def test_a_run_is_the_same_with_its_checks_and_without(shards: Path, tiny_model: Path, tmp_path: Path) -> None:
    weights = []
    for checks in ("true", "false"):
        out = tmp_path / checks
        run = ["sft", "--data", str(shards), "--model_name_or_path", str(tiny_model), "--output_dir", str(out), *CPU]
        run += ["--max_steps", "2", "--per_device_train_batch_size", "4", "--report_to", "none", "--packing", "true"]
        assert main([*run, "--max_length", "128", "--learning_rate", "1e-3", "--preflight", checks]) == 0
        weights.append((out / "model.safetensors").read_bytes())
    assert weights[0] == weights[1] != (tiny_model / "model.safetensors").read_bytes()


def test_of_many_rows_a_sample_is_read_and_of_cheap_columns_all(tmp_path: Path, tiny_model: Path) -> None:
    n = SAMPLE + 100
    numbers = sample(n)
    outside = min(set(range(n)) - set(numbers))
    held = [row(number) for number in range(n)]
    held[outside] |= {"answer_kind": "gms8k", "images": [{"bytes": b"broken", "path": None}]}
    write(tmp_path, "rl", held)
    path = tmp_path / "data" / "rl" / "train-00000-of-00001.parquet"
    pq.write_table(pq.read_table(path), path, row_group_size=100)
    read = [one.where for one in read_sample([path], numbers)]
    assert read == [f"row {number:032x}" for number in numbers]
    assert [problem.check for problem in Flight(subject("grpo", tmp_path, tiny_model)).check_data()] == ["kinds"]
    everything = Flight(subject("grpo", tmp_path, tiny_model), all_images=True)
    assert [problem.check for problem in everything.check_data()] == ["kinds", "images"]
    assert everything.subject.figures["images"] == "1 decoded (all)"


def test_fewer_rows_than_a_batch_are_found(shards: Path, tiny_model: Path) -> None:
    run = subject("grpo", shards, tiny_model, per_device_train_batch_size=72, num_generations=8)
    assert [str(problem) for problem in Flight(run).check_data()] == [
        f"preflight: batch: {shards}: 8 rows, a batch has 9 prompts (72 responses, 8 a prompt); lower per_device_train_batch_size or "
        "gradient_accumulation_steps"
    ]


def test_few_faults_among_many_rows_are_warnings(tmp_path: Path, tiny_model: Path) -> None:
    held = [row(number) for number in range(200)]
    held[7]["answer"] = "see the figure"
    flight = Flight(subject("grpo", write(tmp_path, "rl", held), tiny_model, max_prompt_length=40))
    held[8]["prompt"] = [{"role": "user", "content": "What is 1 + 1? " * 20}]
    write(tmp_path, "rl", held)
    lines = [str(problem) for problem in flight.check_data()]
    assert [line.partition(": row")[0] for line in lines] == [
        "preflight: warning: golds",
        "preflight: warning: lengths",
    ]
    assert not flight.failed


def zero(completions: Any, **columns: Any) -> list[float]:
    return [0.0] * len(completions)


def one_number(**columns: Any) -> float:
    return 1.0


def raises(completions: Any, no_such_column: Any, **columns: Any) -> list[float]:
    return []


REWARDS = [
    ("zero", None),
    ("one_number", "returned 1.0, expected a list of 8 numbers or None for 8 responses"),
    (
        "raises",
        "a call as TRL makes it ended in TypeError: raises() missing 1 required positional argument: 'no_such_column'",
    ),
    ("not_there", "--rewards: --rewards: no function"),
]


@pytest.mark.parametrize(("name", "message"), REWARDS)
def test_reward_functions_of_ones_own_are_called(
    name: str, message: str | None, shards: Path, tiny_model: Path
) -> None:
    run = subject("grpo", shards, tiny_model, rewards=["accuracy", f"tests.training.preflight.test_runs.{name}:0.5"])
    lines = [str(problem) for problem in Flight(run).check_data()]
    assert len(lines) == (message is not None)
    assert all(line.startswith("preflight: rewards: ") and (message or "") in line for line in lines)


def test_a_model_of_text_alone_says_which_row_has_an_image(shards: Path, tiny_model: Path, tmp_path: Path) -> None:
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    template = (tiny_model / "chat_template.jinja").read_text()
    marks = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "chat_template": template}
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(tiny_model / "tokenizer.json"), **marks)
    size = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    tokens = {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id, "num_key_value_heads": 2}
    Qwen2ForCausalLM(Qwen2Config(**size, **tokens)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    flight = fly(subject("grpo", shards, tmp_path))
    assert [str(problem).partition(" (")[0] for problem in flight.problems] == [
        f"preflight: image tokens: row {1:032x}: the model takes no images: 1 in the row; train a vision model, or leave such rows out"
    ]
    packed = fly(subject("sft", shards, tmp_path, packing=True))
    assert not packed.problems
    assert "packing" in packed.subject.figures


def test_the_command_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preflight", "--help"]) == 0
    assert "ovr-train preflight sft|grpo --config FILE" in capsys.readouterr().out
    assert main(["preflight", "eval"]) == 2
    assert capsys.readouterr().err.startswith("usage: ovr-train preflight sft|grpo")


def test_the_command_prints_problems_and_ends_with_1(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = rows()
    held[1]["images"] = [{"bytes": b"broken", "path": None}]
    write(tmp_path, "rl", held)
    model = shutil.copytree(tiny_model, tmp_path / "model")
    (model / "processor_config.json").unlink()
    options = ["--data", str(tmp_path), "--model_name_or_path", str(model), *CPU]
    assert main(["preflight", "grpo", *options]) == 1
    out, error = capsys.readouterr()
    lines = [line for line in error.splitlines() if line.startswith("preflight")]
    assert [line.split(": ")[1] for line in lines] == ["images", "processor"]
    assert "preflight" not in out
