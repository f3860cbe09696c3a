"""metrics.jsonl: every logged figure, once, through resumed and repeated runs."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from training.runs.metrics import MetricsFile, read_metrics

pytestmark = pytest.mark.slow  # transformers takes its time to import


def state(step: int, is_first: bool = True) -> Any:
    return SimpleNamespace(global_step=step, is_world_process_zero=is_first)


def log(folder: Path, steps: dict[int, dict[str, Any]], begins_at: int = 0, is_first: bool = True) -> None:
    args, callback = SimpleNamespace(output_dir=str(folder)), MetricsFile()
    callback.on_train_begin(args, state(begins_at, is_first), None)
    for step, figures in steps.items():
        callback.on_log(args, state(step, is_first), None, logs=figures)


def test_figures_that_are_no_numbers_are_null(tmp_path: Path) -> None:
    log(tmp_path, {1: {"reward": float("nan"), "loss": "0.5", "n": 3, "none": None}})
    assert read_metrics(tmp_path) == [{"step": 1, "reward": None, "loss": 0.5, "n": 3.0, "none": None}]


def test_a_resumed_run_cuts_off_the_steps_after_its_checkpoint(tmp_path: Path) -> None:
    log(tmp_path, {1: {"loss": 1}, 2: {"loss": 2}, 3: {"loss": 3}})
    log(tmp_path, {3: {"loss": 30}}, begins_at=2)
    assert [(one["step"], one["loss"]) for one in read_metrics(tmp_path)] == [(1, 1.0), (2, 2.0), (3, 30.0)]


def test_a_killed_run_may_leave_half_a_line(tmp_path: Path) -> None:
    log(tmp_path, {1: {"loss": 1}, 2: {"loss": 2}})
    path = tmp_path / "metrics.jsonl"
    path.write_text(path.read_text() + '{"step": 3, "lo')
    assert [one["step"] for one in read_metrics(tmp_path)] == [1, 2]
    log(tmp_path, {2: {"loss": 4}, 3: {"loss": 5}}, begins_at=1)
    assert [(one["step"], one["loss"]) for one in read_metrics(tmp_path)] == [(1, 1.0), (2, 4.0), (3, 5.0)]
    path.write_text("nothing\n" + path.read_text())
    with pytest.raises(ValueError, match=r"metrics.jsonl, line 1: expected a JSON object with a step, got 'nothing'"):
        read_metrics(tmp_path)


def test_a_run_that_begins_anew_keeps_the_earlier_ones(tmp_path: Path) -> None:
    for loss in (1, 2, 3):
        log(tmp_path, {1: {"loss": loss}})
    found = {path.name: json.loads(path.read_text())["loss"] for path in tmp_path.iterdir()}
    assert found == {"metrics-1.jsonl": 1.0, "metrics-2.jsonl": 2.0, "metrics.jsonl": 3.0}


def test_only_the_first_process_writes(tmp_path: Path) -> None:
    log(tmp_path, {1: {"loss": 1}}, is_first=False)
    with pytest.raises(
        FileNotFoundError, match=r"has no metrics.jsonl: expected the output_dir of ovr-train sft or grpo"
    ):
        read_metrics(tmp_path)


def test_kept_completions_go_with_the_steps(tmp_path: Path) -> None:
    folder = tmp_path / "completions"
    folder.mkdir()
    for step in (1, 2, 3):
        (folder / f"completions_{step:05d}.parquet").write_bytes(b"")
    log(tmp_path, {3: {"loss": 1}}, begins_at=2)
    assert sorted(path.name for path in folder.iterdir()) == ["completions_00001.parquet", "completions_00002.parquet"]
    log(tmp_path, {1: {"loss": 1}})
    assert (list(folder.iterdir()), len(list((tmp_path / "completions-1").iterdir()))) == ([], 2)
    log(tmp_path, {1: {"loss": 1}})
    assert not (tmp_path / "completions-2").exists()  # nothing was kept
