"""`ovr-curate diff`: two real builds of which the manifest, a record and a file differ."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from curation.build.build import build
from curation.cli import main
from curation.commands.diff.options import changed_options
from curation.commands.diff.rows import Difference
from curation.commands.diff.show import Diff, diff

QUESTIONS = {name: f"What is {n} + {n * n}, for pupil {name}?" for n, name in enumerate("abcdefgh", 2)}


def write(folder: Path, answers: dict[str, str], **options: Any) -> Path:
    folder.mkdir()
    records = [
        {"id": name, "question": QUESTIONS.get(name, f"How many letters has {name}?"), "answer": answer}
        for name, answer in answers.items()
    ]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, records)))
    source = {
        "kind": "table",
        "name": "t",
        "path": "rows.jsonl",
        "fields": {"id": "id", "question": "question", "answer": "answer"},
    }
    manifest = {"name": "diff", "rl": {"sources": [source], "dedup": {"near": False}, **options}}
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    build(folder / "manifest.yaml", folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("diff")
    answers = {name: str(n + n * n) for n, name in enumerate("abcdefgh", 2)}
    one = write(folder / "one", answers, filters=[{"kind": "length", "max_chars": 8000}])
    changed = {**answers, "a": "7", "new": "3"}  # another gold, another record, and one that is not there
    del changed["b"]
    other = write(folder / "other", changed, filters=[{"kind": "length", "max_chars": 27}], splits={"test": 0.4})
    return one, other


def of(found: Diff, what: str) -> dict[str, Difference]:
    return {row.source_id: row for row in found.rows if row.what == what}


@pytest.mark.slow
def test_rows_are_gained_lost_and_changed_and_the_stage_is_named(pair: tuple[Path, Path]) -> None:
    found = diff(*pair)
    lost, gained, changed = (of(found, what) for what in ("lost", "gained", "changed"))
    assert lost["b"].reason == "not read there"
    assert gained["new"].reason == "not read there"
    dropped = {name: row for name, row in lost.items() if row.stage}
    assert dropped
    assert len({row.reason for row in dropped.values()}) == 1
    assert all("-rl-filter" in row.stage for row in dropped.values())
    assert changed.keys() == {"a"}
    assert "answer" in changed["a"].columns
    keys = {change.key for _, change in found.options}
    assert "rl.filters[length].max_chars" in keys
    assert any(what == "input" for what, _ in found.options)
    back = diff(*reversed(pair))
    assert of(back, "gained").keys() == lost.keys()
    assert of(back, "gained")["b"].reason == "not read there"


@pytest.mark.slow
def test_the_same_set_has_no_difference_and_a_changed_value_is_named(
    pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(pair[0], copy)
    assert main(["diff", str(pair[0]), str(copy)]) == 0
    assert capsys.readouterr().out == "no difference\n"
    shard = next(copy.glob("data/rl/*.parquet"))
    rows = pq.read_table(shard)
    record = rows.to_pylist()
    record[0]["weight"], record[1]["answer"] = 0.5, "another"
    record[2]["id"], record[2]["prompt"][0]["content"] = "0" * 32, "Another question?"
    pq.write_table(pa.Table.from_pylist(record, schema=rows.schema), shard)
    out = tmp_path / "rows.parquet"
    assert main(["diff", str(pair[0]), str(copy), "--json", "--out", str(out)]) == 0
    found = {row["source_id"]: row for row in json.loads(capsys.readouterr().out)["differences"]}
    assert [found[one["source_id"]]["columns"] for one in record[:3]] == [["weight"], ["answer"], ["id", "prompt"]]
    assert found[record[2]["source_id"]]["other_id"] == "0" * 32
    assert len(found) == pq.read_metadata(out).num_rows == 3
    assert pq.read_table(out)["what"].unique().to_pylist() == ["changed"]


def test_items_of_a_list_are_told_by_their_names() -> None:
    one = {"manifest": {"rl": {"sources": [{"name": "a", "limit": 1}, {"name": "b"}], "n": 1}}}
    other = {"manifest": {"rl": {"sources": [{"name": "b"}, {"name": "c"}], "n": 2}}}
    changed = changed_options(one, other, "manifest")
    assert [(change.key, change.other) for change in changed] == [
        ("rl.sources[a]", "(absent)"),
        ("rl.sources[c]", {"name": "c"}),
        ("rl.n", 2),
    ]


def test_traces_of_one_question_are_rows_of_their_own(tmp_path: Path) -> None:
    sides = {}
    for name, traces in {"one": "abc", "other": "bcd"}.items():
        folder = tmp_path / name / "data" / "cold_start"
        folder.mkdir(parents=True)
        rows = [
            {"id": "q", "source": "s", "source_id": trace, "completion": [{"role": "assistant", "content": trace}]}
            for trace in traces
        ]
        pq.write_table(pa.Table.from_pylist(rows), folder / "train-00000-of-00001.parquet")
        summary = {"name": "x", "build": name, "configs": {"cold_start": {"sources": {"s": {}}, "shards": {}}}}
        (tmp_path / name / "summary.json").write_text(json.dumps(summary))
        (tmp_path / name / "manifest.lock.yaml").write_text("manifest: {}")
        sides[name] = tmp_path / name
    found = diff(sides["one"], sides["other"])
    assert {(row.what, row.source_id, row.reason) for row in found.rows} == {
        ("lost", "a", "not told: no ledger there"),
        ("gained", "d", "not told: no ledger there"),
    }
