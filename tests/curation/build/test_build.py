"""A build on its real parts: datatrove, Parquet, processes that are killed."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest
import yaml
from filelock import FileLock

from curation.build.build import BuildOptions, build
from curation.commands.check import check
from curation.commands.why import why
from curation.core.errors import BuildError, CurationError
from curation.core.parquet import read_records
from curation.core.schema import SCHEMA_VERSION
from curation.core.stage_run import digest_of
from tests.curation.conftest import SECRET, Write, run, shard_bytes

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_two_builds_give_the_same_bytes(built: Path, mixed_manifest: Path, tmp_path: Path) -> None:
    """With one worker and with two, in two folders."""
    run(mixed_manifest, tmp_path / "again", workers=1)
    first = shard_bytes(built)
    assert first == shard_bytes(tmp_path / "again")
    assert len(first) == 3


@pytest.mark.slow
def test_the_ledger_has_a_line_for_every_row_and_balances(built: Path) -> None:
    summary = json.loads((built / "summary.json").read_text())
    lines = list(read_records(built / "ledger.parquet"))
    assert summary["balanced"]
    n_in = sum(counts["in"] for config in summary["configs"].values() for counts in config["sources"].values())
    assert len(lines) == n_in == 56
    assert all(line["reason"] for line in lines)
    assert "all valid" in check(built)


@pytest.mark.slow
def test_no_file_of_a_build_has_a_secret_of_the_environment(built: Path) -> None:
    files = [file for file in built.rglob("*") if file.is_file()]
    tables = [str(pq.read_table(file).to_pylist()) for file in files if file.suffix == ".parquet"]
    assert len(tables) > 5
    assert not [file for file in files if SECRET.encode() in file.read_bytes()]
    assert not any(SECRET in table for table in tables)


def test_shards_load_with_decoded_pictures(built: Path, tmp_path: Path) -> None:
    from datasets import load_dataset

    files = {"train": str(built / "data/rl/train-*.parquet")}
    rows = load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))
    pictures = [picture for row in rows for picture in row["images"]]
    assert {picture.size for picture in pictures} == {(112, 112)}
    assert any(not row["images"] for row in rows)
    assert rows[0]["prompt"][0]["content"].endswith("\\boxed{}.")


@pytest.mark.slow
def test_shard_metadata_says_what_made_it(built: Path) -> None:
    shard = next((built / "data/cold_start").glob("*.parquet"))
    metadata = {k.decode(): v.decode() for k, v in pq.read_schema(shard).metadata.items()}
    assert metadata["ovr.schema_version"] == SCHEMA_VERSION
    assert metadata["ovr.config"] == "cold_start"
    assert metadata["ovr.seed"] == "5"
    assert len(metadata["ovr.build"]) == 32


@pytest.mark.slow
def test_cold_start_rows_are_verified_traces(built: Path) -> None:
    rows = [row for file in (built / "data/cold_start").glob("*") for row in read_records(file)]
    assert rows
    for row in rows:
        assert row["verified"] == "correct"
        assert row["completion"][0]["content"].count("<think>") == 1
        assert "\\boxed{" in row["completion"][0]["content"]


@pytest.mark.slow
def test_a_build_killed_in_every_stage_ends_with_the_same_bytes(built: Path, tmp_path: Path) -> None:
    """kill -9 of the build's process when a stage begins or, of every other, when its first task is complete, then one undisturbed run."""
    out, manifest = tmp_path / "killed", built.parent / "manifest.yaml"
    stages = sorted((stage.parent for stage in built.glob("stages/*/started.json")), key=began)
    moments = [f"stages/{stage.name}/{('started.json', 'completions/00000')[i % 2]}" for i, stage in enumerate(stages)]
    command = [sys.executable, "-m", "tests.curation.build.killed_build"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdin
        assert server.stdout
        for moment in moments:
            print(json.dumps(["build", str(manifest), "--out", str(out)]), file=server.stdin, flush=True)
            process = psutil.Process(int(server.stdout.readline()))
            while not (out / moment).exists():
                assert process.status() != psutil.STATUS_ZOMBIE, f"the build ended before {moment}"
                time.sleep(0.001)
            process.kill()
            assert int(server.stdout.readline()) == -signal.SIGKILL, f"the build ended at {moment}"
            assert not (out / "summary.json").exists()
            assert not (out / "manifest.lock.yaml").exists()
        server.stdin.close()
    run(manifest, out)
    assert len(moments) == 19
    assert shard_bytes(out) == shard_bytes(built)
    assert not list(out.rglob("*.tmp"))


def began(stage: Path) -> int:
    return (stage / "started.json").stat().st_mtime_ns


def shard_ids(out: Path, config: str) -> list[str]:
    return [row["id"] for shard in sorted((out / "data" / config).iterdir()) for row in read_records(shard, ["id"])]


@pytest.mark.slow
def test_a_changed_manifest_redoes_only_what_the_change_touches(copied: Path, mixed_manifest: Path) -> None:
    before = {file.parent.name: file.stat().st_mtime_ns for file in copied.glob("stages/*/done.json")}
    unsplit, split = shard_ids(copied, "cold_start"), shard_ids(copied, "rl")
    summary = run(mixed_manifest, copied, changes=("rl.splits.test=0.5", "rows_per_shard=4"))
    after = {file.parent.name: file.stat().st_mtime_ns for file in copied.glob("stages/*/done.json")}
    redone = {name for name in after if after[name] != before[name]}
    assert {name.partition("-")[2] for name in redone} == {"rl-shards", "cold_start-shards"}
    assert shard_ids(copied, "cold_start") == unsplit
    assert sorted(shard_ids(copied, "rl")) == sorted(split)
    tests = [n for name, n in summary["configs"]["rl"]["shards"].items() if name.startswith("test-")]
    assert tests[:-1] == [4] * (len(tests) - 1)
    assert sum(tests) >= 5


@pytest.mark.slow
def test_a_changed_seed_leaves_nothing_of_the_old_rows(copied: Path, mixed_manifest: Path, tmp_path: Path) -> None:
    run(mixed_manifest, copied, only="cold_start", changes=("seed=6",))
    run(mixed_manifest, tmp_path / "fresh", only="cold_start", changes=("seed=6",))
    new = {name: data for name, data in shard_bytes(copied).items() if "cold_start" in name}
    assert new == shard_bytes(tmp_path / "fresh")


@pytest.mark.slow
def test_what_is_as_it_was_is_not_written_again(copied: Path, mixed_manifest: Path) -> None:
    written, ledger = copied / "stages/concluded.json", copied / "ledger.parquet"
    summary, whole = run(mixed_manifest, copied), ledger.read_bytes()  # a copy has files of its own
    dates = [file.stat().st_mtime_ns for file in (written, ledger)]
    assert run(mixed_manifest, copied) == summary
    assert [file.stat().st_mtime_ns for file in (written, ledger)] == dates
    for change in (lambda: ledger.write_bytes(b"changed"), ledger.unlink):
        change()
        assert run(mixed_manifest, copied) == summary
        assert ledger.read_bytes() == whole


@pytest.mark.slow
def test_deleted_and_changed_shards_are_written_again(copied: Path, built: Path, mixed_manifest: Path) -> None:
    shutil.rmtree(copied / "data/cold_start")
    next((copied / "data/rl").glob("*.parquet")).write_bytes(b"changed")
    run(mixed_manifest, copied)
    assert shard_bytes(copied) == shard_bytes(built)


@pytest.mark.slow
def test_duplicates_merge_and_conflicting_golds_go(write_manifest: Write, tmp_path: Path) -> None:
    rows = [
        {"q": "What is one half?", "a": "1/2"},
        {"q": "What is  one half?", "a": "0.5"},
        {"q": "What is one third?", "a": "1/3"},
        {"q": "What is one third?", "a": "1/4"},
        {"q": "What is -3 + 1?", "a": "-2"},
        {"q": "What is 3 + 1?", "a": "4"},
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = {"kind": "table", "name": "t", "path": "rows.jsonl", "fields": {"question": "q", "answer": "a"}}
    summary = run(write_manifest({"rl": {"sources": [source]}}), tmp_path / "out")
    counts = summary["configs"]["rl"]["sources"]["t"]
    assert (counts["in"], counts["out"], counts["merged"], counts["dropped"]) == (6, 3, 1, 2)
    assert list(counts["reasons"].values()) == [2, 1]
    ids = {line["reason"]: f"t/{line['source_id']}" for line in read_records(tmp_path / "out/ledger.parquet")}
    assert "conflicting_gold ('1/3' in t/" in why(tmp_path / "out", ids["conflicting_gold"])
    assert "merged in 07-rl-duplicates: duplicate (t/" in why(tmp_path / "out", ids["duplicate"])


@pytest.mark.slow
def test_limit_is_per_source(mixed_manifest: Path, tmp_path: Path) -> None:
    summary = run(mixed_manifest, tmp_path / "out", limit=4, only="rl")
    assert {c["in"] for config in summary["configs"].values() for c in config["sources"].values()} == {4}


def test_a_second_build_in_one_folder_is_refused(mixed_manifest: Path, tmp_path: Path) -> None:
    with FileLock(tmp_path / ".lock"), pytest.raises(BuildError, match="another build is running"):
        run(mixed_manifest, tmp_path)


@pytest.mark.slow
def test_the_lock_holds_every_default_and_the_inputs(write_manifest: Write, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"q": "1 + 1?", "a": "2"}\n')
    source = {"kind": "table", "path": "rows.jsonl", "fields": {"question": "q", "answer": "a"}}
    run(write_manifest({"rl": {"sources": [source]}}), tmp_path / "out")
    lock = yaml.safe_load((tmp_path / "out/manifest.lock.yaml").read_text())
    assert lock["manifest"]["rows_per_shard"] == 20_000
    assert lock["manifest"]["rl"]["sources"][0]["license"] == "unknown"
    assert [len(digest) for digest in lock["inputs"]["rl"]["table"].values()] == [64]
    assert {"datatrove", "pyarrow", "python"} <= set(lock["versions"])


def test_a_config_without_rows_is_one_clear_line(write_manifest: Write, tmp_path: Path) -> None:
    lines = ['{"q": "1 + 1?", "a": ""}', '{"q": "What is 1 + 1?", "a": "2"}', '{"q": "What is 2 + 2?", "a": "4"}']
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    source = {"kind": "table", "path": "rows.jsonl", "fields": {"question": "q", "answer": "a"}}
    with pytest.raises(BuildError) as raised:
        run(
            write_manifest({"rl": {"sources": [source], "filters": [{"kind": "length", "max_chars": 12}]}}),
            tmp_path / "out",
        )
    assert str(raised.value) == (
        f"{tmp_path}/out: no rows are left in rl behind filter: 2 of 3 rows of table in filter as prompt_too_long (filter length, max_chars),"
        " 1 of 3 rows of table in collect as answer_missing (fields.answer, gold.required of table); summary.json has them by source"
    )
    assert json.loads((tmp_path / "out/summary.json").read_text())["balanced"]


BAD_SOURCES = [
    ({"kind": "table", "path": "missing.jsonl"}, r"missing\.jsonl"),
    ({"kind": "table", "path": "empty.jsonl"}, r"empty"),
    ({"kind": "table", "path": "cut.json"}, r"cut\.json"),
]


@pytest.mark.parametrize(("source", "told"), BAD_SOURCES)
def test_a_source_that_cannot_be_read_is_one_clear_line(
    source: dict[str, str], told: str, write_manifest: Write, tmp_path: Path
) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "cut.json").write_text('[{"q": "1 + 1?", "a": "2"}, {"q": "2 + 2?", "a"')
    manifest = write_manifest({"rl": {"sources": [{**source, "fields": {"question": "q", "answer": "a"}}]}})
    with pytest.raises(CurationError, match=told) as raised:
        build(manifest, tmp_path / "out", BuildOptions())
    assert "\n" not in str(raised.value)


@pytest.mark.slow
def test_a_picture_that_is_none_is_a_counted_drop(write_manifest: Write, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (60, 60), "red").save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    names = ["good.png", "bad.png", "absent.png"]
    rows = [{"q": f"What colour is {name}?", "a": "red", "i": name} for name in names]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = {"question": "q", "answer": "a", "images": "i"}
    source = {
        "kind": "table",
        "name": "t",
        "path": "rows.jsonl",
        "fields": fields,
        "gold": {"rules": [{"kind": "text"}]},
    }
    summary = run(write_manifest({"rl": {"sources": [source]}}), tmp_path / "out")
    counts = summary["configs"]["rl"]["sources"]["t"]
    assert (counts["in"], counts["out"], counts["dropped"]) == (3, 1, 2)
    assert {reason.partition(": ")[2] for reason in counts["reasons"]} == {"picture_missing", "picture_unreadable"}


def test_a_folder_with_other_files_is_left_alone(write_manifest: Write, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/precious.txt").write_text("mine")
    manifest = write_manifest({"rl": {"sources": [{"kind": "visual_puzzles", "count": 1}]}})
    with pytest.raises(BuildError, match="got a folder with other files in it"):
        run(manifest, tmp_path)
    assert (tmp_path / "data/precious.txt").read_text() == "mine"


@pytest.mark.parametrize("out", ["/proc/ovr-curate", "file"])
def test_a_folder_that_cannot_be_is_one_clear_line(mixed_manifest: Path, tmp_path: Path, out: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match="expected a folder that can be written to"):
        run(mixed_manifest, tmp_path / out)


def table(tmp_path: Path, *rows: dict[str, str]) -> dict[str, Any]:
    """A `table` source over these rows."""
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {"kind": "table", "name": "t", "path": "rows.jsonl", "fields": {"question": "q", "answer": "a", "id": "id"}}


@pytest.mark.slow
def test_repeated_source_ids_do_not_hide_duplicates(write_manifest: Write, tmp_path: Path) -> None:
    ids = ("a", "a", "a#2")
    rows = [{"id": i, "q": f"What is 2 + {min(n, 1)}?", "a": str(2 + min(n, 1))} for n, i in enumerate(ids)]
    summary = run(write_manifest({"rl": {"sources": [table(tmp_path, *rows)]}}), tmp_path / "out")
    counts = summary["configs"]["rl"]["sources"]["t"]
    assert (counts["in"], counts["out"], counts["merged"]) == (3, 2, 1)
    assert "2 rows" in check(tmp_path / "out")


@pytest.mark.slow
def test_bytes_do_not_depend_on_where_things_lie(tmp_path: Path) -> None:
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        source = table(tmp_path / place, {"id": "1", "q": "What is 1 + 1?", "a": "2"})
        manifest = {"name": "m", "rl": {"sources": [source]}}
        (tmp_path / place / "m.yaml").write_text(yaml.safe_dump(manifest))
        run(tmp_path / place / "m.yaml", tmp_path / place / "out")
    assert shard_bytes(tmp_path / "here/out") == shard_bytes(tmp_path / "there/out")


@pytest.mark.slow
def test_shards_of_another_manifest_do_not_stay(copied: Path, mixed_manifest: Path) -> None:
    run(mixed_manifest, copied, only="cold_start", changes=("seed=9",))
    assert not (copied / "data/rl").exists()
    assert list(json.loads((copied / "summary.json").read_text())["configs"]) == ["cold_start"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "lost", ["02-rl-normalise/rows", "04-rl-filter/decisions", "07-rl-duplicates/decisions/*.json"]
)
def test_a_stage_whose_files_are_lost_runs_again(copied: Path, built: Path, mixed_manifest: Path, lost: str) -> None:
    (found,) = copied.glob(f"stages/{lost}")
    shutil.rmtree(found) if found.is_dir() else found.unlink()
    (copied / "stages/rl.json").unlink()
    run(mixed_manifest, copied)
    assert shard_bytes(copied) == shard_bytes(built)


def test_the_order_of_options_is_part_of_what_a_stage_depends_on() -> None:
    assert digest_of({"levels": {"clock": 1, "count": 1}}) != digest_of({"levels": {"count": 1, "clock": 1}})


@pytest.mark.slow
def test_rows_that_a_scorer_judges_without_a_gold_stay(write_manifest: Write, tmp_path: Path) -> None:
    """Several answers are right, so reasoning-gym gives none; its scorer alone decides."""
    source = {"kind": "reasoning_gym", "datasets": {"propositional_logic": {"count": 3}}}
    summary = run(write_manifest({"rl": {"sources": [source]}}), tmp_path / "out")
    assert summary["configs"]["rl"]["sources"]["reasoning_gym"]["out"] == 3
