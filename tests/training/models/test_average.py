"""The uniform average of checkpoints."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from training.cli import main
from training.models.average import average


def checkpoint(folder: Path, value: float, shape: tuple[int, ...] = (2, 3), dtype: torch.dtype = torch.float32) -> Path:
    folder.mkdir()
    save_file({"a": torch.full(shape, value, dtype=dtype)}, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps({"dtype": "float32", "text_config": {"dtype": "float32"}}))
    return folder


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_mean_is_uniform_and_keeps_the_dtype(tmp_path: Path, dtype: torch.dtype) -> None:
    folders = [checkpoint(tmp_path / str(value), value, dtype=dtype) for value in (1.0, 2.0, 6.0)]
    average(folders, tmp_path / "out")
    mean = load_file(tmp_path / "out" / "model.safetensors")["a"]
    assert torch.equal(mean, torch.full((2, 3), 3.0, dtype=dtype))
    assert (tmp_path / "out" / "config.json").is_file()


@pytest.mark.parametrize(
    ("dtypes", "asked", "written"),
    [
        ((torch.bfloat16, torch.float32), None, torch.float32),
        ((torch.bfloat16, torch.float16), None, torch.float32),
        ((torch.float32, torch.float32), "bfloat16", torch.bfloat16),
        ((torch.bfloat16, torch.bfloat16), "float32", torch.float32),
    ],
)
def test_the_dtype_is_one_that_loses_nothing_or_the_one_asked_for(
    dtypes: tuple[torch.dtype, ...], asked: str | None, written: torch.dtype, tmp_path: Path
) -> None:
    folders = [checkpoint(tmp_path / str(i), float(i), dtype=dtype) for i, dtype in enumerate(dtypes)]
    assert average(folders, tmp_path / "out", dtype=asked) == str(written).removeprefix("torch.")
    assert load_file(tmp_path / "out" / "model.safetensors")["a"].dtype is written
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config == {"dtype": str(written).removeprefix("torch."), "text_config": {"dtype": config["dtype"]}}


def test_weights_are_shares(tmp_path: Path) -> None:
    folders = [checkpoint(tmp_path / str(value), value) for value in (1.0, 2.0, 6.0)]
    average(folders, tmp_path / "out", weights=[1, 2, 1])
    assert load_file(tmp_path / "out" / "model.safetensors")["a"][0, 0] == (1 + 4 + 6) / 4


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], "--weights has 1 numbers for 2"),
        ([0.0, 0.0], "whose sum is above 0"),
        ([2.0, -1.0], "expected numbers from 0"),
    ],
)
def test_weights_that_are_no_shares_are_refused(weights: list[float], message: str, tmp_path: Path) -> None:
    folders = [checkpoint(tmp_path / str(value), value) for value in (1.0, 2.0)]
    with pytest.raises(ValueError, match=message):
        average(folders, tmp_path / "out", weights=weights)


def test_large_models_are_written_in_several_files(tiny_model: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForImageTextToText

    average([tiny_model, tiny_model], tmp_path / "out", file_bytes=100_000)
    assert len(list((tmp_path / "out").glob("*.safetensors"))) > 2
    average([tmp_path / "out", tiny_model], tmp_path / "again")
    before, after = (
        AutoModelForImageTextToText.from_pretrained(tmp_path / name).state_dict() for name in ("out", "again")
    )
    assert all(torch.equal(before[name], after[name]) for name in before)
    average([tiny_model, tiny_model], tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").glob("model*")] == ["model.safetensors"]


def test_a_cut_file_and_an_adapter_are_named(tmp_path: Path) -> None:
    folders = [checkpoint(tmp_path / str(value), value) for value in (1.0, 2.0)]
    file = folders[1] / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(ValueError, match=r"2.0: model.safetensors has \d+ bytes, expected \d+: it is cut"):
        average(folders, tmp_path / "out")
    (folders[1] / "config.json").rename(folders[1] / "adapter_config.json")
    with pytest.raises(ValueError, match="is an adapter; ovr-train merge"):
        average(folders, tmp_path / "out")


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
