"""`ovr-curate certify` names the rows that the reward gets wrong, in a file, in the summary and by its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from curation.commands.certify import COLUMNS, FAILURES, certify_build
from curation.core.errors import BuildError
from curation.core.parquet import write_records

ROOT = Path(__file__).parents[3]


def build(folder: Path, *golds: tuple[str, str]) -> Path:
    rows = [
        {
            "id": f"r{n}",
            "source": "s",
            "source_id": f"train:{n}",
            "answer": gold,
            "answer_kind": kind,
            "answer_options": "{}",
        }
        for n, (gold, kind) in enumerate(golds)
    ]
    write_records(folder / "data/rl/train-00000.parquet", pa.schema([(name, pa.string()) for name in COLUMNS]), rows)
    (folder / "manifest.lock.yaml").write_text(yaml.safe_dump({"manifest": {"seed": 0}}))
    (folder / "summary.json").write_text(json.dumps({"build": "b1", "configs": {}}))
    return folder


@pytest.mark.slow
def test_a_judge_that_is_right_leaves_an_empty_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certify_build(build(tmp_path, ("3/4", "math"), ("blue", "text"), ("12 km", "math")))
    assert pq.read_table(tmp_path / FAILURES).num_rows == 0
    table = json.loads((tmp_path / "summary.json").read_text())["certificate"]["s"]
    assert table["math"]["rows"] == 2
    assert table["text"]["false_positive_share"] == 0
    assert f"{FAILURES}: 0 failed cases" in capsys.readouterr().out


@pytest.mark.slow
def test_each_failure_is_named_and_the_exit_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.commands.certify.certify", lenient)
    folder = build(tmp_path, *[(str(n), "math") for n in range(30)], ("many", "number"))
    with pytest.raises(
        BuildError, match=r"in 1 of 2 groups; first s/math: 0\.00% false negatives .*failures\.parquet names the rows"
    ):
        certify_build(folder)
    failures = pq.read_table(tmp_path / FAILURES).to_pylist()
    wrong = [f for f in failures if f["answer_kind"] == "math"]
    assert {f["id"] for f in wrong} == {f"r{n}" for n in range(30)}
    assert all(f["expected"] is False and f["reward"] == 1.0 and f["outcome"] == "wrong" for f in wrong)
    assert {f["variant"] for f in wrong} >= {"off by one", "sign"}
    table = json.loads((tmp_path / "summary.json").read_text())["certificate"]["s"]["math"]
    assert table["false_positives"] == len(wrong)


def lenient(rows: list[dict[str, str]], where: str, max_rows: int | None, seed: int) -> object:
    """Certify with a judge that calls everything right."""
    from rewards import certify as certifying

    before = certifying.trl.accuracy
    certifying.trl.accuracy = lambda completions, **columns: [1.0] * len(completions)  # type: ignore[assignment]
    try:
        return certifying.certify(rows, "here", max_rows, seed)
    finally:
        certifying.trl.accuracy = before


@pytest.mark.slow
def test_the_certificate_is_of_the_build_that_is_there(tmp_path: Path) -> None:
    """It stays when nothing changed and goes with the rows that it was about."""
    data, out = tmp_path / "t.jsonl", tmp_path / "out"
    fields = {"question": "q", "answer": "a"}
    source = {"kind": "table", "name": "t", "path": "t.jsonl", "domain": "math", "license": "mit", "fields": fields}
    (tmp_path / "m.yaml").write_text(yaml.safe_dump({"name": "m", "seed": 1, "rl": {"sources": [source]}}))

    def build_with(n_rows: int) -> dict[str, object]:
        rows = [{"q": f"What is the sum of {n} and {n + 3} here?", "a": str(2 * n + 3)} for n in range(n_rows)]
        data.write_text("".join(json.dumps(row) + "\n" for row in rows))
        command = [sys.executable, "-m", "curation.cli", "build", "m.yaml", "--out", "out"]
        subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        found: dict[str, object] = json.loads((out / "summary.json").read_text())
        return found

    build_with(8)
    certify_build(out)
    assert "certificate" in build_with(8)
    assert (out / FAILURES).exists()
    assert "certificate" not in build_with(9)
    assert not (out / FAILURES).exists()
