"""The whole thing: curated, fine-tuned, sampled through vLLM, reinforced, on real parts; and the bar that it has to reach."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_quickstart_raises_the_reward_on_held_back_rows(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.demo.quickstart", "--out", str(tmp_path), "--seed", "1"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-4000:]
    summary = json.loads((tmp_path / "summary.json").read_text())
    reward = summary["reward"]
    assert reward["after GRPO"] - reward["after SFT"] >= 0.15, reward
    kept = summary["kept"]["source"]
    pictures = {"count", "compare", "bar_chart", "locate", "geometry"}
    assert len(kept.keys() & pictures) >= 3, kept
    assert kept.keys() - pictures, kept
    assert summary["pass_rates"]["kept"].get("0.0", 0) == summary["pass_rates"]["kept"].get("1.0", 0) == 0
    for rows in summary["rows"].values():
        assert rows["in"] == rows["kept"] + sum(rows["dropped"].values())
    assert summary["peak_memory_gb"] < 8
    assert "mean reward after GRPO" in finished.stdout
