"""Runs that were killed or stopped and went on: the same losses and the same weights as a run that was left alone."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.training.conftest import command_line, row, write_shard
from training.cli import main
from training.runs.metrics import MetricsFile
from training.runs.stopping import StopAtSignal

pytestmark = pytest.mark.slow

N_STEPS, N_KILLS = 10, int(os.environ.get("OVR_KILLS", "1"))
SMALL = {
    "sft": ["--per_device_train_batch_size", "4", "--learning_rate", "1e-3"],
    "grpo": [
        *("--per_device_train_batch_size", "4", "--gradient_accumulation_steps", "2", "--num_generations", "4"),
        *("--length_schedule", "0:6,5:8", "--learning_rate", "1e-2", "--scale_rewards", "batch"),
        *("--rewards", f"{__name__}.n_letters", "--dynamic_sampling", "2"),
    ],
}
Run = Callable[..., list[str]]


def n_letters(completions: list[Any], **columns: Any) -> list[float]:
    """A reward that differs between the responses of an untrained model, which boxes nothing."""
    return [float(len(completion[0]["content"])) for completion in completions]


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = tmp_path_factory.mktemp("build")
    rows = [row(i, "red" if i % 3 == 0 else None) for i in range(40)]
    for config in ("rl", "cold_start"):
        write_shard(build / "data" / config / "train-00000-of-00001.parquet", rows)
    return build


@pytest.fixture
def run(shards: Path, tiny_model: Path) -> Run:
    def options(command: str, out: Path, *more: str) -> list[str]:
        steps = {"max_steps": N_STEPS, "save_steps": 2, "logging_steps": 1}
        return command_line(command, shards, tiny_model, out, *SMALL[command], *more, **steps)

    return options


def stopped(options: list[str], number: signal.Signals, step: int) -> int:
    """Run in a process of its own until a step is logged, then send the signal; the process's exit code."""
    out = Path(options[options.index("--output_dir") + 1])
    child = multiprocessing.get_context("fork").Process(target=slowly, args=(options,))
    child.start()
    assert child.pid is not None
    while child.is_alive() and step not in logged(out):
        time.sleep(0.02)
    time.sleep(random.random() / 10)
    os.kill(child.pid, number)
    child.join()
    return child.exitcode or 0


def slowly(options: list[str]) -> None:
    """A run whose steps take a fifth of a second longer, so that a signal meets it."""
    log = MetricsFile.on_log

    def wait(self: MetricsFile, *args: Any, **kwargs: Any) -> None:
        log(self, *args, **kwargs)
        time.sleep(0.2)

    MetricsFile.on_log = wait  # type: ignore[method-assign]
    sys.exit(main(options))


def logged(out: Path) -> dict[int, dict[str, Any]]:
    """The figures of each step, without those of the clock."""
    path = out / "metrics.jsonl"
    lines = [line for line in path.read_text().splitlines() if line.endswith("}")] if path.is_file() else []
    steps = [json.loads(line) for line in lines if '"loss"' in line]
    return {
        one["step"]: {name: value for name, value in one.items() if "time" not in name and "per_second" not in name}
        for one in steps
    }


def weights(out: Path) -> bytes:
    return (out / "model.safetensors").read_bytes()


@pytest.mark.parametrize("command", ["sft", "grpo"])
def test_a_killed_and_a_stopped_run_go_on_exactly(
    command: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = tmp_path / "whole"
    assert main(run(command, whole)) == 0
    steps = logged(whole)
    assert sorted(steps) == list(range(1, N_STEPS + 1))
    assert all(step["grad_norm"] > 0 for step in steps.values())
    for kill in range(N_KILLS):
        out = tmp_path / f"killed_{kill}"
        assert stopped(run(command, out), signal.SIGKILL, random.randint(3, 5)) == -signal.SIGKILL
        assert not (out / "model.safetensors").exists()
        assert stopped(run(command, out, "--resume_from_checkpoint", "true"), signal.SIGTERM, 7) == 143
        capsys.readouterr()
        assert main(run(command, out, "--resume_from_checkpoint", "latest")) == 0
        assert "weights are its own" in capsys.readouterr().out
        assert logged(out) == logged(whole)
        assert weights(out) == weights(whole)


@pytest.mark.parametrize("ignored", [False, True])
def test_a_terminal_that_is_gone_stops_a_run_unless_nohup_ignores_it(ignored: bool) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        with (stop := StopAtSignal("sft")).listening():
            signal.raise_signal(signal.SIGHUP)
        assert stop.received == (None if ignored else signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_newest_whole_checkpoint_is_taken(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(run("sft", out, "--max_steps", "6")) == 0
    whole = weights(out)
    for name in ("trainer_state.json", "model.safetensors"):
        path = out / ("checkpoint-6" if name.startswith("trainer") else "checkpoint-4") / name
        path.write_bytes(path.read_bytes()[:-100])
    capsys.readouterr()
    assert main(run("sft", out, "--max_steps", "6", "--resume_from_checkpoint", "latest")) == 0
    shown = capsys.readouterr().out
    assert f"passed over {out}/checkpoint-6, which is not whole: trainer_state.json is not a trainer's state" in shown
    assert f"passed over {out}/checkpoint-4, which is not whole: model.safetensors has" in shown
    assert f"going on from {out}/checkpoint-2, step 2" in shown
    assert weights(out) == whole


def test_a_checkpoint_of_another_run_is_refused_in_one_line(
    run: Run, shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(run("sft", out, "--max_steps", "2")) == 0
    checkpoint = out / "checkpoint-2"
    more = ("--max_steps", "4", "--resume_from_checkpoint", str(checkpoint))

    def message(*options: str) -> str:
        capsys.readouterr()
        assert main(run("sft", out, *more, *options)) == 1
        (line,) = [one for one in capsys.readouterr().err.splitlines() if one.startswith("ovr-train")]
        return line

    assert "was made with seed 42, now it is 7" in message("--seed", "7")
    assert "was made with per_device_train_batch_size 4, now it is 2" in message("--per_device_train_batch_size", "2")
    write_shard(tmp_path / "other" / "train-00000-of-00001.parquet", [row(i) for i in range(40, 80)])
    assert "was made with other rows" in message("--data", str(tmp_path / "other"))
    assert "no folder nowhere; expected true, latest or a checkpoint's folder" in message(
        "--resume_from_checkpoint", "nowhere"
    )
    (checkpoint / "optimizer.pt").unlink()
    assert "checkpoint-2 is not a whole checkpoint: no optimizer.pt" in message()


def test_weights_that_are_not_the_files_end_the_run(run: Run, tiny_model: Path, tmp_path: Path) -> None:
    """What transformers loads by itself: nothing, silently, since names differ."""
    import torch
    from transformers import AutoModelForImageTextToText

    from training.runs.weights import check_weights, load_weights

    model = AutoModelForImageTextToText.from_pretrained(tiny_model)
    n_weights = check_weights(model, tiny_model)
    assert n_weights > 20
    with torch.no_grad():
        next(p for name, p in model.named_parameters() if "q_proj.bias" in name)[0] += 1e-3
    with pytest.raises(ValueError, match=r"after loading, weight 'model.*q_proj.bias' is not what its file holds"):
        check_weights(model, tiny_model)
    load_weights(model, tiny_model)
    assert check_weights(model, tiny_model) == n_weights


def test_weights_of_another_model_are_refused(tiny_model: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file
    from transformers import AutoModelForImageTextToText

    from training.runs.weights import load_weights

    model = AutoModelForImageTextToText.from_pretrained(tiny_model)
    shutil.copytree(tiny_model, tmp_path / "other")
    file = tmp_path / "other" / "model.safetensors"
    tensors = load_file(file)
    name = next(name for name in tensors if name.endswith("q_proj.weight"))
    for changed, message in (
        ({**tensors, "extra": tensors[name].clone()}, "no such weight for 'extra'"),
        ({key: value for key, value in tensors.items() if key != name}, f"has no weight '{name}' \\(1 of"),
        ({**tensors, name: tensors[name][:1].clone()}, f"shape .* for '{name}'"),
    ):
        save_file(changed, file, metadata={"format": "pt"})
        with pytest.raises(ValueError, match=message):
            load_weights(model, tmp_path / "other")


def test_what_changes_on_the_way_holds_from_there(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The states of a checkpoint hold the rate, the steps between saves and those between lines that it was made with."""
    out = tmp_path / "out"
    constant = ("--lr_scheduler_type", "constant")
    assert main(run("sft", out, "--max_steps", "2", *constant)) == 0
    more = ("--resume_from_checkpoint", "latest", "--max_steps", "6", "--learning_rate", "5e-4", "--save_steps", "4")
    assert main(run("sft", out, *constant, *more)) == 0
    assert "going on with learning_rate 0.0005" in capsys.readouterr().out
    rates = {step: figures["learning_rate"] for step, figures in logged(out).items()}
    assert rates == {1: 1e-3, 2: 1e-3, 3: 5e-4, 4: 5e-4, 5: 5e-4, 6: 5e-4}
    assert sorted(path.name for path in out.glob("checkpoint-*")) == ["checkpoint-2", "checkpoint-4", "checkpoint-6"]


def test_a_run_is_never_mixed_with_an_earlier_one(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(run("sft", out, "--max_steps", "4")) == 0
    whole = weights(out)
    capsys.readouterr()
    for options, message in (
        (("--max_steps", "4"), "has checkpoints of an earlier run, the newest is checkpoint-4: go on from it with"),
        (
            ("--max_steps", "4", "--resume_from_checkpoint", "latest"),
            "checkpoint-4 is at step 4 of 4: nothing is left to train",
        ),
        (
            ("--max_steps", "3", "--resume_from_checkpoint", "latest"),
            "checkpoint-4 is at step 4 of 3: nothing is left to train",
        ),
        (
            ("--resume_from_checkpoint", "latest", "--weight_decay", "0.1"),
            "was made with weight_decay 0.0, now it is 0.1",
        ),
    ):
        assert main(run("sft", out, *options)) == 1
        assert message in capsys.readouterr().err
    assert weights(out) == whole
    shutil.copytree(out / "checkpoint-2", tmp_path / "other" / "checkpoint-2")
    assert main(run("sft", out, "--resume_from_checkpoint", str(tmp_path / "other" / "checkpoint-2"))) == 1
    assert "has checkpoints of another run than" in capsys.readouterr().err
