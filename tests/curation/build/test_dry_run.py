"""`build --dry-run`: what would run is told and nothing is changed; a pilot is paid for once."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.build.build import BuildOptions, build
from curation.build.dry_run import dry_run
from curation.cli import main
from tests.curation.sampling.models import build_lm

RL: dict[str, Any] = {
    "name": "test",
    "rl": {
        "sources": [{"kind": "visual_puzzles", "families": ["count"], "modality": "text", "levels": [1], "count": 9}]
    },
}


def written(folder: Path, manifest: dict[str, Any]) -> Path:
    path = folder / "manifest.yaml"
    path.write_text(yaml.safe_dump(manifest))
    return path


def states(lines: str) -> dict[str, str]:
    """Stage -> what is told of it."""
    return {line.split()[0][3:]: " ".join(line.split()[1:]) for line in lines.splitlines() if line.startswith("  0")}


def test_a_dry_run_of_nothing_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(written(tmp_path, RL)), "--out", str(tmp_path / "out"), "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("rl: would run\n")
    assert set(states(told).values()) == {"to run"}
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_dry_run_tells_what_a_change_redoes_and_changes_nothing(tmp_path: Path) -> None:
    manifest, out = written(tmp_path, RL), tmp_path / "out"
    build(manifest, out)
    before = {file: file.stat().st_mtime_ns for file in sorted(out.rglob("*")) if file.is_file()}
    assert dry_run(manifest, out, BuildOptions()) == "rl: finished, nothing would run"
    told = states(dry_run(manifest, out, BuildOptions(changes=("rl.splits={test: 0.5}",))))
    assert (told["rl-collect"], told["rl-shards"]) == ("done", "to run 9 rows")
    assert set(states(dry_run(manifest, out, BuildOptions(limit=4))).values()) == {"to run"}
    assert {file: file.stat().st_mtime_ns for file in sorted(out.rglob("*")) if file.is_file()} == before


@pytest.mark.parametrize("option", [["--pilot", "4"], ["--gpu-hour-price", "2"]])
def test_a_pilot_without_a_dry_run_is_told(
    tmp_path: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["build", str(written(tmp_path, RL)), "--out", str(tmp_path / "out"), *option])
    assert ended.value.code == 2
    assert "go with --dry-run" in capsys.readouterr().err


DIFFICULTY: dict[str, Any] = {"n": 2, "sampling": {"max_tokens": 8}, "min_pass_rate": None, "truncated": "wrong"}


def measured(folder: Path, **rl: Any) -> Path:
    """A manifest with a sampler."""
    build_lm(folder / "lm")
    sampler = {"kind": "transformers", "model": str(folder / "lm")}
    return written(folder, {**RL, "rl": {**RL["rl"], "difficulty": {**DIFFICULTY, "sampler": sampler}, **rl}})


@pytest.mark.slow
def test_a_fresh_folder_names_the_pilot_and_the_build_finds_what_it_sampled(tmp_path: Path) -> None:
    manifest, out = measured(tmp_path), tmp_path / "out"
    fresh = dry_run(manifest, out, BuildOptions(limit=8, changes=("rl.difficulty.n=3",)))
    assert states(fresh)["rl-difficulty"] == "to run rows not known yet"
    command = f"ovr-curate build {manifest} --out {out} --limit 8 --set rl.difficulty.n=3 --dry-run --pilot 30"
    assert fresh.splitlines()[-1].strip() == command
    assert not out.exists()

    lines = dry_run(manifest, out, BuildOptions(), pilot=3, price=2.0)
    assert states(lines)["rl-duplicates"].startswith("done")
    assert states(lines)["rl-difficulty"] == "to run 9 prompts, 18 samples: 6 in the store, 12 to come"
    assert "-hours to come" in lines
    assert "told by 3 prompts" in lines
    assert "--pilot" not in dry_run(manifest, out, BuildOptions())
    build(manifest, out)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["balanced"] is True
    assert dry_run(manifest, out, BuildOptions()) == "rl: finished, nothing would run"

    more = states(dry_run(manifest, out, BuildOptions(changes=("rl.difficulty.n=4",))))
    assert more["rl-difficulty"] == "to run 9 prompts, 36 samples: 18 in the store, 18 to come"
    behind = dry_run(manifest, out, BuildOptions(changes=("rl.filters=[{kind: length, max_chars: 9000}]",)))
    assert states(behind)["rl-difficulty"] == "to run at most, if all 9 rows come so far:"
    assert "\n      9 prompts, 18 samples, all in the store\n" in behind
    new = states(dry_run(manifest, out, BuildOptions(changes=("rl.pictures={min_side: 15}",))))
    assert new["rl-difficulty"] == "to run at most 9 rows"
