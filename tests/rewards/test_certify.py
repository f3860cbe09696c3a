"""Certification: its cases are what they claim, it finds a judge's mistakes, and it runs where the trainer runs."""

from __future__ import annotations

import json

import pytest

import rewards
from rewards import certify as certifying
from rewards.certify import Where, cases, certify

ROWS = [
    {"source": "a", "answer": r"\frac{3}{4}", "answer_kind": "math", "answer_options": "{}"},
    {"source": "a", "answer": "-1234.5", "answer_kind": "math", "answer_options": "{}"},
    {"source": "a", "answer": "(3, 4)", "answer_kind": "math", "answer_options": "{}"},
    {"source": "a", "answer": r"2\sqrt{3}", "answer_kind": "math", "answer_options": "{}"},
    {
        "source": "b",
        "answer": "B",
        "answer_kind": "choice",
        "answer_options": json.dumps({"choices": ["swan", "duck", "goose"]}),
    },
    {
        "source": "b",
        "answer": "A, C",
        "answer_kind": "choices",
        "answer_options": '{"choices": ["swan", "duck", "goose"]}',
    },
    {"source": "b", "answer": "blue", "answer_kind": "text", "answer_options": "{}"},
    {"source": "b", "answer": "blue", "answer_kind": "text", "answer_options": '{"aliases": ["not blue", "azure"]}'},
    {"source": "b", "answer": "3", "answer_kind": "math", "answer_options": '{"aliases": ["-3", "7"]}'},
    {"source": "b", "answer": "] )", "answer_kind": "text", "answer_options": "{}"},
    {"source": "b", "answer": '{"Ann": "knight", "Bo": "knave"}', "answer_kind": "assignment", "answer_options": "{}"},
    {"source": "c", "answer": "[[1, 2, 30, 40], [50, 60, 70, 80]]", "answer_kind": "boxes", "answer_options": "{}"},
    {"source": "c", "answer": "[[1, 2], [50, 60]]", "answer_kind": "points", "answer_options": "{}"},
    {"source": "c", "answer": "12.5", "answer_kind": "number", "answer_options": '{"rel_tol": 0.05}'},
]


@pytest.mark.slow
@pytest.mark.parametrize("where", ["here", "thread", "process"])
def test_valid_rows_pass_everywhere(where: Where) -> None:
    certificate = certify(ROWS, where)
    assert sum(group.rows for group in certificate.groups.values()) == len(ROWS)
    assert not list(certificate.failures())
    assert certificate.passes(0.0, 0.0)


def test_rows_have_both_sorts_of_cases() -> None:
    for row in ROWS:
        of_row = cases(row["answer"], row["answer_kind"], row["answer_options"])
        assert {case.right for case in of_row} == {True, False}, row
    certified = {row["answer_kind"] for row in ROWS}
    with_cases = {name for name, kind in rewards.kinds().items() if kind.equivalents is not rewards.Kind.equivalents}
    assert certified == with_cases


@pytest.mark.parametrize(
    ("kind", "gold"), [("boxes", "[1, 2, 3, 4], [5, 6, 7, 8]"), ("points", "[a, b]"), ("assignment", "[2, 3")]
)
def test_a_gold_that_is_no_json_has_no_other_cases(kind: str, gold: str) -> None:
    assert [case.how for case in cases(gold, kind)] == ["itself"]


def test_a_lenient_judge_and_an_unreadable_gold_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certifying.trl, "accuracy", lambda completions, **columns: [1.0] * len(completions))
    certificate = certify(ROWS, "here")
    assert all(group.false_positives and not group.false_negatives for group in certificate.groups.values())
    assert not certificate.passes(1.0, 0.01)
    monkeypatch.undo()
    row = {"id": "f3", "source": "a", "source_id": "train:7", "answer": "many", "answer_kind": "number"}
    unreadable = certify([row], "here").groups["a", "number"]
    assert unreadable.not_judged == unreadable.cases
    assert len(unreadable.failures) == unreadable.cases
    assert {(f.id, f.source_id, f.outcome, f.reward) for f in unreadable.failures} == {
        ("f3", "train:7", "unreadable_gold", None)
    }


def test_a_sample_is_the_same_every_time() -> None:
    rows = [{"source": "a", "answer": str(n), "answer_kind": "math"} for n in range(50)]
    first, second = certify(rows, "here", max_rows=5), certify(rows[::-1], "here", max_rows=5)
    assert first.groups["a", "math"].rows == second.groups["a", "math"].rows == 5
    assert first == second
