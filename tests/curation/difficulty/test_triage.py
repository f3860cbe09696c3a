"""Triage: suspect golds told from hard prompts, pictures that nobody needs, guesses."""

import json
import math
from typing import Any

import pytest

from curation.core.row import Message, Row
from curation.difficulty.triage.agreement import Agreement, agreement, n_options
from curation.difficulty.triage.marks import (
    Counts,
    Triage,
    chance_corrected,
    marks,
    picture_not_needed,
    without_pictures,
)
from curation.difficulty.triage.stage import triaged
from rewards import make_verifier


def row(name: str = "a", answer: str = "7", **fields: Any) -> Row:
    fields = {"source": "test", **fields}
    return Row(id=name, source_id=name, prompt=(Message("user", f"What is {name}?"),), answer=answer, **fields)


def agreed(one: Row, *answers: str) -> Agreement:
    verifier = make_verifier(one.answer, one.answer_kind, one.answer_options)
    return agreement(one, [verifier.judge(rf"\boxed{{{answer}}}" if answer else "none") for answer in answers])


LETTERS = {"answer_kind": "choice", "answer_options": json.dumps({"choices": ["cat", "dog", "emu", "fox"]})}


@pytest.mark.parametrize(
    ("one", "answers", "expected"),
    [
        (row(), ["7", "7", "8"], Agreement(3, 2, 1, "8", (2,))),
        (row(), ["1/2", "0.5", "3", r"\frac{2}{4}"], Agreement(4, 0, 3, "1/2", (0, 1, 3))),
        (row(), ["", "8", "", "8"], Agreement(2, 0, 2, "8", (1, 3))),
        (row(), [], Agreement(0, 0, 0)),
        (row(), ["", ""], Agreement(0, 0, 0)),
        (row(), ["3", "4", "4", "3"], Agreement(4, 0, 2, "3", (0, 3))),
        (row(answer="A", **LETTERS), ["B", "dog", "(b)", "C"], Agreement(4, 0, 3, "B", (0, 1, 2))),
        (row(answer="cat", **LETTERS), ["A", "B", "cat", "x"], Agreement(4, 2, 1, "B", (1,))),
        (row(answer="knight", answer_kind="text"), ["knave", "Knave", "spy"], Agreement(3, 0, 2, "knave", (0, 1))),
        (row(answer="5", answer_kind="number"), ["6", "6.0", "7"], Agreement(3, 0, 2, "6", (0, 1))),
        (row(answer="", answer_kind="math"), ["6", "6"], Agreement(0, 0, 0)),
    ],
)
def test_answers_that_the_reward_takes_for_one_agree(one: Row, answers: list[str], expected: Agreement) -> None:
    assert agreed(one, *answers) == expected


@pytest.mark.parametrize(
    ("one", "options"),
    [
        (row(), 0),
        (row(**LETTERS), 4),
        (row(answer_kind="choice"), 0),
        (row("it\nA. one\nB. two\nC. three", answer_kind="choice"), 3),
    ],
)
def test_options_are_counted(one: Row, options: int) -> None:
    assert n_options(one) == options


@pytest.mark.parametrize(
    ("pass_rate", "options", "corrected"),
    [(1, 4, 1), (0.25, 4, 0), (0.5, 2, 0), (0, 4, -1 / 3), (0.75, 2, 0.5), (0.4, 5, 0.25)],
)
def test_the_pass_rate_is_corrected_for_chance(pass_rate: float, options: int, corrected: float) -> None:
    assert chance_corrected(pass_rate, options) == pytest.approx(corrected)


@pytest.mark.parametrize(
    ("counts", "needed"),
    [
        ((8, 8), False),
        ((7, 8), False),
        ((6, 8), True),
        ((5, 5), False),
        ((4, 4), True),
        ((0, 0), True),
        ((8, 8, 4), False),
        ((7, 8, 4), True),
        ((8, 8, 2), True),
        ((12, 16), False),
        ((11, 16), True),
    ],
)
def test_a_picture_is_not_needed_where_most_blind_samples_are_right(counts: tuple[int, ...], needed: bool) -> None:
    assert picture_not_needed(*counts) is not needed


def test_a_row_without_pictures_is_another_prompt() -> None:
    assert without_pictures(row(images=(b"picture",))) == row()


@pytest.mark.parametrize(
    ("counts", "pass_rate", "probability", "names"),
    [
        (Counts(8, 0, 8), 0.0, 0.9, ["suspect_gold"]),
        (Counts(8, 0, 8), 0.0, 0.4, ["hard"]),
        (Counts(8, 0, 4), 0.0, 0.9, ["hard"]),
        (Counts(2, 0, 2), 0.0, 0.9, ["hard"]),
        (Counts(8, 1, 7), 0.125, 0.9, ["doubtful_gold"]),
        (Counts(8, 4, 2), 0.5, 0.0, []),
        (Counts(8, 8, 0), 1.0, 0.0, []),
        (Counts(8, 8, 0, 0, 8, 8), 1.0, 0.0, ["picture_not_needed"]),
        (Counts(8, 8, 0, 0, 2, 8), 1.0, 0.0, []),
        (Counts(8, 2, 3, 4), 0.25, 0.0, ["not_above_chance"]),
        (Counts(8, 3, 3, 4), 0.375, 0.0, []),
        (Counts(8, 1, 7, 4), 0.125, 0.6, ["doubtful_gold", "not_above_chance"]),
        (Counts(0, 0, 0), math.nan, 0.9, []),
        (Counts(0, 0, 0), 0.0, 0.0, ["hard"]),
    ],
)
def test_marks(counts: Counts, pass_rate: float, probability: float, names: list[str]) -> None:
    assert [mark.name for mark in marks(counts, pass_rate, probability, Triage())] == names


def test_suspicion_can_be_switched_off() -> None:
    off = Triage(suspect_gold=None)
    assert [mark.name for mark in marks(Counts(8, 0, 8), 0.0, 0.9, off)] == ["hard"]


@pytest.mark.parametrize(
    ("measured", "counts", "pass_rate", "options", "action", "reason"),
    [
        ("infeasible", Counts(8, 0, 8), 0.0, Triage(), "dropped", "suspect_gold"),
        ("truncated", Counts(3, 0, 3), 0.0, Triage(), "dropped", "truncated"),
        ("trivial", Counts(8, 8, 0), 1.0, Triage(), "dropped", "trivial"),
        ("keep", Counts(8, 0, 8), 0.0, Triage(), "dropped", "suspect_gold"),
        ("keep", Counts(8, 1, 7), 0.125, Triage(), "keep", ""),
        ("keep", Counts(8, 1, 7), 0.125, Triage(drop=("doubtful_gold",)), "dropped", "doubtful_gold"),
        ("keep", Counts(8, 4, 4), 0.5, Triage(), "keep", ""),
    ],
)
def test_marks_change_what_was_measured(
    measured: str, counts: Counts, pass_rate: float, options: Triage, action: str, reason: str
) -> None:
    difficulty = {"n_correct": counts.n_correct, "n_judged": counts.n_answered, "estimator": "share"}
    found = marks(counts, pass_rate, 0.9, options)
    decision = triaged(measured, difficulty, found, options)
    assert (decision.action, decision.reason, bool(decision.note)) == (action, reason, action == "keep" and bool(found))
