"""`build --control`: the sets beside the set, on a build with duplicates, golds that nothing can judge, measured difficulty and a target."""

import json
import os
import shutil
import signal
import time
from collections import Counter
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.cli import main
from curation.commands.check import check
from curation.core.errors import BuildError
from curation.core.parquet import read_records
from curation.release.shards import base_id
from tests.curation.conftest import run

MODULE = '''
from contextlib import contextmanager
from typing import Literal
from curation.core.row import make_row
from curation.sampling.engines.base import Engine, Response, Sample, sample_seed
from curation.sources.base import Source


class Unjudged(Source):
    """Rows with a gold that no judge can read."""
    kind: Literal["unjudged"] = "unjudged"

    def read(self, seed):
        for i in range(50, 56):
            question = f"How far is town {i} from town {i + 1}?"
            yield make_row(source=self.name, source_id=f"unjudged-{i}", question=question, answer=r"\\frac{1}{", **self.row_defaults())


class Coin(Engine):
    """Says 3 or 4."""
    kind: Literal["coin"] = "coin"
    model: str = "coin"

    def identity(self):
        return "coin", "1"

    @contextmanager
    def open(self):
        yield self

    def generate(self, requests, options):
        for r in requests:
            for n in r.sample_numbers:
                seed = sample_seed(r.seed, r.key, n)
                yield Response(r.key, (Sample(n, rf"\\boxed{{{3 + seed % 2}}}", "stop", n_tokens=1, seed=seed),), prompt_tokens=0)
'''
ROWS = [
    *(("fair", f"How far is town {i} from town {i + 1}?", "34"[i % 2]) for i in range(40)),
    *(("copy", f"How far  is town {i} from town {i + 1}?", "34"[i % 2]) for i in range(8)),
    *(("long", f"How far is town {i} from {'very ' * 20} far town {i + 1}?", "34"[i % 2]) for i in range(40, 46)),
    *(("never", f"How far is town {i} from town {i + 1}?", "9") for i in range(60, 66)),
    *(("conflict", f"How far is town 70 from town {71 + i % 3}?", "34"[i // 3]) for i in range(6)),
]
"""(what it is, question, gold)"""
TRACES = [("right", 3)] * 16 + [("wrong", 4)] * 6 + [("none", None)] * 2
"""(what it is, where the trace ends); the gold is 3."""


def control_manifest(folder: Path) -> Path:
    (folder / "town.py").write_text(MODULE)
    rows = [{"id": f"{what}-{i}", "q": question, "a": gold} for i, (what, question, gold) in enumerate(ROWS)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    traces = [
        {"id": f"{what}-{i}", "q": f"How many towns are {i} to {i + 2}?", "a": "3", "t": answer and trace_to(answer)}
        for i, (what, answer) in enumerate(TRACES)
    ]
    (folder / "traces.jsonl").write_text("".join(json.dumps(row) + "\n" for row in traces))
    fields = {"question": "q", "answer": "a", "id": "id"}
    source = {"kind": "table", "name": "t", "path": "rows.jsonl", "fields": fields, "accept": ["conflicting_golds"]}
    told = {**source, "path": "traces.jsonl", "fields": {**fields, "completion": "t"}}
    section = {
        "sources": [source, {"kind": "unjudged"}],
        "splits": {"test": 0.25},
        "filters": [{"kind": "length", "max_chars": 100}],
        "difficulty": {"sampler": {"kind": "coin"}, "n": 4},
        "triage": {"images": ["blank"]},
        "mixture": {"target": 25, "group_by": ["stratum"], "temperature": 5},
    }
    path = folder / "manifest.yaml"
    path.write_text(
        yaml.safe_dump(
            {"name": "test", "seed": 4, "plugins": ["town"], "rl": section, "cold_start": {"sources": [told]}}
        )
    )
    return path


def trace_to(answer: int) -> str:
    return f"<think>I count them.</think> \\boxed{{{answer}}}"


@pytest.fixture(scope="module")
def controlled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished build with controls, to be read and not changed; the manifest lies beside it."""
    folder = tmp_path_factory.mktemp("controlled")
    run(control_manifest(folder), folder / "out", control=True)
    return folder / "out"


@pytest.fixture
def copied(controlled: Path, tmp_path: Path) -> Path:
    """The same build, to be changed."""
    shutil.copytree(controlled, tmp_path / "out")
    return tmp_path / "out"


def rows_of(folder: Path, config: str = "rl") -> list[dict[str, Any]]:
    """The rows of a set, with their split and what they are."""
    shards = sorted((folder / "data" / config).glob("*.parquet"))
    rows = [{**row, "split": shard.name.partition("-")[0]} for shard in shards for row in read_records(shard)]
    return [{**row, "what": row["source_id"].partition("-")[0]} for row in rows]


def controls_in(out: Path) -> dict[str, list[dict[str, Any]]]:
    return {folder.parents[1].name: rows_of(folder.parents[1]) for folder in sorted(out.glob("control/*/data/rl"))}


def control_bytes(out: Path) -> dict[str, bytes]:
    return {str(file.relative_to(out)): file.read_bytes() for file in out.glob("control/*/data/**/*.parquet")}


@pytest.mark.slow
def test_every_control_but_the_unfiltered_pool_is_as_large_as_the_set_in_every_split(controlled: Path) -> None:
    sizes = Counter(row["split"] for row in rows_of(controlled))
    controls = controls_in(controlled)
    left_out = ("filter", "verify_golds", "duplicates", "difficulty", "mixture")
    assert set(controls) == {"unfiltered", "random", *(f"without_{stage}" for stage in left_out)}
    assert sizes["train"] > sizes["test"] > 0
    assert len(controls.pop("unfiltered")) == len(ROWS) + 6
    assert {name: Counter(row["split"] for row in rows) for name, rows in controls.items()} == dict.fromkeys(
        controls, sizes
    )


@pytest.mark.slow
def test_what_is_held_back_from_the_set_is_held_back_from_every_control(controlled: Path) -> None:
    """Also of the pool: no row of the set's test split, and no copy of one that has its id, can be trained on."""
    held_back = {row["id"] for row in rows_of(controlled) if row["split"] == "test"}
    for name, rows in controls_in(controlled).items():
        ids = [row["id"] for row in rows]
        assert len(ids) == len(set(ids)), name
        assert held_back.isdisjoint(base_id(row["id"]) for row in rows if row["split"] == "train"), name


@pytest.mark.slow
def test_each_control_has_what_the_stage_left_out_would_have_dropped_and_nothing_else(controlled: Path) -> None:
    """`copy`: merged by `duplicates`, as are the golds in conflict; `never`: dropped by `difficulty`; `fair`: all that is in the set."""
    what = {name: {row["what"] for row in rows} for name, rows in controls_in(controlled).items()}
    assert {row["what"] for row in rows_of(controlled)} == {"fair"}
    assert what["unfiltered"] == {"fair", "copy", "long", "unjudged", "never", "conflict"}
    assert {"copy", "conflict"} < what["random"] <= what["unfiltered"] - {"unjudged"}
    assert what["without_filter"] == {"fair", "long"}
    assert what["without_verify_golds"] <= {"fair", "unjudged"}
    assert what["without_duplicates"] == {"fair", "copy", "conflict"}
    assert what["without_difficulty"] == {"fair", "never"}
    assert what["without_mixture"] == {"fair"}


@pytest.mark.slow
def test_controls_of_a_cold_start_are_of_rows_with_a_trace(controlled: Path) -> None:
    """Right or wrong: to be verified is what curation adds."""
    found = {
        folder.name: Counter(row["what"] for row in rows_of(folder, "cold_start"))
        for folder in controlled.glob("control/*")
        if (folder / "data/cold_start").exists()
    }
    assert found.keys() == {"unfiltered", "random", "without_verify_traces", "without_duplicates"}
    assert Counter(row["what"] for row in rows_of(controlled, "cold_start")) == {"right": 16}
    assert found["unfiltered"] == {"right": 16, "wrong": 6}
    assert found["random"].total() == found["without_verify_traces"].total() == 16
    assert found["random"]["wrong"] > 0 < found["without_verify_traces"]["wrong"]


@pytest.mark.slow
def test_a_control_knows_the_pass_rates_that_were_measured_and_samples_none(controlled: Path, copied: Path) -> None:
    """A copy that was merged has the rate of the one that stayed for it; what never came to be sampled has none."""
    measured = {row["id"]: row["difficulty"] for row in rows_of(controlled)}
    without = controls_in(controlled)["without_duplicates"]
    for row in without:
        if row["what"] == "conflict":
            assert row["difficulty"] is None
        elif base_id(row["id"]) in measured:
            assert row["difficulty"] == measured[base_id(row["id"])]
    assert any("." in row["id"] and row["difficulty"] for row in without)
    assert not list(controlled.glob("control/**/rollouts"))
    stored = {file: file.stat().st_mtime_ns for file in (copied / "rollouts").rglob("*.parquet")}
    shutil.rmtree(copied / "control")
    run(controlled.parent / "manifest.yaml", copied, control=True)
    assert {file: file.stat().st_mtime_ns for file in (copied / "rollouts").rglob("*.parquet")} == stored
    assert control_bytes(copied) == control_bytes(controlled)


@pytest.mark.slow
def test_the_summary_says_sizes_and_seed_and_check_reads_the_controls(controlled: Path, copied: Path) -> None:
    control = json.loads((controlled / "summary.json").read_text())["configs"]["rl"]["control"]
    rows = controls_in(controlled)
    assert control["seed"] == 4
    assert control["sets"].keys() == rows.keys()
    ids = {row["id"] for row in rows_of(controlled)}
    for name, told in control["sets"].items():
        bases = [base_id(row["id"]) for row in rows[name]]
        assert sum(told["rows"].values()) == len(bases) <= told["drawn_of"]
        assert told["in_the_set"] == len(ids & set(bases))
        assert told["copies"] == len(bases) - len(set(bases))
    assert control["sets"]["random"]["drawn_of"] == len(ROWS)
    assert "control/random: 25 rows" in check(copied)
    next((copied / "control/random/data/rl").glob("train-*")).unlink()
    with pytest.raises(BuildError, match=r"control/random.*missing"):
        check(copied)


@pytest.mark.slow
def test_a_second_build_runs_nothing_and_one_that_was_killed_goes_on(controlled: Path, copied: Path) -> None:
    """kill -9 while the controls are written, once the first set is there; the next build ends with the same bytes."""
    manifest = controlled.parent / "manifest.yaml"
    run(manifest, copied, control=True)
    done = {file: file.stat().st_mtime_ns for file in controlled.rglob("done.json")}
    assert {copied / f.relative_to(controlled): t for f, t in done.items()} == {
        file: file.stat().st_mtime_ns for file in copied.rglob("done.json")
    }
    shutil.rmtree(copied / "control")
    if not (process := os.fork()):
        server: Any = forkserver.ensure_running.__self__  # that of this process cannot be its child's
        server._forkserver_pid = server._forkserver_alive_fd = server._forkserver_address = None
        run(manifest, copied, control=True)
        os._exit(0)
    first = copied / "control/unfiltered/data/rl"
    while not (
        list(copied.glob("control/unfiltered/stages/*-rl-shards/done.json"))
        and (copied / "control/random/stages").exists()
    ):
        assert os.waitpid(process, os.WNOHANG) == (0, 0), "the build ended before its controls"
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    assert not (copied / "control/rl.json").exists()
    kept = (first / "train-00000-of-00001.parquet").stat().st_ino
    run(manifest, copied, control=True)
    assert (first / "train-00000-of-00001.parquet").stat().st_ino == kept
    assert control_bytes(copied) == control_bytes(controlled)


@pytest.mark.slow
def test_controls_of_another_manifest_do_not_stay(controlled: Path, copied: Path) -> None:
    manifest = controlled.parent / "manifest.yaml"
    summary = run(manifest, copied)
    assert summary["configs"]["rl"]["control"]["sets"]
    summary = run(manifest, copied, changes=("rl.mixture.target=20",))
    assert "control" not in summary["configs"]["rl"]
    assert not (copied / "control").exists()


def test_control_does_not_go_with_a_dry_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["build", "m.yaml", "--out", str(tmp_path), "--control", "--dry-run"])
    assert raised.value.code == 2
    assert "--control does not go with --dry-run" in capsys.readouterr().err
