"""Golds as data sets write them (rows of our own making in the shapes of the real ones)."""

from __future__ import annotations

import json
from typing import Any

import pytest

import rewards
from rewards.gold import Gold, Unreadable, read_gold

READ: list[tuple[Any, dict[str, Any], str, str]] = [
    ("72", {}, "72", "math"),
    (142.0, {}, "142.0", "math"),
    ("['9.6\\n']", {}, "9.6", "math"),
    (["9.6\n"], {}, "9.6", "math"),
    ("$$6$$", {}, "6", "math"),
    ("$x$ and $y$", {}, "$x$ and $y$", "math"),
    ("18.", {}, "18", "math"),
    ("30°", {}, "30°", "math"),
    ("x=30", {}, "x=30", "math"),
    ("007", {}, "007", "math"),
    ("1,234 dollars", {}, "1,234 dollars", "math"),
    ("She has 3*4=<<3*4=12>>12 pens.\n#### 12", {}, "12", "math"),
    (r"Hence the sum is $\boxed{\frac{1}{2}}$.", {}, r"\frac{1}{2}", "math"),
    (r"\boxed{1} and \boxed{2}", {}, "1, 2", "math"),
    ("Evelyn", {}, "Evelyn", "text"),
    (r"\text{odd}", {}, r"\text{odd}", "text"),
    ("<", {}, "<", "math"),
    ("B", {}, "B", "choice"),
    ("(C)", {}, "C", "choice"),
    ("B. The mean moves with every outlier, the median does not.", {}, "B", "choice"),
    ("C-It would take the weaker base", {}, "C", "choice"),
    ("D：the carrying capacity of the meadow", {}, "D", "choice"),
    ("B It moves with every outlier", {"question": "Which?\nA. mean\nB. median"}, "B", "choice"),
    ("median", {"question": "Which? (A) mean (B) median (C) mode"}, "B", "choice"),
    ("duck", {"options": ["swan", "duck"]}, "B", "choice"),
    (96, {"options": [142, 96]}, "B", "choice"),
    ("96.0", {"options": ["142", "96"]}, "B", "choice"),
    (1, {"options": ["swan", "duck"]}, "B", "choice"),
    ("b", {"options": {"a": "swan", "b": "duck"}}, "B", "choice"),
    ("(1) Ann is a knight\n(2) Bo is a knave", {}, '{"ann": "knight", "bo": "knave"}', "assignment"),
    ("The final answer is 12 apples in total for all", {}, "12 apples in total for all", "math"),
    ("[1, 2, 3, 4]", {"kind": "boxes"}, "[1, 2, 3, 4]", "boxes"),
]


@pytest.mark.parametrize(("raw", "hints", "answer", "kind"), READ)
def test_read(raw: Any, hints: dict[str, Any], answer: str, kind: str) -> None:
    gold = read_gold(raw, hints)
    assert isinstance(gold, Gold), gold
    assert (gold.answer, gold.answer_kind) == (answer, kind)
    json.loads(gold.options)


REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    (None, {}, "empty"),
    ("", {}, "empty"),
    ("None.", {}, "empty"),
    ("N/A", {}, "empty"),
    ("[]", {}, "empty"),
    ("heron", {"options": ["swan", "duck"]}, "none of the 2 options"),
    ("(a) 3 (b) 4", {}, "several parts"),
    ("(1) x<1 (2) y=x+1", {}, "several parts"),
    ("Show that $a = 2$.", {}, "a proof"),
    (
        "Both numbers divide the sum, so they divide the gcd as well.",
        {"question": "Prove that d divides g."},
        "a proof",
    ),
    (
        "The frequency of users within the basic standard is 0.6 per day as the chart of the town for all months says",
        {},
        "prose of",
    ),
    ("Because the plants in the shade grow more slowly than others", {}, "prose of"),
    ("x" * 5000, {}, "5000 characters"),
    ("many", {"kind": "number"}, "not one number"),
]


@pytest.mark.parametrize(("raw", "hints", "reason"), REFUSED)
def test_refused(raw: Any, hints: dict[str, Any], reason: str) -> None:
    gold = read_gold(raw, hints)
    assert isinstance(gold, Unreadable), gold
    assert reason in gold.reason


def test_a_question_that_asks_for_a_value_refuses_its_own_expression() -> None:
    gold = read_gold("4", {"question": "Compute $2+2$."})
    assert isinstance(gold, Gold)
    assert json.loads(gold.options) == {"evaluated": True}
    assert rewards.judge(gold.answer, r"\boxed{2+2}", gold.answer_kind, gold.options).outcome == "wrong"
    assert rewards.judge(gold.answer, r"\boxed{4.0}", gold.answer_kind, gold.options).outcome == "correct"
    assert read_gold(r"\sqrt{2}", {"question": "Compute it."}) == Gold(r"\sqrt{2}", "math", "{}")


def test_a_gold_may_be_empty_where_the_options_alone_decide() -> None:
    options = {"dataset": "graph_color", "entry": {"question": "", "answer": None, "metadata": {}}}
    gold = read_gold(None, {"kind": "reasoning_gym", "kind_options": options})
    assert gold == Gold("", "reasoning_gym", json.dumps(options, sort_keys=True))
    assert not rewards.make_verifier("", "reasoning_gym", gold.options).kind.needs_gold
    options["entry"] = {"question": "", "answer": "7", "metadata": {}}
    assert rewards.make_verifier("", "reasoning_gym", options).kind.needs_gold
    assert isinstance(read_gold("", {"kind": "reasoning_gym", "kind_options": options}), Unreadable)


PROSE = [
    "There are 30 people in the hall and each of them is to have 10 of the cards. Thus, it is 300.",
    "Prove that $n^2 + 1$ is even for the 3 values",
    "Show that the sum of the 3 angles is 180 degrees.",
    r"Since the line is tangent to the circle at 2 points, \text{we have that the distance from it to the centre} is 3.",
]


@pytest.mark.parametrize("text", PROSE)
def test_prose_is_no_gold_and_no_answer_of_mathematics(text: str) -> None:
    assert rewards.judge(text, rf"\boxed{{{text}}}").outcome == "unreadable_gold"
    assert rewards.judge("300", rf"\boxed{{{text}}}").outcome == "wrong"
    assert rewards.judge(text, rf"\boxed{{{text}}}", "text").outcome == "correct"
