"""The shipped configurations are understood by TRL's own parser and hold the paper's figures (4.1)."""

from pathlib import Path
from typing import Any

import pytest
from trl import GRPOConfig, SFTConfig

from training.arguments import parse

MANIFESTS = Path(__file__).resolve().parents[2] / "manifests"
ON_CPU = ["--bf16", "false", "--use_cpu", "true"]

SFT = {"num_train_epochs": 5, "max_length": 65536, "learning_rate": 2e-4}
GRPO = {
    "num_generations": 16,
    "temperature": 1.0,
    "top_p": 1.0,
    "max_completion_length": 24576,
    "learning_rate": 1e-6,
    "lr_scheduler_type": "constant_with_warmup",
    "warmup_steps": 50,
    "adam_beta1": 0.9,
    "adam_beta2": 0.95,
    "weight_decay": 0.0,
    "beta": 0.0,
    "entropy_coef": 0.0,
    "num_iterations": 1,
    "scale_rewards": "batch",
}


def options(file: str, out: Path) -> list[str]:
    given = {"config": MANIFESTS / file, "data": "d", "model_name_or_path": "m", "output_dir": out}
    return [text for name, value in given.items() for text in (f"--{name}", str(value))] + ON_CPU


@pytest.mark.parametrize(
    ("file", "command", "config_class", "figures"),
    [
        ("ovr/sft.yaml", "sft", SFTConfig, SFT),
        ("ovr/grpo.yaml", "grpo", GRPOConfig, GRPO),
        ("quickstart_sft.yaml", "sft", SFTConfig, {}),
        ("quickstart_grpo.yaml", "grpo", GRPOConfig, {"scale_rewards": "batch", "beta": 0.0}),
    ],
)
def test_a_configuration_is_parsed(
    file: str, command: str, config_class: type[Any], figures: dict[str, Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for variable in ("HF_HUB_OFFLINE", "OMP_NUM_THREADS"):  # the parser sets what stands under `env`
        monkeypatch.setenv(variable, "1")
    data, config, model = parse(command, config_class, options(file, tmp_path))
    assert {name: getattr(config, name) for name in figures} == figures
    assert (data.data, model.model_name_or_path) == ("d", "m")
    assert data.freeze_vision is (True if command == "sft" else None)


@pytest.mark.parametrize(("file", "batch"), [("ovr/sft.yaml", 640), ("ovr/grpo.yaml", 512 * 16)])
def test_the_batch_is_the_papers_on_64_gpus(file: str, batch: int, tmp_path: Path) -> None:
    command, config_class = ("sft", SFTConfig) if "sft" in file else ("grpo", GRPOConfig)
    _, config, _ = parse(command, config_class, options(file, tmp_path))
    assert 64 * config.per_device_train_batch_size * config.gradient_accumulation_steps == batch
