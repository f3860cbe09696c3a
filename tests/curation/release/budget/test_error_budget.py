"""The error budget against sets in which it is known what is wrong; the whole table is printed by tests/benchmarks/error_budget.py."""

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from curation.cli import main
from curation.core.errors import BuildError
from curation.release.budget.audit import Audit, clopper_pearson
from curation.release.budget.audit_file import AUDIT_FILE, read_audit, write_audit
from curation.release.budget.budget import BUDGET_FILE, Range, read_budget, write_budget
from curation.release.budget.contamination import leaks
from curation.release.budget.draws import Draws, N, added, any_of
from curation.release.budget.gold import share_wrong
from curation.release.budget.mistakes import mistakes_of
from curation.release.budget.reckon import error_budget
from curation.release.dataset import Dataset, open_dataset
from tests.curation.release.budget.planted import Planting, Truth, counted, plant


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """A finished build with 8 % wrong golds and 4 % leaks, to be read and not changed."""
    folder = tmp_path_factory.mktemp("planted")
    truth = plant(folder, Planting(0.08, share_leaks=0.04, rows=160, seed=1))
    assert main(["build", str(folder / "manifest.yaml"), "--out", str(folder / "out")]) == 0
    return folder / "out", truth


@pytest.fixture
def copy(planted: tuple[Path, Truth], tmp_path: Path) -> Path:
    shutil.copytree(planted[0], tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.slow
def test_a_build_says_what_of_its_rows_may_be_wrong(planted: tuple[Path, Truth]) -> None:
    out, truth = planted
    budget = read_budget(out)
    assert budget is not None
    rl = budget.configs["rl"]
    gold, leak, sampling = rl.cause("gold"), rl.cause("contamination"), rl.cause("sampling")
    golds, leaked = truth.share(out) - truth.share(out, ["leak"]), truth.share(out, ["leak"])
    assert gold.evidence == leak.evidence == sampling.evidence == "measured"
    assert gold.low <= golds <= gold.high < 0.25
    assert leak.low <= leaked <= leak.high < 0.1
    assert rl.measured.low <= truth.share(out) <= rl.measured.high < 0.3
    assert not sampling.in_total
    assert 0 < sampling.detail["other_stratum"] < 1
    assert set(gold.by_source) == set(leak.by_source) == {"open", "choice4"}
    # Nobody has tried the reward yet, so in all anything may be wrong, and the note says what to do.
    assert (rl.cause("verifier").evidence, rl.cause("verifier").share, rl.high) == ("not_measured", None, 1.0)
    assert "ovr-curate certify" in rl.note


def test_the_same_build_has_the_same_budget(planted: tuple[Path, Truth], copy: Path) -> None:
    write_budget(copy, error_budget(open_dataset(copy)))
    assert (copy / BUDGET_FILE).read_bytes() == (planted[0] / BUDGET_FILE).read_bytes()


def test_a_certificate_closes_the_total(copy: Path) -> None:
    summary = json.loads((copy / "summary.json").read_text())
    kinds = {"math": {"rows": 60, "cases": 600, "false_negatives": 3, "false_positives": 0, "not_judged": 0}}
    choices = {"choice": {**kinds["math"], "false_negatives": 0}}
    summary["certificate"] = {"open": kinds, "choice4": choices}
    (copy / "summary.json").write_text(json.dumps(summary))
    rl = error_budget(open_dataset(copy)).configs["rl"]
    verifier = rl.cause("verifier")
    assert (verifier.evidence, rl.note) == ("measured", "")
    assert verifier.by_source["open"].low > 0.005 > 0.001 > verifier.by_source["choice4"].low
    assert rl.high == rl.measured.high < 0.5


def test_what_has_no_evidence_may_be_anything(copy: Path) -> None:
    for file in (copy / "stages").glob("*-triage/agreement.parquet"):
        file.unlink()
    gold = error_budget(open_dataset(copy)).configs["rl"].cause("gold")
    assert (gold.evidence, gold.share, gold.low, gold.high) == ("not_measured", None, 0.0, 1.0)
    assert "ovr-curate audit" in gold.how


def test_leaks_without_a_matcher_are_not_measured(copy: Path) -> None:
    lock = yaml.safe_load((copy / "manifest.lock.yaml").read_text())
    lock["manifest"]["rl"]["decontaminate"] = None
    (copy / "manifest.lock.yaml").write_text(yaml.safe_dump(lock))
    cause, _ = leaks(open_dataset(copy), "rl", {"open": 60, "choice4": 60}, 0)
    assert (cause.evidence, cause.high) == ("not_measured", 1.0)
    assert "decontaminate" in cause.how


def test_an_audit_narrows_the_golds(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = read_budget(copy)
    assert main(["audit", str(copy), "-n", "1"]) == 0
    assert "rl: 2 rows instead of 1: one of each source" in capsys.readouterr().out
    assert main(["audit", str(copy), "-n", "60"]) == 0
    lines = [json.loads(line) for line in (copy / AUDIT_FILE).read_text().splitlines()]
    n_open = sum(line["source"] == "open" for line in lines)
    assert (len(lines), {line["source"] for line in lines}) == (60, {"open", "choice4"})
    assert all(line["label"] is None and line["prompt"] and line["answer"] for line in lines)
    labels = copy.parent / "labels.jsonl"
    labels.write_text("".join(json.dumps({**line, "label": "right"}) + "\n" for line in lines))
    assert main(["audit", str(copy), "--labels", str(labels)]) == 0
    after = read_budget(copy)
    wide, narrow = (one.configs["rl"].cause("gold") for one in (before, after) if one)
    assert narrow.high < wide.high
    assert narrow.detail["audit"]["open"]["right"] == n_open
    assert "labelled" in capsys.readouterr().out
    assert main(["audit", str(copy), "-n", "60"]) == 1  # a sample would be written over labels
    assert "has labels already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"label": "maybe"}, "line 2: got the label 'maybe', expected null or one of right, wrong, unsure"),
        ({"id": "nobody"}, "line 2: got the row 'nobody' of 'rl'"),
        ({"id": [1]}, "line 2: got the id [1], expected text"),
        ({"config": "sft"}, "of 'sft', which "),
        ({"source": "nobody"}, "' of 'rl' with the source 'nobody', expected '"),
        ({"answer": "another"}, "' of 'rl' with the answer 'another', expected '"),
        ("not json", "line 2: Expecting value; expected JSON Lines as `ovr-curate audit DIR`"),
        ("[1]", "line 2: got list; expected JSON Lines"),
        ('{"gold": 1}', "line 2: has no 'id'; expected JSON Lines"),
        ("[" * 100_000, "line 2: maximum recursion depth"),
        ("\udc89PNG", "labels.jsonl: not text in UTF-8; expected JSON Lines"),
        ({}, "again, expected each once"),
    ],
)
def test_bad_labels_are_one_line(planted: tuple[Path, Truth], tmp_path: Path, change: object, said: str) -> None:
    dataset = open_dataset(planted[0])
    one = next(dataset.records("rl", ["id"]))["id"]
    line = {"id": one, "config": "rl", "label": "right"}
    second = change if isinstance(change, str) else json.dumps({**line, **change})  # type: ignore[dict-item]
    (tmp_path / "labels.jsonl").write_text(f"{json.dumps(line)}\n{second}\n", errors="surrogateescape")
    with pytest.raises(BuildError) as error:
        read_audit(tmp_path / "labels.jsonl", dataset)
    assert said in str(error.value)


def test_a_question_with_several_traces_is_one_gold_to_label(tmp_path: Path) -> None:
    row = {"id": "q", "source": "s", "prompt": [{"role": "user", "content": "1 + 1?"}], "answer": "2"}
    shard = tmp_path / "data" / "cold_start" / "train-00000-of-00001.parquet"
    shard.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist([row, row, {**row, "id": "r"}]), shard)
    (tmp_path / "summary.json").write_text('{"configs": {"cold_start": {}}}')
    assert write_audit(Dataset(tmp_path), 5, 0, tmp_path / AUDIT_FILE) == {"cold_start": Counter(s=2)}


def test_labels_of_another_set_count_for_nothing(copy: Path) -> None:
    (copy / AUDIT_FILE).write_text(json.dumps({"id": "gone", "config": "rl", "label": "right"}) + "\n")
    rl = error_budget(open_dataset(copy)).configs["rl"]
    assert "draw a sample again" in rl.note
    assert "audit" not in rl.cause("gold").detail


AUDITS = [
    # labels by source, rows by source, the interval
    ({"a": (50, 0, 0)}, {"a": 1000}, (0.0, 0.0711)),
    ({"a": (48, 2, 0)}, {"a": 1000}, (0.0049, 0.1371)),
    ({"a": (48, 0, 2)}, {"a": 1000}, (0.0, 0.1371)),  # unsure: right at the low end, wrong at the high end
    ({"a": (50, 0, 0)}, {"a": 900, "b": 100}, (0.0, 0.9 * 0.0711 + 0.1)),  # nobody looked at b
]


@pytest.mark.parametrize(("labels", "rows", "ends"), AUDITS)
def test_the_interval_of_an_audit(
    labels: dict[str, tuple[int, int, int]], rows: dict[str, int], ends: tuple[float, float]
) -> None:
    counts = {name: Counter(dict(zip(("right", "wrong", "unsure"), of, strict=True))) for name, of in labels.items()}
    found = Audit(counts, rows).range(0.025)
    assert (found.low, found.high) == pytest.approx(ends, abs=2e-4)


def test_audits_with_other_weights_are_wider_than_they_look() -> None:
    even = Audit({"a": Counter(right=50), "b": Counter(right=50)}, {"a": 500, "b": 500}).range(0.025)
    skewed = Audit({"a": Counter(right=90), "b": Counter(right=10)}, {"a": 500, "b": 500}).range(0.025)
    assert skewed.high > even.high == pytest.approx(clopper_pearson(0, 100, 0.025)[1])


@pytest.mark.parametrize("options", [0, 2, 3, 4, 6])
@pytest.mark.parametrize("n", [3, 8])
def test_the_stories_are_distributions(options: int, n: int) -> None:
    """Over all that n answers can come to, the probabilities of mistakes add up to 1."""
    mistakes = mistakes_of(options)
    assert sum(mistakes.most(m, n) for m in range(n + 1)) == pytest.approx(np.ones(8))
    total = sum(mistakes.gold_and_rest(k, n - k, m, at_most=False) for k in range(n + 1) for m in range(n + 1))
    used = mistakes.priors()[1] > 0.01
    assert total[:, used] == pytest.approx(np.ones((8, used.sum())))


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.02, 0.10])
def test_intervals_cover_the_planted_share_and_say_something(share: float) -> None:
    covered, widths = 0, []
    for seed in range(3):
        made = counted(Planting(share, rows=300, seed=seed))
        total = sum(int(kept.sum()) for kept in made.kept.values())
        parts = [
            (int(kept.sum()) / total, share_wrong(made.counts[o], np.where(kept, 0, -1), o, seed)[0])
            for o, kept in made.kept.items()
        ]
        found = added(parts).range
        covered += found.low <= made.share <= found.high
        widths.append(found.high - found.low)
    assert covered == 3
    assert np.mean(widths) < 0.15


@pytest.mark.parametrize("options", [0, 2, 3, 4])
def test_every_outcome_has_an_interval(options: int) -> None:
    """Small models answer with what is no option, so that two options besides the gold get three different mistakes."""
    counts = np.array([(n, k, m) for n in range(1, 9) for k in range(n + 1) for m in range(n > k, n - k + 1)])
    share = share_wrong(counts, np.zeros(len(counts), np.int64), options, seed=1)[0]
    assert np.isfinite([share.low, share.high]).all()


def test_parts_and_causes_add_up() -> None:
    half = Draws.of(0.5)
    assert added([(0.5, half), (0.5, Draws.of(0.1))]).range == Range(*[pytest.approx(0.3)] * 3)
    assert any_of([half, half], 0).range == Range(*[pytest.approx(0.75)] * 3)
    unknown = any_of([Draws.of(0.1), Draws.unknown()], 0).range
    assert (unknown.low, unknown.high) == (pytest.approx(0.1), 1.0)
    spread = Draws.same(np.linspace(0, 0.2, N))
    # What is wrong about one part may be wrong about all: two parts are no surer than one.
    assert added([(0.5, spread), (0.5, spread)]).range.high == pytest.approx(spread.range.high)


def test_a_released_set_keeps_its_budget(copy: Path) -> None:
    from curation.release.finish import finish

    before = (copy / BUDGET_FILE).read_bytes()
    for folder in ("stages", "rollouts"):
        shutil.rmtree(copy / folder)
    finish(copy)
    assert (copy / BUDGET_FILE).read_bytes() == before
