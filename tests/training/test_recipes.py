"""The shipped configurations are understood by TRL's own parser and hold the paper's figures (4.1)."""

from pathlib import Path
from typing import Any

import pytest

from training.arguments import parse

pytestmark = pytest.mark.slow  # trl takes its time to import
MANIFESTS = Path(__file__).resolve().parents[2] / "manifests"
ON_CPU = ["--bf16", "false", "--use_cpu", "true"]

SFT = {"num_train_epochs": 5, "max_length": 65536, "learning_rate": 2e-4}
GRPO = {
    "num_generations": 16,
    "temperature": 1.0,
    "top_p": 1.0,
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


def parsed(command: str, file: str, out: Path) -> tuple[Any, Any, Any]:
    from trl import GRPOConfig, SFTConfig

    given = {"config": MANIFESTS / file, "data": "d", "model_name_or_path": "m", "output_dir": out}
    options = [text for name, value in given.items() for text in (f"--{name}", str(value))]
    return parse(command, SFTConfig if command == "sft" else GRPOConfig, options + ON_CPU)


@pytest.mark.parametrize(
    ("file", "command", "figures"),
    [
        ("ovr/sft.yaml", "sft", SFT),
        ("ovr/grpo.yaml", "grpo", GRPO),
        ("quickstart_sft.yaml", "sft", {}),
        ("quickstart_grpo.yaml", "grpo", {"scale_rewards": "batch", "beta": 0.0}),
    ],
)
def test_a_configuration_is_parsed(
    file: str, command: str, figures: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HF_HUB_OFFLINE", "OMP_NUM_THREADS"):  # the parser sets what stands under `env`
        monkeypatch.setenv(variable, "1")
    data, config, model = parsed(command, file, tmp_path)
    assert {name: getattr(config, name) for name in figures} == figures
    assert (data.data, model.model_name_or_path) == ("d", "m")
    assert data.freeze_vision is (True if command == "sft" else None)
    assert model.dtype == "float32"  # the master weights


def test_a_value_of_the_wrong_type_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    from trl import SFTConfig

    with pytest.raises(SystemExit, match="2"):
        parse("sft", SFTConfig, ["--learning_rate", "fast"])
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "ovr-train sft: argument --learning_rate/--learning-rate: invalid float value: 'fast'"


@pytest.mark.parametrize(("command", "batch"), [("sft", 640), ("grpo", 512 * 16)])
def test_the_batch_is_the_papers_on_64_gpus(command: str, batch: int, tmp_path: Path) -> None:
    _, config, _ = parsed(command, f"ovr/{command}.yaml", tmp_path)
    assert 64 * config.per_device_train_batch_size * config.gradient_accumulation_steps == batch
