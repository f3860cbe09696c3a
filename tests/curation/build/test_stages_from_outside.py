"""Stages of a module that the manifest names: no file of ours knows of them."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from curation.build.build import BuildOptions, build, build_code
from curation.build.dry_run import dry_run
from curation.build.load import load_manifest
from curation.cli import main
from curation.core.errors import BuildError, CurationError
from curation.core.parquet import read_records
from curation.core.row import make_row
from curation.filters.stage import decide
from tests.curation.conftest import shard_bytes

MODULE = '''
from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa

from curation.core.decision import KEEP, Decision, drop, keep
from curation.core.parquet import write_records
from curation.core.row import Row
from curation.core.rows import Rows
from curation.core.schema import Column
from curation.core.stage import DecideStage, MapStage, Run


class CountWords(MapStage):
    """Counts the words of every question; questions of one word end."""

    kind: Literal["count_words"] = "count_words"
    words: str
    """A file of words that do not count."""
    adds: ClassVar[tuple[Column, ...]] = (Column("n_words", pa.int32()), Column("secret", pa.string(), released=False))
    sets: ClassVar[tuple[str, ...]] = ("domain",)

    def map(self, row: Row) -> Decision:
        n = sum(word not in open(self.words).read().split() for word in row.question.split())
        if n == 1:
            return drop("one_word", row.question)
        return keep("words counted", n_words=n, secret="s", domain="counted") if n % 2 else keep(n_words=n)


class KeepLongest(DecideStage):
    """Keeps the longest questions and publishes how long all were."""

    kind: Literal["keep_longest"] = "keep_longest"
    n: int
    publishes: ClassVar[tuple[str, ...]] = ("lengths.parquet",)

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        lengths = rows.column("n_words", np.int32)
        write_records(run.folder / "lengths.parquet", pa.schema([("n_words", pa.int32())]), ({"n_words": n} for n in lengths.tolist()))
        kept = set(np.argsort(-lengths, kind="stable")[: self.n].tolist())
        for number in range(len(rows)):
            yield KEEP if number in kept else drop("short", f"{lengths[number]} words")

    def summary(self, run: Run) -> dict[str, object]:
        return {"longest": int(max(record["n_words"] for record in run.rows.records(["n_words"])))}
'''
QUESTIONS = ["What is 1 + 1?", "What is 2 + 2 + 2?", "How much is 3 + 3?", "Sum?", "Say what 5 + 5 is, please!"]


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "my_stages.py").write_text(MODULE)
    (tmp_path / "words.txt").write_text("what")
    rows = [json.dumps({"q": question, "a": str(i)}) for i, question in enumerate(QUESTIONS)]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))
    source = {"kind": "table", "name": "t", "path": "rows.jsonl", "fields": {"question": "q", "answer": "a"}}
    stages = [
        {"kind": "count_words", "words": str(tmp_path / "words.txt"), "after": "normalise"},
        {"kind": "keep_longest", "n": 2},
    ]
    written = {"name": "outside", "plugins": ["my_stages"], "rl": {"sources": [source], "stages": stages}}
    path = tmp_path / "manifest.yaml"
    path.write_text(yaml.safe_dump(written))
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield path
    sys.modules.pop("my_stages", None)


def changed(*changes: str) -> BuildOptions:
    return BuildOptions(changes=changes)


def states(lines: str) -> dict[str, str]:
    """Stage -> done or to run."""
    return {line.split()[0]: line.split()[1] for line in lines.splitlines() if line.startswith("  ")}


@pytest.mark.slow
def test_stages_from_outside_run_resume_and_are_everywhere(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    planned = dry_run(manifest, out, BuildOptions())
    assert "03-rl-count_words" in planned
    assert planned.index("verify_golds") < planned.index("keep_longest") < planned.index("mixture")
    summary = build(manifest, out, BuildOptions(workers=2))
    config = summary["configs"]["rl"]
    assert summary["balanced"]
    assert config["longest"] == 7
    assert config["sources"]["t"]["reasons"] == {"03-rl-count_words: one_word": 1, "09-rl-keep_longest: short": 2}
    (shard,) = (out / "data/rl").glob("*.parquet")
    rows = {row["source_id"]: row for row in read_records(shard)}
    assert {row["n_words"]: row["domain"] for row in rows.values()} == {7: "counted", 6: ""}
    assert "secret" not in pq.read_schema(shard).names
    assert ["count_words", "words counted"] in json.loads(next(r for r in rows.values() if r["domain"])["provenance"])
    lengths = list(read_records(out / "lengths.parquet"))
    assert [line["config"] for line in lengths] == ["rl"] * 4
    ledger = {line["reason"]: line["detail"] for line in read_records(out / "ledger.parquet")}
    assert ledger["one_word"] == "Sum?"

    whole = shard_bytes(out)
    (out / "stages/rl.json").unlink()
    (out / "stages/09-rl-keep_longest/done.json").unlink()
    build(manifest, out)
    assert shard_bytes(out) == whole


@pytest.mark.slow
def test_a_change_of_an_option_or_an_input_redoes_what_follows(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(manifest, out)
    planned = states(dry_run(manifest, out, changed("rl.stages[1].n=1")))
    assert (planned["03-rl-count_words"], planned["09-rl-keep_longest"]) == ("done", "to")
    (tmp_path / "words.txt").write_text("what is")
    planned = states(dry_run(manifest, out, BuildOptions()))
    assert (planned["02-rl-normalise"], planned["03-rl-count_words"]) == ("done", "to")
    summary = build(manifest, out, changed("rl.stages[1].after=count_words"))
    assert summary["configs"]["rl"]["longest"] == 6
    assert not list((out / "stages").glob("09-rl-keep_longest"))


@pytest.mark.parametrize("given", [(True, "fine"), None, (False,), "no"])
def test_a_filter_that_gives_something_else_drops_nothing(given: object) -> None:
    with pytest.raises(BuildError, match=r"a filter gave .* for s/1, expected True or"):
        decide(lambda row: given, make_row(source="s", source_id="1", question="q"))  # type: ignore[arg-type,return-value]


def test_stages_are_listed(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = str(manifest.parent / "my_stages.py")
    assert main(["stages"]) == 0
    assert "no stages: name the modules" in capsys.readouterr().out
    assert main(["stages", "count_words", "--plugins", module]) == 0
    shown = capsys.readouterr().out
    assert "A file of words that do not count." in shown
    assert "kind: count_words, words: WORDS" in shown


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "stages[1].after=nowhere",
            r"rl.stages\[1\].after: got 'nowhere', expected one of collect, normalise, count_words, .*, mixture",
        ),
        ("stages[1]={kind: mixture}", "got the stage 'mixture', which is in the plan by itself"),
        ("stages[1]={kind: count_words, words: w}", r"rl.stages\[1\]: a stage 'count_words' is in the plan already"),
        ("stages[1].kind=keep_long", "unknown kind 'keep_long'; .*did you mean 'keep_longest'"),
        ("stages[1].m=1", "unknown option 'm'"),
    ],
)
def test_a_stage_that_cannot_be_is_one_clear_line(manifest: Path, tmp_path: Path, change: str, message: str) -> None:
    with pytest.raises(CurationError, match=message) as raised:
        dry_run(manifest, tmp_path / "out", changed(f"rl.{change}"))
    assert "\n" not in str(raised.value)


DECLARATIONS = [
    (
        'sets: ClassVar[tuple[str, ...]] = ("domain",)',
        'sets: ClassVar[tuple[str, ...]] = ("dificulty",)',
        "sets the column 'dificulty', which it cannot; did you mean 'difficulty'",
    ),
    (
        'sets: ClassVar[tuple[str, ...]] = ("domain",)',
        'sets: ClassVar[tuple[str, ...]] = ("id",)',
        "sets the column 'id', which it cannot",
    ),
    ('Column("n_words"', 'Column("domain"', "adds the column 'domain', which there is already, of every row"),
    ('Column("n_words"', 'Column("cluster"', "there is already, of the stage 'clusters'"),
    ('Column("n_words"', 'Column("note"', "adds the column 'note'"),
    (
        '("lengths.parquet",)',
        '("ledger.parquet",)',
        "publishes 'ledger.parquet', expected the name of a Parquet file of its own",
    ),
    ('("lengths.parquet",)', '("../lengths.parquet",)', "expected the name of a Parquet file of its own"),
    (
        "    n: int\n",
        '    n: int\n    sets: ClassVar[tuple[str, ...]] = ("answer",)\n',
        "sets 'answer' behind 'verify_golds', which checks it",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), DECLARATIONS)
def test_what_a_stage_may_not_declare_is_one_clear_line(
    manifest: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in MODULE
    (tmp_path / "my_stages.py").write_text(MODULE.replace(old, new))
    with pytest.raises(CurationError, match=message) as raised:
        dry_run(manifest, tmp_path / "out", changed("rl.stages[0].after=mixture"))
    assert "\n" not in str(raised.value)


def test_what_decontamination_has_scanned_may_not_change_before_it_decides(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "my_stages.py").write_text(MODULE.replace('("domain",)', '("prompt",)'))
    (tmp_path / "items.jsonl").write_text(json.dumps({"q": QUESTIONS[0]}))
    written = yaml.safe_load(manifest.read_text())
    items = {"kind": "table", "name": "items", "path": "items.jsonl", "fields": {"question": "q"}}
    manifest.write_text(yaml.safe_dump(written | {"rl": written["rl"] | {"decontaminate": {"benchmarks": [items]}}}))
    with pytest.raises(CurationError, match="sets 'prompt' between 'normalise', which scans it"):
        dry_run(manifest, tmp_path / "out", changed("rl.stages[0].after=clusters"))
    assert "count_words" in dry_run(manifest, tmp_path / "out", changed("rl.stages[0].after=contamination"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('return drop("one_word", row.question)', "return None", "got None for t/.*, expected keep"),
        ("else keep(n_words=n)", "else keep(n_words=7.5)", "sets the column 'n_words' to 7.5, expected a whole number"),
        ('"domain",)', '"stratum",)', "neither in its `sets`"),
        (
            'write_records(run.folder / "lengths.parquet"',
            'write_records(run.folder / "other.parquet"',
            "the stage publishes 'lengths.parquet' and has not left it",
        ),
    ],
)
def test_a_stage_that_does_not_do_as_it_says_is_one_clear_line(
    manifest: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    (tmp_path / "my_stages.py").write_text(MODULE.replace(old, new))
    with pytest.raises(CurationError, match=message):
        build(manifest, tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["09-rl-keep_longest/lengths.parquet", "09-rl-keep_longest/ledger/*.parquet"])
def test_what_a_stage_left_and_lost_is_made_again(manifest: Path, tmp_path: Path, lost: str) -> None:
    out = tmp_path / "out"
    build(manifest, out)
    before = shard_bytes(out)
    (found,) = (out / "stages").glob(lost)
    found.unlink()
    assert "would run" in dry_run(manifest, out, BuildOptions())
    assert build(manifest, out)["balanced"]
    assert (shard_bytes(out), len(list(read_records(out / "lengths.parquet")))) == (before, 4)


def test_a_helper_beside_the_manifest_is_part_of_its_code(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "my_helper.py").write_text("V = 1")
    (tmp_path / "my_stages.py").write_text("import my_helper\n" + MODULE)
    before = build_code(load_manifest(manifest))
    (tmp_path / "unused.py").write_text("V = 1")
    assert build_code(load_manifest(manifest)) == before
    (tmp_path / "my_helper.py").write_text("V = 2")
    assert build_code(load_manifest(manifest)) != before
    sys.modules.pop("my_helper")


@pytest.mark.slow
def test_a_column_that_is_not_declared_ends_the_build(manifest: Path, tmp_path: Path) -> None:
    module = MODULE.replace('sets: ClassVar[tuple[str, ...]] = ("domain",)', "")
    (tmp_path / "my_stages.py").write_text(module)
    with pytest.raises(CurationError, match=r"count_words: .*sets the column 'domain', which is neither in its"):
        build(manifest, tmp_path / "out")
