"""The uniform average of checkpoints."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from training.cli import main
from training.models.average import average


def checkpoint(folder: Path, value: float, shape: tuple[int, ...] = (2, 3), dtype: torch.dtype = torch.float32) -> Path:
    folder.mkdir()
    save_file({"a": torch.full(shape, value, dtype=dtype)}, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text("{}")
    return folder


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_mean_is_uniform_and_keeps_the_dtype(tmp_path: Path, dtype: torch.dtype) -> None:
    folders = [checkpoint(tmp_path / str(value), value, dtype=dtype) for value in (1.0, 2.0, 6.0)]
    average(folders, tmp_path / "out")
    mean = load_file(tmp_path / "out" / "model.safetensors")["a"]
    assert torch.equal(mean, torch.full((2, 3), 3.0, dtype=dtype))
    assert (tmp_path / "out" / "config.json").is_file()


def test_other_shapes_are_refused_by_name(tmp_path: Path) -> None:
    folders = [checkpoint(tmp_path / "x", 1.0), checkpoint(tmp_path / "y", 1.0, shape=(3, 3))]
    with pytest.raises(ValueError, match="differ in tensor 'a'"):
        average(folders, tmp_path / "out")


def test_a_folder_without_weights_is_named_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["average", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "model.safetensors" in capsys.readouterr().err


def test_the_average_of_a_model_loads_again(tiny_model: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    average([tiny_model, tiny_model], tmp_path / "out")
    before, after = (
        AutoModelForImageTextToText.from_pretrained(p).state_dict() for p in (tiny_model, tmp_path / "out")
    )
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert AutoProcessor.from_pretrained(tmp_path / "out").image_processor.merge_size == 4
