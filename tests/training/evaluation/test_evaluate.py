"""`ovr-train eval`: how it samples, and what it counts."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.training.conftest import add_difficulty, row, write_shard
from training.cli import main
from training.data.shards import measured_sampling, read_rows


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


def evaluated(
    capsys: pytest.CaptureFixture[str], model: Path, data: Path, *options: str, code: int = 0
) -> dict[str, Any]:
    """The printed figures of one model, sampled with transformers in this process."""
    engine = ["--engine", "transformers", "--engine_option", "isolate=false"]
    assert main(["eval", "--model", str(model), "--data", str(data), *engine, *options]) == code
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def texts(rollouts: Path) -> list[str]:
    """Every response in a store, by prompt and number."""
    tables = [pq.read_table(path) for path in sorted(rollouts.glob("segment-*.parquet"))]
    lines = pa.concat_tables(tables).sort_by([("prompt", "ascending"), ("number", "ascending")])
    return list(lines["text"].to_pylist())


@pytest.mark.slow
def test_evaluation_counts_by_group(
    mixed_shards: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--samples", "2", "--max_tokens", "4", "--out", str(tmp_path / "eval.json"))
    result = evaluated(capsys, tiny_model, mixed_shards, *options)
    assert json.loads((tmp_path / "eval.json").read_text()) == [result]
    assert (result["n_rows"], result["n_samples"], result["n_unjudged"], result["mean_reward"]) == (8, 2, 0, 0.0)
    assert result["n_truncated"] > 0
    assert set(result["by_modality"]) == {"picture", "text"}
    assert set(result["by_source"]) == {"sums", "shapes"}


@pytest.mark.slow
def test_what_is_sampled_is_not_sampled_again(
    mixed_shards: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--max_tokens", "8", "--samples", "2", "--rollouts", str(tmp_path)]
    first = evaluated(capsys, tiny_model, mixed_shards, *options)
    command = ["eval", "--model", str(tiny_model), "--data", str(mixed_shards), "--engine", "transformers", *options]
    code = f"import sys; from training.cli import main; main({command}); sys.exit('torch' in sys.modules)"
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (again.returncode, json.loads(again.stdout)) == (0, first)
    evaluated(capsys, tiny_model, mixed_shards, *options, "--seed", "1")
    assert len(texts(tmp_path / "seed_0")) == 2 * 5  # the four image rows are one prompt
    assert texts(tmp_path / "seed_0") != texts(tmp_path / "seed_1")


@pytest.mark.slow
def test_refused_prompts_are_unjudged(
    mixed_shards: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--max_tokens", "4", "--engine_option", "max_model_len=8", "--rollouts", str(tmp_path))
    result = evaluated(capsys, tiny_model, mixed_shards, *options, code=1)
    assert (result["n_rows"], result["n_unjudged"], result["mean_reward"], result["by_source"]) == (8, 32, None, {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--engine", "transformers", "--engine_option", "tensor_parallel_size=2"],
         "--engine_option: engine 'transformers' has no option 'tensor_parallel_size'; known: batch_size, dtype"),
        (["--engine_option", "max_num_seqs=many"], "--engine_option max_num_seqs: Input should be a valid integer"),
        (["--engine_option", "engine_args={"], "--engine_option: a value is not YAML"),
        (["--engine", "openai"], "--engine_option base_url: Field required"),
        (["--temperature", "-1"], "--temperature: Input should be greater than or equal to 0, got -1.0"),
        (["--samples", "0"], "--n_samples: Input should be greater than or equal to 1, got 0"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_named(
    mixed_shards: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    command = ["eval", "--model", "never-loaded", "--data", str(mixed_shards), "--max_tokens", "4", *options]
    assert main(command) == 1
    assert capsys.readouterr().err.startswith(f"ovr-train eval: {message}")


@pytest.mark.slow
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
def test_a_split_is_sampled_as_it_was_measured_unless_an_option_says_otherwise(
    tmp_path: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
    difficulties: list[dict[str, Any] | None],
    options: list[str],
    expected: tuple[float, float, int],
) -> None:
    result = evaluated(capsys, tiny_model, shards(tmp_path, difficulties), "--samples", "1", *options)
    assert tuple(result["sampling"][name] for name in ("temperature", "top_p", "max_tokens")) == expected
    assert result["n_rows"] == 2 * len(difficulties)


@pytest.mark.parametrize(
    ("difficulties", "message"),
    [
        ([None], "has no pass rates to take max_tokens from; give --max_tokens"),
        ([measured(0.5, 1.0, 3), measured(0.5, 1.0, 4)], "several values of temperature, top_p, max_tokens"),
    ],
)
def test_what_the_split_does_not_say_is_asked_for_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], difficulties: list[dict[str, Any] | None], message: str
) -> None:
    assert main(["eval", "--model", "never-loaded", "--data", str(shards(tmp_path, difficulties))]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("ovr-train eval: ")
    assert message in error


def test_cold_rows_have_no_measured_sampling(mixed_shards: Path) -> None:
    assert measured_sampling(mixed_shards, "test") == {}


@pytest.mark.slow
def test_the_models_own_sampling_options_do_not_count(
    mixed_shards: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Qwen2.5-VL ships temperature 1e-6, top-k 1 and a repetition penalty of 1.05."""
    opinionated = tmp_path / "model"
    shutil.copytree(tiny_model, opinionated)
    config = json.loads((opinionated / "generation_config.json").read_text())
    config.update(do_sample=True, temperature=1e-6, top_k=1, top_p=0.1, repetition_penalty=5.0)
    (opinionated / "generation_config.json").write_text(json.dumps(config))
    for model in (tiny_model, opinionated):
        evaluated(capsys, model, mixed_shards, "--max_tokens", "12", "--rollouts", str(tmp_path / model.name))
    plain = texts(tmp_path / tiny_model.name / "seed_0")
    assert any(plain)
    assert texts(tmp_path / "model" / "seed_0") == plain


@pytest.mark.slow
def test_a_benchmark_is_scored_as_published(
    mixed_shards: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--samples", "1", "--max_tokens", "4", "--rollouts", str(tmp_path), "--benchmark", "math500")
    result = evaluated(capsys, tiny_model, mixed_shards, *options)
    assert result["benchmark"] == {"math500": {"accuracy": 0.0}}
    assert main(["eval", "--model", "m", "--data", str(mixed_shards), "--benchmark", "math50"]) == 1
    assert "unknown benchmark 'math50'; known: math500, aime24" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changed",
    [
        {"images": [None]},
        {"images": [{"bytes": None, "path": "a.png"}]},
        {"prompt": None},
        {"id": None},
        {"prompt": [{"role": "user", "content": None}]},
    ],
)
def test_a_row_that_cannot_be_asked_is_named(changed: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "test-00000-of-00001.parquet"
    write_shard(path, [row(0), {**row(1, "red"), **changed}])
    name = changed.get("id", row(1)["id"])
    with pytest.raises(ValueError, match=rf"row {name} has no id, no text, or an image without bytes"):
        list(read_rows([path]))
