"""A policy that wants nothing but tokens that stand for images: none of them is sampled, by transformers or by a colocated vLLM, and both
sides' log-probabilities are of the same distribution, through weights that change and images that come back.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

REWARDS = """
import json, os
def by_length(completions, completion_ids, **columns):
    with open(os.environ["OVR_SEEN"], "a") as file:
        file.write(json.dumps(completion_ids) + "\\n")
    return [float(sum(ids) % 7) for ids in completion_ids]
"""
N_STEPS = 5


@pytest.fixture(scope="module")
def drawn_to_images(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model whose largest logit is always that of `<|image_pad|>` or, where the hidden state points the other way, of
    `<|vision_start|>`.
    """
    import torch
    from transformers import AutoModelForImageTextToText

    folder = tmp_path_factory.mktemp("models") / "drawn_to_images"
    shutil.copytree(tiny_model, folder)
    model = AutoModelForImageTextToText.from_pretrained(tiny_model)
    with torch.no_grad():
        rows = model.get_output_embeddings().weight
        rows[model.config.image_token_id] = 20.0
        rows[model.config.vision_start_token_id] = -20.0
    model.save_pretrained(folder)
    return folder


def run(model: Path, shards: Path, out: Path, *more: str) -> tuple[list[dict[str, Any]], list[int]]:
    """The logged steps of `ovr-train grpo`, and every token that it sampled."""
    out.mkdir()
    (out / "planted_rewards.py").write_text(REWARDS)
    options = {
        "data": shards, "model_name_or_path": model, "output_dir": out, "rewards": "planted_rewards.by_length",
        "per_device_train_batch_size": 8, "num_generations": 2, "max_completion_length": 6, "max_steps": N_STEPS,
        "learning_rate": 1e-3, "logging_steps": 1, "save_strategy": "no", "report_to": "none", "use_cpu": "true", "bf16": "false",
        "gradient_checkpointing": "false",
    }  # fmt: skip
    given = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(out))),
        "OVR_SEEN": str(out / "seen.jsonl"),
    }
    finished = subprocess.run(
        [sys.executable, "-m", "training.cli", "--debug", "grpo", *given, *more],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr[-4000:]
    logged = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    seen = [json.loads(line) for line in (out / "seen.jsonl").read_text().splitlines()]
    return [step for step in logged if "loss" in step], [token for batch in seen for ids in batch for token in ids]


def placeholders(model: Path) -> set[int]:
    config = json.loads((model / "config.json").read_text())
    return {
        config[name]
        for name in config
        if name.endswith("_token_id") and any(kind in name for kind in ("vision", "image", "video"))
    }


def test_transformers_gives_no_placeholder(drawn_to_images: Path, mixed_shards: Path, tmp_path: Path) -> None:
    steps, tokens = run(drawn_to_images, mixed_shards, tmp_path / "run")
    assert len(tokens) >= N_STEPS * 8
    assert len(placeholders(drawn_to_images)) == 4
    assert placeholders(drawn_to_images).isdisjoint(tokens)
    assert (
        min(step["entropy"] for step in steps) > 1
    )  # of the tokens that may come; with the placeholders it would be 0


def test_a_colocated_vllm_is_the_policy_that_learns(drawn_to_images: Path, mixed_shards: Path, tmp_path: Path) -> None:
    """Eight rows and four a step: from the third step on its images come back, with a vision tower that has changed."""
    more = ("--use_vllm", "true", "--vllm_mode", "colocate", "--vllm_max_model_length", "128")
    steps, tokens = run(drawn_to_images, mixed_shards, tmp_path / "run", *more)
    assert len(steps) == N_STEPS
    assert placeholders(drawn_to_images).isdisjoint(tokens)
    for step in steps:
        assert step["sampling/sampling_logp_difference/mean"] < 1e-4, step["step"]
        assert step["sampling/effective_share"] > 0.999


def test_a_model_of_text_alone_takes_no_image_rows(mixed_shards: Path, tiny_model: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM
    from trl import GRPOConfig

    from training.data.shards import read_shards
    from training.grpo import grpo_trainer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.init_kwargs.pop("processor_class", None)
    tokenizer._processor_class = None
    sizes = {
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "num_key_value_heads": 1,
    }
    Qwen2ForCausalLM(Qwen2Config(vocab_size=len(tokenizer), **sizes)).save_pretrained(tmp_path / "text")
    tokenizer.save_pretrained(tmp_path / "text")
    config = GRPOConfig(
        output_dir=str(tmp_path / "out"), per_device_train_batch_size=2, num_generations=2, use_cpu=True, bf16=False
    )
    with pytest.raises(ValueError, match=r"the rows have images, up to 1, and .*text .qwen2. takes text alone"):
        grpo_trainer(str(tmp_path / "text"), config, read_shards(mixed_shards, "rl"))
