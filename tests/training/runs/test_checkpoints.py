"""Which checkpoints are whole, and that nothing but a whole one of the same run is gone on from."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.conftest import command_line
from training.cli import main
from training.runs.checkpoints import RECORD, STATE, checkpoint_to_resume, fault_of

Change = Callable[[Path], Any]


def checkpoint(output_dir: Path, step: int, n_files: int = 2) -> Path:
    """The files that transformers leaves, small."""
    from safetensors.torch import save_file

    folder = output_dir / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    names = [f"model-{number}.safetensors" for number in range(n_files)]
    for name in names:
        save_file({name: torch.ones(8)}, folder / name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {name: name for name in names}}))
    for name in ("optimizer.pt", "scheduler.pt", "rng_state_0.pth", "rng_state_1.pth"):
        torch.save({"a": torch.ones(8)}, folder / name)
    (folder / RECORD).write_text(json.dumps({"order": {"world_size": 2}}))
    (folder / STATE).write_text(json.dumps({"global_step": step}))
    return folder


def cut(name: str) -> Change:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-5])


def without(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


FAULTS: list[tuple[Change, str]] = [
    (without(STATE), "no trainer_state.json, which is written last"),
    (cut(STATE), "trainer_state.json is not a trainer's state"),
    (lambda folder: (folder / STATE).write_text("[]"), "trainer_state.json is not a trainer's state"),
    (without("model-1.safetensors"), "model-1.safetensors, which its index names, is missing"),
    (cut("model-0.safetensors"), "it is cut"),
    (lambda folder: (folder / "model-0.safetensors").write_bytes(b"x" * 112), "model-0.safetensors has 112 bytes, no tensors"),
    (lambda folder: (folder / "model-0.safetensors").write_bytes(b""), "model-0.safetensors is not a safetensors"),
    (cut("model.safetensors.index.json"), "is not an index of weights"),
    (without("model.safetensors.index.json"), "no weights"),
    (without("optimizer.pt"), "no optimizer.pt (--save_only_model leaves it out)"),
    (cut("optimizer.pt"), "optimizer.pt is cut"),
    (without("scheduler.pt"), "no scheduler.pt"),
    (without("rng_state_1.pth"), "random numbers (rng_state*.pth) of 1 processes, expected 2"),
    (cut("rng_state_0.pth"), "rng_state_0.pth is cut"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "fault"), FAULTS)
def test_a_checkpoint_that_is_not_whole_is_passed_over_and_its_fault_is_named(
    spoil: Change, fault: str, tmp_path: Path
) -> None:
    older, newer = checkpoint(tmp_path, 8), checkpoint(tmp_path, 10)
    assert fault_of(newer) is None
    assert checkpoint_to_resume("latest", tmp_path) == (newer, [])
    spoil(newer)
    assert fault in (fault_of(newer) or "")
    for chosen in ("true", "latest", True):
        taken, lines = checkpoint_to_resume(chosen, tmp_path)
        assert taken == older
        assert len(lines) == 1
        assert fault in lines[0]
    with pytest.raises(ValueError, match="is not a whole checkpoint"):
        checkpoint_to_resume(str(newer), tmp_path)
    spoil(older)
    with pytest.raises(ValueError, match=r"no checkpoint in .* is whole; .*; remove them to begin anew"):
        checkpoint_to_resume("latest", tmp_path)


def test_what_is_no_checkpoint_is_not_taken_for_one(tmp_path: Path) -> None:
    assert checkpoint_to_resume(None, tmp_path) == (None, [])
    assert checkpoint_to_resume("latest", tmp_path / "nowhere")[0] is None
    (tmp_path / "checkpoint-old").mkdir()
    taken, (line,) = checkpoint_to_resume("true", tmp_path)
    assert taken is None
    assert "the run begins at step 0" in line
    with pytest.raises(FileNotFoundError, match="no folder last; expected true, latest or a checkpoint's folder"):
        checkpoint_to_resume("last", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_of_several_files_and_of_other_numbers_are_loaded_and_compared(
    dtype: torch.dtype, tiny_model: Path, tmp_path: Path
) -> None:
    from transformers import AutoModelForImageTextToText

    from training.runs.weights import check_weights, load_weights

    model = AutoModelForImageTextToText.from_pretrained(tiny_model)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.01)
    model.to(dtype).save_pretrained(tmp_path / "saved", max_shard_size="300KB")
    assert len(list((tmp_path / "saved").glob("*.safetensors"))) > 1
    fresh = AutoModelForImageTextToText.from_pretrained(tiny_model)
    with pytest.raises(ValueError, match=r"after loading, weight .* is not what its file holds"):
        check_weights(fresh, tmp_path / "saved")
    load_weights(fresh, tmp_path / "saved")
    check_weights(fresh, tmp_path / "saved")
    assert all(torch.equal(a, b.float()) for a, b in zip(fresh.parameters(), model.parameters(), strict=True))


def options(command: str, data: Path, model: Path, out: Path, *more: str) -> list[str]:
    """A run of four steps."""
    steps = {"max_steps": 4, "save_steps": 2, "logging_steps": 1, "per_device_train_batch_size": 4}
    return command_line(command, data, model, out, *more, learning_rate=1e-2, **steps)


@pytest.mark.slow
def test_an_adapter_goes_on_exactly_and_on_its_own_base_only(
    mixed_shards: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from safetensors.torch import load_file, save_file

    out = tmp_path / "out"
    lora = ("--use_peft", "true", "--lora_target_modules", "q_proj", "v_proj")
    assert main(options("sft", mixed_shards, tiny_model, out, *lora)) == 0
    whole = (out / "adapter_model.safetensors").read_bytes()
    (out / "checkpoint-4" / STATE).unlink()
    again = [*lora, "--resume_from_checkpoint", "latest"]
    assert main(options("sft", mixed_shards, tiny_model, out, *again)) == 0
    assert "checkpoint-2, step 2; 4 weights are its own" in capsys.readouterr().out
    assert (out / "adapter_model.safetensors").read_bytes() == whole
    other = tmp_path / "other"
    other.mkdir()
    for path in tiny_model.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    tensors = load_file(other / "model.safetensors")
    next(tensor for name, tensor in tensors.items() if "down_proj" in name)[0, 0] += 1
    save_file(tensors, other / "model.safetensors", metadata={"format": "pt"})
    (out / "checkpoint-4" / STATE).unlink()
    capsys.readouterr()
    assert main(options("sft", mixed_shards, other, out, *again)) == 1
    assert "checkpoint-2 is an adapter on a base model with other weights" in capsys.readouterr().err


@pytest.mark.slow
def test_a_save_over_an_older_checkpoint_never_mixes_two_runs(
    mixed_shards: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the weights and the optimizer, where the same step was saved before."""
    from trl import SFTTrainer

    out = tmp_path / "out"
    every = ("--max_steps", "2", "--save_steps", "1")
    assert main(options("sft", mixed_shards, tiny_model, out, *every)) == 0
    assert fault_of(out / "checkpoint-2") is None

    def die(self: Any, folder: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SFTTrainer, "_save_optimizer_and_scheduler", die)
    again = ("--resume_from_checkpoint", str(out / "checkpoint-1"))
    assert main(options("sft", mixed_shards, tiny_model, out, *every, *again)) == 130
    assert fault_of(out / "checkpoint-2") == "no trainer_state.json, which is written last"


@pytest.mark.slow
def test_checkpoints_between_steps_that_share_samples_are_refused_at_start(
    mixed_shards: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("--num_generations", "4", "--num_iterations", "3", "--max_completion_length", "4")
    assert main(options("grpo", mixed_shards, tiny_model, tmp_path, *more)) == 1
    assert "--save_steps 2: a checkpoint holds no samples, and 3 steps share theirs" in capsys.readouterr().err
