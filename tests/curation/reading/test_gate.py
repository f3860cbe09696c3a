"""A red flag ends the build before anything is paid, unless its source accepts it by name; the report is in the summary."""

import json
from pathlib import Path
from typing import Any

import pytest

from curation.build.build import BuildOptions
from curation.build.dry_run import dry_run
from curation.build.load import load_manifest
from curation.commands.console import reading_table
from curation.core.errors import BuildError, ManifestError
from tests.curation.conftest import Write, run, shard_bytes
from tests.curation.reading.faults import text_row

N = 40


def written(folder: Path, name: str, **changed: str) -> str:
    """A file of N records in the test's folder, every one with some of its fields changed."""
    lines = []
    for row in map(text_row, range(N)):
        record = {"id": row.source_id, "question": row.question, "gold": row.answer}
        record |= {key: form.format(**record) for key, form in changed.items()}
        lines.append(json.dumps(record) + "\n")
    (folder / name).write_text("".join(lines))
    return str(folder / name)


def source(path: str, name: str = "s", **options: Any) -> dict[str, Any]:
    fields = {"question": "question", "answer": "gold", "id": "id"}
    return {"kind": "table", "name": name, "path": path, "fields": fields, **options}


def rl(*sources: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"rl": {"sources": list(sources), **options}}


def files_of(out: Path, stage: str) -> dict[str, tuple[int, int]]:
    """What a stage left, with the time of writing and the place on the disk: another run would leave other files."""
    files = sorted(file for file in (out / "stages").glob(f"*-{stage}/**/*") if file.is_file() and file.name[0] != ".")
    return {file.name: (file.stat().st_mtime_ns, file.stat().st_ino) for file in files}


def test_a_flag_ends_the_build_in_one_line_each(tmp_path: Path, write_manifest: Write) -> None:
    good, bad = (
        source(written(tmp_path, "good.jsonl"), "good"),
        written(tmp_path, "bad.jsonl", question="nan\n\n{question}"),
    )
    with pytest.raises(BuildError) as error:
        run(write_manifest(rl(good, source(bad, "bad"))), tmp_path / "out")
    first, line = str(error.value).splitlines()
    assert first == "1 red flag in what was read"
    assert line.startswith("rl.bad: nan_text: 40 of 40 rows (100%), 0: nan On day 0 ")
    assert line.endswith("or accept it: `accept: [nan_text]`")
    left = sorted(folder.name for folder in (tmp_path / "out/stages").glob("*-rl-*"))
    assert left == ["01-rl-collect"]
    assert not (tmp_path / "out/summary.json").exists()


def test_every_flag_of_every_source_is_told_at_once(tmp_path: Path, write_manifest: Write) -> None:
    one = source(written(tmp_path, "one.jsonl", question="nan\n{question}", gold="7"), "one")
    other = source(written(tmp_path, "other.jsonl", question="<div>{question}</div>"), "other")
    with pytest.raises(BuildError, match="3 red flags") as error:
        run(write_manifest(rl(one, other)), tmp_path / "out")
    named = [line.split(": ")[:2] for line in str(error.value).splitlines()[1:]]
    assert named == [["rl.one", "one_gold"], ["rl.one", "nan_text"], ["rl.other", "html_in_question"]]


def test_an_accepted_flag_goes_on_without_reading_again(tmp_path: Path, write_manifest: Write) -> None:
    path, out = written(tmp_path, "bad.jsonl", question="nan\n{question}"), tmp_path / "out"
    for _ in range(2):
        with pytest.raises(BuildError, match="nan_text"):
            run(write_manifest(rl(source(path))), out)
    read = files_of(out, "collect")
    summary = run(write_manifest(rl(source(path, accept=["nan_text"]))), out)
    assert files_of(out, "collect") == read
    flag = summary["configs"]["rl"]["reading"]["s"]["flags"]["nan_text"]
    assert (flag["raised"], flag["accepted"], flag["count"]) == (True, True, N)
    assert "nan_text" in reading_table(summary)
    with pytest.raises(BuildError, match="nan_text"):
        run(write_manifest(rl(source(path))), out)
    assert files_of(out, "collect") == read


def test_what_is_accepted_changes_no_byte_of_the_shards(tmp_path: Path, write_manifest: Write) -> None:
    path = written(tmp_path, "good.jsonl")
    run(write_manifest(rl(source(path))), tmp_path / "a")
    run(write_manifest(rl(source(path, accept=["one_gold", "bad_rows"]))), tmp_path / "b")
    assert shard_bytes(tmp_path / "a") == shard_bytes(tmp_path / "b")
    stages = ("collect", "normalise", "verify_golds", "duplicates", "mixture")
    kept = [files_of(tmp_path / "a", stage) for stage in stages]
    run(write_manifest(rl(source(path, accept=["one_gold"]))), tmp_path / "a")
    assert [files_of(tmp_path / "a", stage) for stage in stages] == kept
    assert shard_bytes(tmp_path / "a") == shard_bytes(tmp_path / "b")
    assert "one_gold" in (tmp_path / "a/manifest.lock.yaml").read_text()


UNPAID = """
from typing import Literal

from curation.sampling.engines.base import Engine


class Unpaid(Engine):
    kind: Literal["unpaid"] = "unpaid"
    model: str = "nobody"

    def identity(self):
        return "nobody", "1"

    def open(self):
        raise AssertionError("something is sampled")
"""


def test_little_that_is_left_ends_the_build_before_anything_is_sampled(tmp_path: Path, write_manifest: Write) -> None:
    long, out = source(written(tmp_path, "long.jsonl"), "long"), tmp_path / "out"
    short = source(written(tmp_path, "short.jsonl", question="{id} + 1 = {id} + ?"), "short")
    section: dict[str, Any] = {"filters": [{"kind": "length", "max_chars": 20}]}
    (tmp_path / "unpaid_engine.py").write_text(UNPAID)
    top = {"plugins": ["unpaid_engine"]}
    with pytest.raises(BuildError) as error:
        run(write_manifest(top | rl(long, short, **section, difficulty={"sampler": {"kind": "unpaid"}, "n": 2})), out)
    line = str(error.value).splitlines()[1]
    assert line.startswith("rl.long: little_left: 40 of 40 rows (100%), 0: 0 left; prompt_too_long 40; ")
    assert line.endswith("or accept it: `accept: [little_left]`")
    assert not list((out / "stages").glob("*-difficulty"))
    checked = files_of(out, "verify_golds")
    summary = run(write_manifest(top | rl({**long, "accept": ["little_left"]}, short, **section)), out)
    assert files_of(out, "verify_golds") == checked
    report = summary["configs"]["rl"]["reading"]
    assert (report["long"]["left"], report["long"]["dropped"]) == (0, {"04-rl-filter: prompt_too_long": N})
    assert (report["short"]["left"], report["short"]["flags"]) == (N, {})


def test_rows_that_drop_by_their_licence_are_not_missed(tmp_path: Path, write_manifest: Write) -> None:
    free = source(written(tmp_path, "free.jsonl"), "free", license="MIT")
    other = source(written(tmp_path, "other.jsonl", question="Of {gold}: {question}"), "other", license="GPL-3.0")
    manifest = {**rl(free, other), "release": {"allow": ["MIT"], "on_violation": "drop"}}
    report = run(write_manifest(manifest), tmp_path / "out")["configs"]["rl"]["reading"]
    assert report["other"]["left"] == 0
    assert not report["other"]["flags"]["little_left"]["raised"]


def test_the_report_counts_what_came_in_and_what_is_left(tmp_path: Path, write_manifest: Write) -> None:
    path = Path(written(tmp_path, "s.jsonl"))
    path.write_text(path.read_text() + json.dumps({"id": "x", "question": "What is it?", "gold": ""}) + "\n")
    report = run(write_manifest(rl(source(str(path), language="en"))), tmp_path / "out")["configs"]["rl"]["reading"][
        "s"
    ]
    assert {key: report[key] for key in ("rows", "read", "bad", "with_images", "with_options", "without_gold")} == {
        "rows": N + 1, "read": N, "bad": {"answer_missing": 1}, "with_images": 0.0, "with_options": 0.0, "without_gold": 0.0,
    }  # fmt: skip
    assert report["answer_kinds"] == {"math": 1.0}
    assert report["languages"] == {"en": 1.0}
    assert report["distinct_questions"] == N
    assert report["distinct_golds"] == len({text_row(number).answer for number in range(N)})
    assert report["question_chars"]["min"] == min(len(text_row(number).question) for number in range(N))
    assert report["dropped"] == {"01-rl-collect: answer_missing": 1}
    assert (report["left"], report["left_share"]) == (N, round(N / (N + 1), 4))
    assert not any(flag["raised"] for flag in report["flags"].values())


def test_an_unknown_flag_is_a_mistake_of_the_manifest(tmp_path: Path, write_manifest: Write) -> None:
    path = write_manifest(rl(source(written(tmp_path, "s.jsonl"), accept=["blank_image"])))
    with pytest.raises(ManifestError, match=r"accept: got the flag 'blank_image'; did you mean 'blank_images'"):
        load_manifest(path)


def test_both_configs_have_a_report(built: Path) -> None:
    summary = json.loads((built / "summary.json").read_text())
    for described in summary["configs"].values():
        assert described["reading"].keys() == described["sources"].keys()
    assert summary["configs"]["rl"]["reading"]["visual_puzzles"]["with_images"] == 1.0


def test_a_dry_run_says_where_the_build_would_end(tmp_path: Path, write_manifest: Write) -> None:
    manifest, out = (
        write_manifest(rl(source(written(tmp_path, "s.jsonl", question="nan\n{question}")))),
        tmp_path / "out",
    )
    assert "01-rl-collect                to run" in dry_run(manifest, out, BuildOptions())
    with pytest.raises(BuildError, match="nan_text"):
        run(manifest, out)
    with pytest.raises(BuildError, match="nan_text"):
        dry_run(manifest, out, BuildOptions(), pilot=2)
