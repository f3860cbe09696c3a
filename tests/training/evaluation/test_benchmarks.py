"""The benchmarks: their manifests read the published layouts, every row is in, and their scores are those worked out by hand."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import rewards
from curation.build.build import BuildOptions, build
from curation.build.load import load_manifest
from curation.core.row import Row
from curation.sources.base import BadRow
from curation.sources.table import Table
from tests.training.evaluation.published import ROWS
from training.data.shards import check_shards, read_rows
from training.evaluation.benchmarks import Answered, known, score

MANIFESTS = Path(__file__).resolve().parents[3] / "manifests" / "benchmarks"
LISTS = {"ovr", "real_sample"}
"""Lists of evaluation sets for decontamination, which are no manifests."""


def answered(source_id: str, *correct: float | None, read: Sequence[str | None] = (), **fields: Any) -> Answered:
    row = Row(id=source_id, source="s", source_id=source_id, prompt=(), **fields)
    return Answered(row, correct, tuple(read) or (None,) * len(correct))


def close(scores: dict[str, float]) -> Any:
    return pytest.approx(scores, abs=1e-9, nan_ok=True)


# ---- scoring ------------------------------------------------------------------------------------------------------------------------


def test_accuracy_is_the_mean_over_rows_of_the_mean_over_judged_samples() -> None:
    rows = [answered("1", 1, 0), answered("2", 1, None), answered("3", None, None)]
    assert score("aime24", rows) == {"accuracy": 0.75}
    rows = [answered("1", 1, domain="x"), answered("2", 0, domain="x"), answered("3", 0, domain="y")]
    assert score("mmlu_pro", rows) == close({"accuracy": 1 / 3, "x": 0.5, "y": 0.0})


def test_blink_is_the_mean_of_its_tasks() -> None:
    rows = [answered(str(n), n == 0, domain="jigsaw") for n in range(4)] + [answered("9", 1, domain="counting")]
    assert score("blink", rows) == close({"accuracy": 0.625, "counting": 1.0, "jigsaw": 0.25})


def test_dynamath_counts_a_question_in_the_worst_case_when_all_variants_are_right() -> None:
    rows = [answered("a/1", 1, 1), answered("a/2", 1, 0), answered("b/1", 1, 1), answered("b/2", 1, 1)]
    assert score("dynamath", rows) == close(
        {"average": 7 / 8, "worst_case": 3 / 4}
    )  # 2 of 2 in one run, 1 of 2 in the other
    rows[0] = answered("a/1", None, 1)
    assert score("dynamath", rows)["worst_case"] == 0.5  # what was not judged is not right


def test_charxiv_and_mmmu_pro_keep_their_parts_apart() -> None:
    rows = [answered("reasoning/1/0", 1), answered("descriptive/1/4", 0), answered("descriptive/1/11", 1)]
    assert score("charxiv", rows) == {"descriptive": 0.5, "reasoning": 1.0}
    rows = [answered("standard/a", 1), answered("standard/b", 0), answered("vision/a", 0)]
    assert score("mmmu_pro", rows) == {"overall": 0.25, "standard": 0.5, "vision": 0.0}
    assert score("mmmu_pro", rows[:2]) == {"standard": 0.5}


WEMATH = {
    # problem: its steps, then itself
    "2steps_1": [1, 1, 1],  # complete mastery
    "2steps_2": [1, 0, 1],  # rote memorization when strict, mastery when loose
    "2steps_3": [0, 0, 1],  # rote memorization
    "2steps_4": [1, 1, 0],  # inadequate generalization
    "3steps_1": [1, 1, 0, 0],  # insufficient knowledge
    "3steps_2": [0, 0, 1, 1],  # as 2steps_2
    "3steps_3": [1, 1, 1, 1],  # complete mastery
    "3steps_4": [0, 0, 0, 0],  # insufficient knowledge
}


def wemath(problems: dict[str, list[int]]) -> list[Answered]:
    rows = []
    for problem, correct in problems.items():
        n = len(correct) - 1
        names = [*(f"{n}steps_{step}" for step in range(1, n + 1)), f"{n}steps_multi"]
        rows += [answered(f"{problem}/{name}", right) for name, right in zip(names, correct, strict=True)]
    return rows


def test_wemath_in_four_dimensions_strict_and_loose() -> None:
    # strict: CM 2, RM 3; loose: CM 4, RM 1; IG 1 and IK 2 of 8 in both
    assert score("wemath", wemath(WEMATH)) == close(
        {
            "strict": 2.5 / 8, "loose": 4.5 / 8, "IK": 2 / 8, "IG": 1 / 8,
            "CM_strict": 2 / 8, "RM_strict": 3 / 5, "CM_loose": 4 / 8, "RM_loose": 1 / 5,
            "1_step": 11 / 20, "2_step": 3 / 4, "3_step": 2 / 4,
        }
    )  # fmt: skip


POPE = [  # gold, reward, what the judge read
    ("yes", 1, "yes"), ("yes", 1, "yes"), ("yes", 0, "no"), ("yes", 0, None),
    ("no", 1, "no"), ("no", 0, "Yes."), ("no", 0, "a cup"), ("no", 1, "no"),
]  # fmt: skip


def test_pope_takes_yes_for_the_positive_class() -> None:
    rows = [answered(f"random/{n}", right, read=[read], answer=gold) for n, (gold, right, read) in enumerate(POPE)]
    random = {"accuracy": 4 / 8, "precision": 2 / 3, "recall": 2 / 4, "f1": 4 / 7, "yes_ratio": 3 / 8}
    popular = {"accuracy": 1.0, "precision": 1.0, "recall": 1.0, "f1": 1.0, "yes_ratio": 0.5}
    assert score("pope", rows) == close(random | {f"random/{name}": value for name, value in random.items()})
    rows += [answered(f"popular/{n}", 1, read=[gold], answer=gold) for n, gold in enumerate(("yes", "no"))]
    both = score("pope", rows)
    assert {name: both[name] for name in random} == close({name: (random[name] + popular[name]) / 2 for name in random})
    assert (both["random/f1"], both["popular/f1"]) == close((4 / 7, 1.0))


def test_pope_of_a_model_that_never_says_yes() -> None:
    rows = [answered(f"random/{gold}", gold == "no", read=["no"], answer=gold) for gold in ("yes", "no")]
    assert score("pope", rows)["random/f1"] == 0.0


def test_hallusion_bench_by_answer_figure_and_question() -> None:
    rows = [
        answered("VS/chart/0/1/0", 1), answered("VS/chart/0/1/1", 1),  # an image: both right
        answered("VS/chart/0/2/0", 1), answered("VS/chart/0/2/1", 0),  # the changed one: one is wrong
        answered("VS/chart/0/0/0", 0), answered("VS/chart/0/0/1", 1),  # without: no figure
        answered("VD/math/0/0/0", 1),                                  # figure 0 of VD is an image
    ]  # fmt: skip
    assert score("hallusion_bench", rows) == close(
        {"aAcc": 5 / 7, "fAcc": 2 / 3, "qAcc": 1 / 3, "image/aAcc": 4 / 5, "image/fAcc": 2 / 3, "image/qAcc": 2 / 3}
    )


@pytest.mark.parametrize(
    ("benchmark", "rows", "said"),
    [
        ("mmlu", [answered("1", 1)], "unknown benchmark 'mmlu'; known: math500, "),
        ("pope", [], "pope: got no rows"),
        ("pope", [answered("17", 1, answer="yes")], "pope: row s/17: got the source_id '17', expected SPLIT/QUESTION"),
        ("pope", [answered("random/17", 1, answer="4")], "got the gold '4', expected yes or no"),
        ("pope", [answered("easy/17", 1, answer="no")], "got rows of the split 'easy', expected random, popular, adversarial"),
        ("pope", [answered("random/1", 1, answer="no"), answered("random/2", 1, 1, answer="no")], r"rows with \[1, 2\] samples"),
        ("dynamath", [answered("a/1", 1), answered("a/2", 1), answered("b/1", 1)], "question 'b' has 1 variants, expected 2"),
        ("wemath", wemath(WEMATH)[1:], "problem '2steps_1' has the rows 2steps_2, 2steps_multi; expected"),
        ("mmmu_pro", [answered("easy/1", 1)], "got rows of the setting 'easy', expected standard and vision"),
        ("charxiv", [answered("x/1/1", 1)], "got rows of the part 'x', expected reasoning and descriptive"),
        ("blink", [answered("1", 1)], "blink: row s/1: got no domain"),
    ],
)  # fmt: skip
def test_rows_that_lack_what_the_scoring_goes_by_are_one_line(benchmark: str, rows: list[Answered], said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        score(benchmark, rows)
    assert "\n" not in str(error.value)


# ---- manifests ----------------------------------------------------------------------------------------------------------------------


def test_every_benchmark_has_a_manifest_and_a_scoring() -> None:
    assert {path.stem for path in MANIFESTS.glob("*.yaml")} - LISTS == set(known()) == ROWS.keys()


def local(benchmark: str, folder: Path) -> list[str]:
    """The changes that make a manifest read files in `folder`, which have the published layout."""
    changes = []
    for number, records in enumerate(ROWS[benchmark]):
        file = folder / f"{number}.jsonl"
        file.write_text("".join(json.dumps(record) + "\n" for record in records))
        source = f"rl.sources[{number}]"
        changes += [
            f"{source}.hub=''",
            f"{source}.split=''",
            f"{source}.path={file}",
            f"{source}.images.read_as=base64",
        ]
    return changes


@pytest.mark.parametrize("benchmark", ROWS)
def test_a_manifest_reads_the_published_layout_and_is_scored(benchmark: str, tmp_path: Path) -> None:
    manifest = load_manifest(MANIFESTS / f"{benchmark}.yaml", local(benchmark, tmp_path))
    section = manifest.rl
    assert section is not None
    assert (section.splits, section.dedup.merge, section.filters) == ({"test": 1}, False, ())
    assert section.mixture.target is None
    rows = []
    for source, records in zip(section.sources, ROWS[benchmark], strict=True):
        assert isinstance(source, Table)
        read = list(source.read(0))
        assert [one for one in read if isinstance(one, BadRow)] == []
        assert len(read) == len(records)
        rows += [one for one in read if isinstance(one, Row)]
    for row in rows:
        gold = "yes" if row.answer == "1" else "no" if row.answer == "0" else row.answer
        verifier = rewards.make_verifier(row.answer, row.answer_kind, json.loads(row.answer_options))
        assert verifier.judge(f"\\boxed{{{gold}}}").outcome == "correct", row
    scores = score(benchmark, [Answered(row, (1.0,), (row.answer,)) for row in rows])
    assert all(
        value == 1 for name, value in scores.items() if name[:2] not in ("IK", "IG", "RM") and "ratio" not in name
    )
    assert not any(map(math.isnan, scores.values()))


def test_shuffled_options_keep_the_gold_and_do_not_depend_on_their_order(tmp_path: Path) -> None:
    golds = set()
    for number in range(12):
        record = ROWS["gpqa_diamond"][0][0] | {"Question": f"What conducts in case {number}?"}
        for file, first, last in (("a", "wood", "wool"), ("b", "wool", "wood")):
            (tmp_path / f"{file}.json").write_text(
                json.dumps([record | {"Incorrect Answer 1": first, "Incorrect Answer 3": last}])
            )
        manifest = load_manifest(MANIFESTS / "gpqa_diamond.yaml", local("gpqa_diamond", tmp_path))
        source = manifest.rl.sources[0] if manifest.rl else None
        assert isinstance(source, Table)
        one, other = (next(source.model_copy(update={"path": str(tmp_path / f"{file}.json")}).read(0)) for file in "ab")
        assert isinstance(one, Row)
        assert isinstance(other, Row)
        assert one.question == other.question
        assert json.loads(one.answer_options)["choices"]["ABCD".index(one.answer)] == "iron"
        golds.add(one.answer)
    assert golds == set("ABCD")


@pytest.mark.slow
@pytest.mark.parametrize("benchmark", ["pope", "wemath"])
def test_a_build_has_every_row_in_its_test_split(benchmark: str, tmp_path: Path) -> None:
    summary = build(
        MANIFESTS / f"{benchmark}.yaml", tmp_path / "out", BuildOptions(changes=tuple(local(benchmark, tmp_path)))
    )
    expected = [record for records in ROWS[benchmark] for record in records]
    rows = list(read_rows(check_shards(tmp_path / "out", "rl", "test")))
    assert len(rows) == len(expected), summary
    assert len({row.source_id for row in rows}) == len(rows)
    assert len({row.id for row in rows}) == len(rows) - (
        4 if benchmark == "pope" else 0
    )  # `yes` rows that the splits share
    scores = score(benchmark, [Answered(row, (1.0,), (row.answer,)) for row in rows])
    assert scores["f1" if benchmark == "pope" else "strict"] == 1
