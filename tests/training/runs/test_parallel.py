"""Sequences over several GPUs: the shipped configuration is parsed as it says, and clashes are one line."""

from pathlib import Path
from typing import Any

import pytest

from training.arguments import parse
from training.runs.parallel import set_parallelism

pytestmark = pytest.mark.slow  # trl is imported
MANIFESTS = Path(__file__).resolve().parents[3] / "manifests" / "ovr"


def parsed(file: Path, out: Path, *options: str) -> Any:
    from trl import SFTConfig

    given = ["--config", str(file), "--data", "d", "--output_dir", str(out), "--bf16", "false", "--use_cpu", "true"]
    return parse("sft", SFTConfig, [*given, *options])[1]


def test_the_shipped_configuration_splits_whole_sequences(tmp_path: Path) -> None:
    config = parsed(MANIFESTS / "sft_sequence_parallel.yaml", tmp_path)
    pc = config.parallelism_config
    assert (pc.sp_size, pc.sp_backend, pc.cp_size) == (4, "deepspeed", 1)
    assert pc.sp_enabled
    assert (config.max_length, config.packing, config.pad_to_multiple_of) == (65536, False, 4)
    assert 64 // pc.sp_size * config.per_device_train_batch_size * config.gradient_accumulation_steps == 640


def test_accelerate_reads_the_launchers_file() -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    launched = load_config_from_file(str(MANIFESTS / "zero3.yaml"))
    assert (launched.distributed_type.value, launched.num_processes) == ("DEEPSPEED", 64)
    assert launched.deepspeed_config["zero_stage"] == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "packing: true\nparallelism_config: {sp_size: 4}\npad_to_multiple_of: 4\n",
            "sequence parallelism .sp_size 4. loses the boundaries",
        ),
        (
            "packing: true\nparallelism_config: {cp_size: 2}\n",
            "context parallelism .cp_size 2. loses the boundaries of packed",
        ),
        ("parallelism_config: {sp_size: 4}\n", "sp_size 4 needs --pad_to_multiple_of 4"),
        ("parallelism_config: {sp: 4}\n", "expected sizes such as sp_size"),
        ("parallelism_config: {sp_size: 2, cp_size: 2}\n", "mutually exclusive"),
    ],
)
def test_a_clash_is_one_line(tmp_path: Path, given: str, said: str) -> None:
    (tmp_path / "run.yaml").write_text("model_name_or_path: m\n" + given)
    with pytest.raises(ValueError, match=said):
        parsed(tmp_path / "run.yaml", tmp_path)


def test_sizes_of_the_launcher_count_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trl import SFTConfig

    monkeypatch.setenv("PARALLELISM_CONFIG_CP_SIZE", "2")
    config = SFTConfig(output_dir=str(tmp_path), packing=True, use_cpu=True, bf16=False)
    with pytest.raises(ValueError, match="context parallelism"):
        set_parallelism(config)
