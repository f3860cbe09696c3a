"""The page of a run: which panels there are, what they show, and one line for what is no run."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from training.cli import main
from training.dynamics.plot import panels
from training.dynamics.runs import read_run

pytestmark = pytest.mark.slow

RL: dict[str, Any] = {
    "reward": 0.5,
    "completions/mean_length": 20,
    "completions/clipped_ratio": 0.1,
    "effective_groups": 0.7,
    "loss": 0.01,
    "domain/geometry/reward": 0.4,
    "domain/logic/a puzzle/reward": 0.6,
    "stratum/easy/reward": 0.9,
}
AGAIN = "Wait, let me see the image again. The answer is 3."


def make_run(folder: Path, figures: dict[str, Any], n_steps: int = 30) -> Path:
    folder.mkdir()
    steps = [
        {"step": step, **{name: value * step / n_steps for name, value in figures.items()}} for step in range(n_steps)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(step) + "\n" for step in steps))
    return folder


def keep_completions(folder: Path, responses: dict[int, list[Any]]) -> None:
    (folder / "completions").mkdir()
    for step, texts in responses.items():
        table = pa.table({"step": [step] * len(texts), "completion": texts})
        pq.write_table(table, folder / "completions" / f"completions_{step:05d}.parquet")


def test_a_grpo_run_has_its_panels(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", RL)
    said = [[{"role": "assistant", "content": text}] for text in (AGAIN, "3")]
    keep_completions(folder, {5: said, 10: said[:1]})
    run = read_run(folder, "run")
    assert run.behaviors["visual_reflection"] == [(5, 0.5), (10, 1.0)]
    shown = {panel.title: [name for name, _, _ in panel.lines] for panel in panels([run])}
    assert shown == {
        "Reward": [""],
        "Length of responses (tokens)": [""],
        "Truncated responses (share)": [""],
        "Groups with different rewards (share)": [""],
        "Reward by domain": ["geometry", "logic/a puzzle"],
        "Reward by stratum": ["easy"],
        "Behaviors (share of kept responses with a cue)": ["backtracking", "visual reflection", "mental imagery"],
    }


def test_the_loss_is_shown_of_sft_alone(tmp_path: Path) -> None:
    runs = [read_run(make_run(tmp_path / "rl", RL), "rl"), read_run(make_run(tmp_path / "sft", {"loss": 3}), "sft")]
    (loss,) = (panel for panel in panels(runs) if panel.title == "Loss")
    assert [number for _, number, _ in loss.lines] == [1]


def test_several_runs_are_drawn_over_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (make_run(tmp_path / name, RL) for name in ("one", "two"))
    out = tmp_path / "page.png"
    assert main(["plot", str(first), f"other={second}", "--out", str(out), "--smooth", "3"]) == 0
    assert capsys.readouterr().out == f"plot: 6 panels of 2 runs in {out}\n"
    assert len(set(Image.open(out).convert("RGB").getdata())) > 50
    assert main(["plot", str(first)]) == 0
    assert (first / "dynamics.png").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["nowhere"], "nowhere has no metrics.jsonl: expected the output_dir of ovr-train sft or grpo"),
        (["run", "--out", "page.docx"], "--out page.docx: expected a name that ends in .png, .pdf, .svg"),
        (["run", "--smooth", "0"], "--smooth 0: expected 1 or more steps"),
        (["empty"], "empty has logged no figure yet"),
        (["cut"], "cut/completions/completions_00005.parquet is not a whole Parquet file"),
    ],
)
def test_what_is_no_run_is_one_line(
    options: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    make_run(Path("run"), RL)
    make_run(Path("empty"), {}, 0)
    keep_completions(make_run(Path("cut"), RL), {5: [AGAIN]})
    path = Path("cut/completions/completions_00005.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    assert main(["plot", *options]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ovr-train plot: {message}")
