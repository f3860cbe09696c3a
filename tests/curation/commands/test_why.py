"""`ovr-curate why`: a row's end, its pass rate and its samples, of a build whose samples were in the store before it began."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

from curation.build.build import build
from curation.cli import main
from curation.commands.diff.show import diff
from curation.commands.why import Asked, why
from curation.commands.why.find import lines_of
from curation.core.errors import BuildError
from curation.core.ledger import LEDGER
from curation.core.lock import public_lock
from curation.core.parquet import read_records
from curation.core.row import Message
from curation.release.dataset import Dataset
from curation.release.report import cards
from curation.release.report.section import Page
from curation.release.report.sections.gallery import Gallery
from curation.sampling.engines.base import Request, Sample
from curation.sampling.identity import model_identity
from curation.sampling.rollouts.rollout import Rollout, Setting, prompt_hash
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.template import apply_to_messages, template_hash
from tests.curation.sampling.models import png

TEMPLATE = r"{question} Answer in \boxed{}."
MAX_SAMPLES = 8
IMAGE = png("red", 112, 112)
RIGHT = {"sum": (0, 2, 3), "seen": (1, 3, 5, 7), "easy": range(MAX_SAMPLES), "hard": ()}
"""Row -> which of its samples are right; of `seen` sample 2 is cut off."""


def rollout(row: str, number: int, setting: Setting, question: str) -> Rollout:
    messages = apply_to_messages(TEMPLATE, (Message("user", question),))
    prompt = prompt_hash(Request(row, messages, (IMAGE,), (), 0))
    cut = row == "seen" and number == 2
    text = f"So it is \\boxed{{{7 if number in RIGHT[row] else 90 + number}}}."
    sample = Sample(number, "" if cut else text, "length" if cut else "stop", 48 if cut else 10 + number, number)
    return Rollout(prompt, row, setting, 48, sample, 20, 0.1)


def uncounted(row: str, setting: Setting, question: str) -> list[Rollout]:
    """Older samples, which no pass rate is the share of: cut off under a shorter limit, or drawn at another temperature."""
    first = rollout(row, 0, setting, question)
    cut = replace(first.sample, text="So", finish_reason="length", n_tokens=8)
    return [replace(first, max_tokens=8, sample=cut), replace(first, setting=replace(setting, temperature=0.5))]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("why")
    (folder / "model").mkdir()
    (folder / "model" / "config.json").write_text("{}")
    (folder / "red.png").write_bytes(IMAGE)
    setting = Setting(*model_identity(str(folder / "model")), template_hash(TEMPLATE), 1.0, 1.0)
    questions = {name: f"What is 3 + 4, asked for the {name} time?" for name in RIGHT}
    records = [{"id": name, "question": text, "answer": "7", "image": "red.png"} for name, text in questions.items()]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, records)))
    with RolloutStore(folder / "out" / "rollouts") as store:
        for name, text in questions.items():
            store.append(uncounted(name, setting, text))
            store.append([rollout(name, number, setting, text) for number in range(MAX_SAMPLES)])
    (folder / "out" / ".lock").touch()
    difficulty = {
        "sampler": {"kind": "transformers", "model": str(folder / "model")},
        "sampling": {"max_tokens": 48},
        "n": 4,
        "stopping": {"kind": "bayes", "n_max": MAX_SAMPLES},
    }
    fields = {"id": "id", "question": "question", "answer": "answer", "images": "image"}
    source = {
        "kind": "table",
        "name": "t",
        "path": str(folder / "rows.jsonl"),
        "fields": fields,
        "accept": ["blank_images"],
    }
    rl = {"sources": [source], "dedup": {"near": False}, "difficulty": difficulty}
    manifest = {"name": "why", "prompt_template": TEMPLATE, "rl": rl}
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    build(folder / "manifest.yaml", folder / "out")
    return folder / "out"


def samples(told: str) -> list[list[str]]:
    """The lines of the table of samples."""
    return [line.split() for line in told.splitlines() if line.split()[:1] and line.split()[0].isdigit()]


@pytest.mark.slow
def test_a_kept_row_tells_its_pass_rate_and_its_samples(built: Path) -> None:
    (record,) = [r for r in read_records(next(built.glob("data/rl/train-*"))) if r["source_id"] == "seen"]
    measured, told = record["difficulty"], why(built, "t/seen")
    assert measured["estimator"] == "posterior_mean"
    assert measured["share"] == measured["n_correct"] / measured["n_judged"] != measured["pass_rate"]
    assert f"t/seen {record['id']}: kept, in split train" in told
    assert f"pass rate: {measured['pass_rate']:.3f}, the posterior mean; 95 % interval {measured['ci_low']:.3f}" in told
    assert (
        f"share of the judged samples: {measured['share']:.3f} ({measured['n_correct']} of {measured['n_judged']}"
        in told
    )
    assert f"{measured['n_correct']} correct" in told
    assert "1 cut off" in told
    assert f"sampling stopped: {measured['stop_reason']}" in told
    assert f"stratum: {record['stratum']}" in told
    assert "sampler: model @ " in told
    assert "gold: 7 (" in told
    lines = samples(told)
    assert len(lines) == measured["n_judged"] + measured["n_truncated"]
    assert [line[1:] for line in lines[:4]] == [
        ["wrong", "10", "stop", "90"],
        ["correct", "11", "stop", "7"],
        ["truncated", "48", "length"],
        ["correct", "13", "stop", "7"],
    ]
    assert why(built, record["id"]) == told


@pytest.mark.slow
@pytest.mark.parametrize(("row", "outcome"), [("easy", "correct"), ("hard", "wrong")])
def test_a_row_that_triage_dropped_tells_the_same(built: Path, row: str, outcome: str) -> None:
    told = why(built, f"t/{row}")
    assert ": dropped in " in told.splitlines()[0]
    assert "-triage: " in told.splitlines()[0]
    assert "the posterior mean" in told
    assert {line[1] for line in samples(told)} == {outcome}


@pytest.mark.slow
def test_the_gallery_shows_the_samples_that_the_pass_rate_counts(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "SAMPLES", MAX_SAMPLES)
    facts = Gallery().facts(Dataset(built), Page(0))
    assert facts is not None
    assert {card.source_id for card in facts["cards"]} == RIGHT.keys()
    for card in facts["cards"]:
        row, difficulty = card.source_id, card.get("difficulty")
        n = difficulty["n_judged"] + difficulty["n_truncated"]
        outcomes = ["correct" if number in RIGHT[row] else "wrong" for number in range(n)]
        if row == "seen":
            outcomes[2] = "truncated"
        assert [(one.number, one.outcome) for one in card.samples] == list(enumerate(outcomes))
        assert outcomes.count("correct") == difficulty["n_correct"]
        assert [one.text for one in card.samples if one.outcome == "correct"] == [r"So it is \boxed{7}."] * difficulty[
            "n_correct"
        ]


@pytest.mark.slow
def test_without_its_rollouts_a_build_tells_the_rest(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "rollouts" / "verdicts")
    assert {line[1] for line in samples(why(tmp_path / "out", "t/sum"))} == {"no"}
    shutil.rmtree(tmp_path / "out" / "rollouts")
    shutil.rmtree(tmp_path / "out" / "stages")
    told = why(tmp_path / "out", "t/sum")
    assert "the posterior mean" in told
    assert f"samples: no rollouts in {tmp_path}/out/rollouts; they were moved or removed" in told
    assert [line.split(":")[0].strip() for line in why(tmp_path / "out", "t/easy").splitlines()[1:]] == [
        "read from",
        "not at hand",
    ]
    with pytest.raises(BuildError, match="no row has id or SOURCE/SOURCE_ID 't/none'"):
        why(tmp_path / "out", "t/none")


@pytest.mark.slow
def test_the_shards_of_an_earlier_version_are_read(built: Path, tmp_path: Path) -> None:
    """They have neither `share` nor `estimator`."""
    shutil.copytree(built, tmp_path / "out")
    for shard in (tmp_path / "out/data/rl").glob("*.parquet"):
        rows = pq.read_table(shard)
        old = [{k: v for k, v in d.items() if k not in ("share", "estimator")} for d in rows["difficulty"].to_pylist()]
        pq.write_table(rows.drop_columns("difficulty").append_column("difficulty", pa.array(old)), shard)
    told = why(tmp_path / "out", "t/seen")
    assert [line for line in why(built, "t/seen").splitlines() if "pass rate" not in line] == [
        line.replace(str(tmp_path / "out"), str(built)) for line in told.splitlines() if "pass rate" not in line
    ]


@pytest.mark.slow
def test_a_store_that_cannot_be_read_is_told(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "out")
    segment: Any = next((tmp_path / "out" / "rollouts").glob("*.parquet"))
    segment.write_bytes(segment.read_bytes()[: pq.read_metadata(segment).serialized_size])
    told = why(tmp_path / "out", "t/sum")
    assert "cannot be read" in told
    assert "the posterior mean" in told


def test_the_beginning_of_several_ids_names_them(tmp_path: Path) -> None:
    lines = [
        {**dict.fromkeys(LEDGER.names, ""), "config": "rl", "source": "s", "source_id": str(n), "id": f"ab{n}"}
        for n in range(30)
    ]
    lines.append({**lines[0], "source_id": "without an id", "id": ""})
    pq.write_table(pa.Table.from_pylist(lines, schema=LEDGER), tmp_path / "ledger.parquet")
    dataset = Dataset(tmp_path)
    assert [line["id"] for line in lines_of(dataset, "ab17")] == ["ab17"]
    with pytest.raises(BuildError, match=r"(?s)'ab' is the beginning of 30 ids; .*ab12  rl s/12.*and 10 more"):
        lines_of(dataset, "ab")
    assert [line["id"] for line in lines_of(dataset, "s/2")] == ["ab2"]
    for hostile, message in [
        ("", "got an empty id"),
        ("/", "no row has id .* '/'$"),
        ("a" * 10_000, r"no row has id .{,100}a\.\.\.'$"),
        ("\udcff\n", r"no row has id .{,40}udcff'$"),
    ]:
        with pytest.raises(BuildError, match=message):
            lines_of(dataset, hostile)


@pytest.mark.slow
def test_the_whole_life_of_a_row(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = why(built, "t/seen", Asked(tmp_path / "images", raw=True))
    assert f"read from: table {built.parent}/rows.jsonl, record seen" in told
    assert "record: record    rows.jsonl, record 2" in told
    assert "01-rl-collect: question 'What is 3 + 4, asked for the seen time?'; answer '7'" in told
    assert "-rl-difficulty: difficulty 'pass rate " in told
    (image,) = (tmp_path / "images").iterdir()
    assert f"image 1: 112x112 PNG, {len(IMAGE)} bytes, written to {image}" in told
    assert image.read_bytes() == IMAGE
    assert "; decided by rl.difficulty.max_pass_rate" in why(built, "t/easy")
    assert main(["why", str(built), "t/seen", "--json"]) == 0
    (facts,) = json.loads(capsys.readouterr().out)
    assert (facts["action"], facts["reason"], facts["cluster"]) == ("out", "train", [])
    assert facts["stages"][0]["stage"] == "01-rl-collect"


@pytest.mark.slow
def test_a_released_set_says_what_it_has_not(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = pq.read_table(built / "ledger.parquet")
    shutil.copytree(built / "data", tmp_path / "data")
    shutil.copy(built / "summary.json", tmp_path)
    lock = public_lock(yaml.safe_load((built / "manifest.lock.yaml").read_text()))
    (tmp_path / "manifest.lock.yaml").write_text(yaml.safe_dump(lock))
    gone = ledger.filter(pc.not_equal(ledger["action"], "out")).drop_columns("detail")
    pq.write_table(gone, tmp_path / "removed.parquet")
    kept, ended = why(tmp_path, "t/seen"), why(tmp_path, "t/hard")
    assert "kept, in split train" in kept
    assert "not at hand: its stages and its cluster: a released set has none" in kept
    assert "image 1: 112x112 PNG" in kept
    assert ": dropped in " in ended
    assert diff(built, tmp_path).options == []
    monkeypatch.chdir(tmp_path.parent)
    there = [f"rl.sources[0].path={built.parent}/rows.jsonl"]
    missing = why(tmp_path, "t/seen", Asked(raw=True))
    assert f"no such file: '{tmp_path}/rows.jsonl'; `--set rl.sources[0].path=...` says where it is" in missing
    assert "record: record    rows.jsonl, record 2" in why(tmp_path, "t/seen", Asked(raw=True, changes=there))
    shutil.copy(built.parent / "rows.jsonl", tmp_path)
    assert "record: record    rows.jsonl, record 2" in why(tmp_path, "t/seen", Asked(raw=True))
