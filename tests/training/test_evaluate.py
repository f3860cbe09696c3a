"""`ovr-train eval`: how it samples, and what it counts."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.conftest import add_difficulty, row, write_shard
from training.cli import main
from training.evaluate import Sampling, evaluate, load, sample
from training.shards import measured_sampling, read_shards


def measured(temperature: float, top_p: float, max_tokens: int) -> dict[str, Any]:
    sampler = {"template_hash": "abc", "temperature": temperature, "top_p": top_p, "max_tokens": max_tokens}
    return {"pass_rate": 0.5, "sampler": sampler}


def shards(folder: Path, difficulties: list[dict[str, Any] | None]) -> Path:
    """A test split of one shard per difficulty, one row each."""
    for i, difficulty in enumerate(difficulties):
        path = folder / f"test-{i:05d}-of-{len(difficulties):05d}.parquet"
        write_shard(path, [row(0), row(1)])
        if difficulty is not None:
            add_difficulty(path, [None, difficulty])
    return folder


def test_evaluation_counts_by_group(mixed_shards: Path, tiny_model: Path) -> None:
    result = evaluate(str(tiny_model), read_shards(mixed_shards, "rl", "test"), Sampling(n_samples=2, max_tokens=4))
    assert (result["n_rows"], result["n_unjudged"]) == (8, 0)
    assert result["mean_reward"] == 0.0
    assert set(result["by_modality"]) == {"picture", "text"}
    assert set(result["by_source"]) == {"sums", "shapes"}


@pytest.mark.parametrize(
    ("difficulties", "options", "expected"),
    [
        ([measured(0.5, 0.9, 3)], [], (0.5, 0.9, 3)),
        ([None, measured(0.5, 0.9, 3)], [], (0.5, 0.9, 3)),
        ([measured(0.5, 0.9, 3)], ["--temperature", "0", "--max_tokens", "2"], (0.0, 0.9, 2)),
        ([None], ["--max_tokens", "2"], (1.0, 1.0, 2)),
        (
            [measured(0.5, 0.9, 3), measured(1.0, 0.9, 3)],
            ["--temperature", "0.7", "--top_p", "1", "--max_tokens", "2"],
            (0.7, 1.0, 2),
        ),
    ],
)
def test_a_split_is_sampled_as_it_was_measured_unless_told_otherwise(
    tmp_path: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
    difficulties: list[dict[str, Any] | None],
    options: list[str],
    expected: tuple[float, float, int],
) -> None:
    data = shards(tmp_path, difficulties)
    assert main(["eval", "--model", str(tiny_model), "--data", str(data), "--samples", "1", *options]) == 0
    told = json.loads(capsys.readouterr().out)
    assert tuple(told["sampling"][name] for name in ("temperature", "top_p", "max_tokens")) == expected
    assert told["n_rows"] == 2 * len(difficulties)


@pytest.mark.parametrize(
    ("difficulties", "said"),
    [
        ([None], "has no pass rates to take max_tokens from; give --max_tokens"),
        ([measured(0.5, 1.0, 3), measured(0.5, 1.0, 4)], "several values of temperature, top_p, max_tokens"),
    ],
)
def test_what_the_split_does_not_say_is_asked_for_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], difficulties: list[dict[str, Any] | None], said: str
) -> None:
    assert main(["eval", "--model", "never-loaded", "--data", str(shards(tmp_path, difficulties))]) == 1
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("ovr-train eval: ")
    assert said in told


def test_cold_rows_have_no_measured_sampling(mixed_shards: Path) -> None:
    assert measured_sampling(mixed_shards, "test") == {}


@pytest.mark.parametrize("temperature", [1.0, 0.0])
def test_the_models_own_sampling_options_do_not_count(
    mixed_shards: Path, tiny_model: Path, tmp_path: Path, temperature: float
) -> None:
    """Qwen2.5-VL ships temperature 1e-6, top-k 1 and a repetition penalty of 1.05."""
    opinionated = tmp_path / "model"
    shutil.copytree(tiny_model, opinionated)
    config = json.loads((opinionated / "generation_config.json").read_text())
    config.update(do_sample=True, temperature=1e-6, top_k=1, top_p=0.1, repetition_penalty=5.0)
    (opinionated / "generation_config.json").write_text(json.dumps(config))
    rows = list(read_shards(mixed_shards, "rl", "test"))
    responses = []
    for folder in (tiny_model, opinionated):
        model, processor = load(str(folder))
        torch.manual_seed(0)
        responses.append(sample(model, processor, rows, Sampling(max_tokens=12, temperature=temperature)))
    assert responses[0] == responses[1]
    assert any(responses[0])
