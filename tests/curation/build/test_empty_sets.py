"""A set that comes out empty, beside one that does not."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyarrow import parquet as pq

from curation.cli import main
from curation.commands.check import check
from curation.commands.why import why
from curation.core.errors import BuildError
from tests.curation.conftest import Write, run, shard_bytes

THOUGHT = "<think>\nIt is a sum.\n</think>\n\n"
FIELDS = {"question": "q", "answer": "a", "completion": "c"}
RL = {"sources": [{"kind": "visual_puzzles", "families": ["count"], "modality": "text", "levels": [1], "count": 6}]}


def traces(folder: Path, name: str, n: int, end: str, gold: str = "{i}") -> dict[str, Any]:
    """A source of `n` traces; `{i}` in its ending is the answer."""
    lines = [
        {"q": f"What is {name} {i} + 0?", "a": gold.format(i=i), "c": THOUGHT + end.replace("{i}", str(i))}
        for i in range(11, 11 + n)
    ]
    (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return {"kind": "table", "name": name, "path": f"{name}.jsonl", "fields": FIELDS, "license": "MIT"}


def stage_files(out: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in (out / "stages").rglob("done.json")}


@pytest.fixture(scope="module")
def rl_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The RL set without a cold start beside it."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "m.yaml").write_text(yaml.safe_dump({"name": "test", "rl": RL}))
    run(folder / "m.yaml", folder / "out")
    return folder / "out"


def rows_of(out: Path) -> dict[str, list[dict[str, Any]]]:
    return {name: pq.read_table(out / name).to_pylist() for name in shard_bytes(out)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "said"),
    [
        (
            4,
            "{out}: no rows are left in cold_start behind filter: 3 of 4 rows of bare in filter as no_boxed_answer (filter trace_format,"
            " need_box), 1 of 4 rows of bare in filter as thinking_not_closed (filter trace_format); summary.json has them by source",
        ),
        (
            25,
            "no rows are left in cold_start behind filter: 24 of 25 rows of bare in filter as no_boxed_answer (filter trace_format, need_box), 1 ",
        ),
    ],
)
def test_an_empty_cold_start_says_who_emptied_it_and_leaves_the_rl_set_whole(
    n: int, said: str, rl_alone: Path, tmp_path: Path, write_manifest: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """That 4 traces are gone is no red flag; that 25 are is one."""
    source = traces(tmp_path, "bare", n, "It is {i}, I say.")
    lines = (tmp_path / "bare.jsonl").read_text().splitlines()
    (tmp_path / "bare.jsonl").write_text("\n".join([lines[0].replace("</think>", ""), *lines[1:]]))
    manifest = write_manifest({"cold_start": {"sources": [source], "filters": [{"kind": "trace_format"}]}, "rl": RL})
    out = tmp_path / "out"
    assert main(["build", str(manifest), "--out", str(out)]) == 1
    *_, line, last = capsys.readouterr().err.strip().splitlines()
    assert line.removeprefix("ovr-curate: ").startswith(said.format(out=out))
    assert last == f"rl is built: {out}/data/rl"
    assert rows_of(out) == rows_of(rl_alone)
    assert "all valid" in check(out)
    before = stage_files(out)
    with pytest.raises(BuildError, match="rl is built"):
        run(manifest, out)
    assert stage_files(out) == before
    assert rows_of(out) == rows_of(rl_alone)


@pytest.mark.slow
def test_an_empty_rl_set_leaves_the_cold_start_whole(tmp_path: Path, write_manifest: Write) -> None:
    cold = {"sources": [traces(tmp_path, "told", 4, "The answer is {i}.")]}
    empty = {**RL, "filters": [{"kind": "length", "max_chars": 5}]}
    with pytest.raises(BuildError) as error:
        run(write_manifest({"cold_start": cold, "rl": empty}), tmp_path / "out")
    line, built = str(error.value).splitlines()
    assert (
        "no rows are left in rl behind filter: 6 of 6 rows of visual_puzzles in filter as prompt_too_long (filter length, max_chars)"
        in line
    )
    assert built == f"cold_start is built: {tmp_path}/out/data/cold_start"
    assert len(pq.read_table(tmp_path / "out/data/cold_start")) == 4


@pytest.mark.slow
def test_the_verdicts_of_every_source_and_what_was_read(
    tmp_path: Path, write_manifest: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = [
        traces(tmp_path, "boxed", 5, "It is \\boxed{{i}}."),
        traces(tmp_path, "told", 4, "So the answer is {i}."),
        traces(tmp_path, "other", 3, "So the answer is not {i}."),
        {
            **traces(tmp_path, "essay", 9, "I am done."),
            "fields": {"question": "q", "completion": "c"},
            "gold": {"required": False},
        },
    ]
    verify = {"append_box": True, "max_unjudged": 0.25}
    kept = ["correct", "correct_without_box", "no_gold"]
    section = {
        "sources": sources,
        "keep_verified": kept,
        "verify": verify,
        "filters": [{"kind": "trace_format", "need_box": False}],
    }
    out = tmp_path / "out"
    assert main(["build", str(write_manifest({"cold_start": section})), "--out", str(out)]) == 0
    assert (
        "nothing is left of cold_start.other: 3 of 3 rows of other in verify_traces as verified_wrong (cold_start.keep_verified)"
        in (capsys.readouterr().out)
    )
    summary = json.loads((out / "summary.json").read_text())["configs"]["cold_start"]
    assert summary["verified"] == {
        "boxed": {"correct": 5},
        "essay": {"no_gold": 9},
        "other": {"wrong": 3},
        "told": {"correct_without_box": 4},
    }
    assert summary["nothing_left"].keys() == {"other"}
    assert summary["kept"]["source"] == {"boxed": 5, "essay": 3, "told": 4}  # 3 of 12 is a quarter
    reasons = summary["sources"]["essay"]["reasons"].items()
    assert [(reason.partition(": ")[2], n) for reason, n in reasons] == [("unjudged_over_cap", 6)]
    rows = {row["source"]: row for row in rows_of(out)["data/cold_start/train-00000-of-00001.parquet"]}
    assert rows["told"]["completion"][0]["content"].endswith(f".\n\n\\boxed{{{rows['told']['answer']}}}")
    answers = {name: why(out, f"{name}/{row['source_id']}") for name, row in rows.items()}
    assert "verified: correct_without_box" in answers["told"]
    read = f"correct without a box: read '{rows['told']['answer']}', box appended"
    assert f"noted by verify_traces: {read}" in answers["told"]
    assert f"read in its box: {rows['boxed']['answer']}" in answers["boxed"]
    assert "verified_wrong (no answer was read; no box, and the end states no answer)" in why(out, "other/1")
