"""LoRA: what is trained by default, the way of an adapter into GRPO, and what is refused."""

import json
from pathlib import Path

import pytest
import torch

from tests.training.conftest import command_line
from training.cli import main
from training.models.vision import is_vision

pytestmark = pytest.mark.slow


def options(command: str, data: Path, model: Path, out: Path, *more: str) -> list[str]:
    return command_line(command, data, model, out, *more, max_steps=2, learning_rate=1e-2, save_strategy="no")


@pytest.fixture(scope="module")
def adapter(mixed_shards: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("adapter")
    assert (
        main(options("sft", mixed_shards, tiny_model, out, "--use_peft", "true", "--per_device_train_batch_size", "4"))
        == 0
    )
    return out


def test_the_default_layers_are_those_of_the_language_module(adapter: Path) -> None:
    from safetensors.torch import load_file

    names = list(load_file(adapter / "adapter_model.safetensors"))
    assert len({name.split(".lora_")[0] for name in names}) == 7  # of one layer
    assert not [name for name in names if is_vision(name)]


def test_an_adapter_goes_straight_into_grpo_and_is_the_merged_model(
    adapter: Path, mixed_shards: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    assert main(["merge", str(adapter), "--out", str(tmp_path / "merged")]) == 0
    base, merged = (AutoModelForImageTextToText.from_pretrained(path) for path in (tiny_model, tmp_path / "merged"))
    moved = [name for name, weight in merged.named_parameters() if not torch.equal(weight, base.get_parameter(name))]
    assert len(moved) == 7
    assert AutoProcessor.from_pretrained(tmp_path / "merged").image_processor.merge_size == 4
    small = (
        "--per_device_train_batch_size",
        "4",
        "--num_generations",
        "2",
        "--max_completion_length",
        "4",
        "--learning_rate",
        "0",
    )
    assert main(options("grpo", mixed_shards, adapter, tmp_path / "rl", *small)) == 0
    assert f"{adapter} is an adapter; the run begins with it merged into {tiny_model}" in capsys.readouterr().out
    trained = AutoModelForImageTextToText.from_pretrained(tmp_path / "rl")
    assert all(torch.equal(weight, merged.get_parameter(name)) for name, weight in trained.named_parameters())


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"base_model_name_or_path": "/nowhere"},
            "the base model of .*, /nowhere, is not there; ovr-train merge takes --base",
        ),
        ({}, "adapter_config.json is not an adapter's configuration"),
    ],
)
@pytest.mark.parametrize("command", ["merge", "grpo"])
def test_an_adapter_without_its_base_is_one_line(
    command: str,
    config: dict[str, str],
    message: str,
    adapter: Path,
    mixed_shards: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import re

    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps(config))
    (folder / "adapter_model.safetensors").write_bytes((adapter / "adapter_model.safetensors").read_bytes())
    merge = ["merge", str(folder), "--out", str(tmp_path / "out")]
    assert main(merge if command == "merge" else options("grpo", mixed_shards, folder, tmp_path / "out")) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(message, line)


def test_eval_takes_an_adapter_as_it_takes_the_merged_model(
    adapter: Path, mixed_shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    merged = tmp_path / "merged"
    assert main(["merge", str(adapter), "--out", str(merged)]) == 0
    capsys.readouterr()
    models = ("--model", str(adapter), "--model", str(merged))
    fast = ("--engine", "transformers", "--engine_option", "isolate=false", "--max_tokens", "4", "--samples", "1")
    sampled = ("--temperature", "1", "--top_p", "1", "--limit", "2", "--out", str(tmp_path / "eval.json"))
    assert main(["eval", *models, "--data", str(mixed_shards), *fast, *sampled]) == 0
    assert f"{adapter} is an adapter; it is sampled merged into" in capsys.readouterr().err
    first, second = json.loads((tmp_path / "eval.json").read_text())
    assert second.pop("less_first_model")["difference"] == 0
    assert first["model"] != second["model"]
    assert {name: second[name] for name in first} == {**first, "model": second["model"]}


def test_sums_of_a_small_dtype_are_rounded_once(adapter: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    dtypes = {dtype: tmp_path / dtype for dtype in ("float32", "bfloat16")}
    exact, rounded = (
        (main(["merge", str(adapter), "--out", str(out), "--dtype", dtype]), load_file(out / "model.safetensors"))[1]
        for dtype, out in dtypes.items()
    )
    assert all(rounded[name].equal(exact[name].bfloat16()) for name in exact)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--load_in_4bit",), "--load_in_4bit: weights of few bits do not train; add --use_peft true"),
        (("--load_in_8bit", "true", "--use_peft"), "--load_in_8bit needs bitsandbytes and a GPU"),
    ],
)
def test_few_bits_are_never_ignored(
    more: tuple[str, ...],
    message: str,
    mixed_shards: Path,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(options("grpo", mixed_shards, tiny_model, tmp_path, *more)) == 1
    assert capsys.readouterr().err.startswith(f"ovr-train grpo: {message}")


def test_weights_that_would_round_are_reported(
    mixed_shards: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sft = options("sft", mixed_shards, tiny_model, tmp_path, "--max_steps", "1", "--per_device_train_batch_size", "4")
    assert main([*sft, "--dtype", "bfloat16"]) == 0
    assert (
        "sft: 100% of the trained weights are bfloat16: at a learning rate of 0.01 most updates round"
        in capsys.readouterr().out
    )
    assert main(sft) == 0
    assert "trained weights are" not in capsys.readouterr().out


@pytest.mark.parametrize(("first", "second"), [(("--use_peft", "true"), ()), ((), ("--use_peft", "true"))])
def test_an_adapter_and_a_model_are_never_written_into_one_folder(
    first: tuple[str, ...],
    second: tuple[str, ...],
    mixed_shards: Path,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sft = options("sft", mixed_shards, tiny_model, tmp_path, "--per_device_train_batch_size", "4", "--max_steps", "1")
    assert main([*sft, *first]) == 0
    assert main([*sft, *second]) == 1
    assert "of an earlier run" in capsys.readouterr().err
    assert main([*sft, *first]) == 0
