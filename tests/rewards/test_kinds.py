"""Every kind but `math` and `reasoning_gym`: tables of gold, options, answer, outcome."""

from __future__ import annotations

import json
import time

import pytest

import rewards

BIRDS = {"choices": ["swan", "duck", "goose"]}
NUMBERS = {"choices": [142, 96, 12]}
ABC = {"choices": ["B", "C", "A"]}
FRACTIONS = {"choices": [r"$\frac{2}{5}$", r"$\frac{5}{2}$"]}
TITLES = {"choices": ["A Breath of Fresh Air", "A breath of fresh air"]}
ROMAN = {"choices": ["I and II", "II and III", "I and III"]}
FIVE = {"rel_tol": 0.05}

TABLE = [
    ("choice", "B", {}, r"\text{(B)}", "correct"),
    ("choice", "B", {}, r"\textbf{B.}", "correct"),
    ("choice", "B", {}, "b", "correct"),
    ("choice", "B", {}, "The answer is B", "correct"),
    ("choice", "B", {}, "Option B", "correct"),
    ("choice", "B", {}, "B) duck", "correct"),
    ("choice", "B", {}, "A or B", "wrong"),
    ("choice", "B", {}, "(A) (B)", "wrong"),
    ("choice", "B", {}, "A, B, C, D", "wrong"),
    ("choice", "B", {}, "B, C", "wrong"),
    ("choice", "B", {}, r"\mathbb{B}", "wrong"),
    ("choice", "B", {}, "not B", "wrong"),
    ("choice", "B", BIRDS, "duck", "correct"),
    ("choice", "B", BIRDS, "(B) duck", "correct"),
    ("choice", "B", BIRDS, "(B) swan", "wrong"),
    ("choice", "duck", BIRDS, "B", "correct"),
    ("choice", "duck", BIRDS, "Duck.", "correct"),
    ("choice", "duck", BIRDS, "swan duck", "wrong"),
    ("choice", "B", BIRDS, "duck (B)", "correct"),
    ("choice", "B", BIRDS, "duck, B", "correct"),
    ("choice", "B", BIRDS, "B, the duck", "correct"),
    ("choice", "B", BIRDS, "B - duck", "correct"),
    ("choice", "B", BIRDS, "B. because it dives", "correct"),
    ("choice", "B", BIRDS, "B. The duck dives", "correct"),
    ("choice", "B", BIRDS, "我认为选B", "correct"),
    ("choice", "B", BIRDS, "B. the swan", "wrong"),
    ("choice", "B", BIRDS, "B. heron", "wrong"),
    ("choice", "B", BIRDS, "B. not duck", "wrong"),
    ("choice", "B", BIRDS, "B. is wrong", "wrong"),
    ("choice", "B", BIRDS, "B. duck and swan", "wrong"),
    ("choice", "B", BIRDS, "swan (B)", "wrong"),
    ("choice", "B", {}, "B. is wrong", "wrong"),
    ("choice", "A", FRACTIONS, "A. 0.4", "correct"),
    ("choice", "A", FRACTIONS, "A, 0.4", "correct"),
    ("choice", "A", FRACTIONS, "A. 2.5", "wrong"),
    ("choice", "A", FRACTIONS, "(A) 5/2", "wrong"),
    ("choice", "A", FRACTIONS, "A. 7", "wrong"),
    ("choice", "A", TITLES, "A Breath of Fresh Air", "correct"),
    ("choice", "A", TITLES, "A. A Breath of Fresh Air", "correct"),
    ("choice", "A", TITLES, "A. A breath of fresh air", "wrong"),
    ("choice", "A", TITLES, "a breath of fresh air", "wrong"),
    ("choice", "A", ROMAN, "I, II", "correct"),
    ("choice", "A", ROMAN, "I or II", "wrong"),
    ("choice", "D", BIRDS, "D", "unreadable_gold"),
    ("choice", "heron", BIRDS, "heron", "unreadable_gold"),
    ("choice", "142", NUMBERS, "142.0", "correct"),
    ("choice", "A", NUMBERS, "142", "correct"),
    ("choice", "142", NUMBERS, "(A)", "correct"),
    ("choice", "96", NUMBERS, "12", "wrong"),
    ("choice", "A", ABC, "A", "correct"),
    ("choice", "A", ABC, "B", "wrong"),
    ("choice", "C", {"choices": ["(c)", "(a)", "(b)"]}, "(b)", "correct"),
    ("choice", "C", {"choices": ["(c)", "(a)", "(b)"]}, "C", "correct"),
    ("choice", "C", {"choices": ["(c)", "(a)", "(b)"]}, "A", "wrong"),
    ("choice", "B", {}, "选B", "correct"),
    ("choice", "B", {}, "故选：B。", "correct"),
    ("choice", "B", {}, "（B）", "correct"),
    ("choice", "B", {}, "B、", "correct"),
    ("choice", "B", {}, "正确答案是A", "wrong"),
    ("choice", "B", {}, "答案：A、B", "wrong"),
    ("choice", "A", {}, "A、B", "wrong"),
    ("choice", "A", {}, "The answer is A.C", "wrong"),
    ("choice", "27", {"choices": [f"w{i}" for i in range(30)]}, "w26", "correct"),
    ("choice", "27", {"choices": [f"w{i}" for i in range(30)]}, "27", "correct"),
    ("choice", "27", {"choices": [f"w{i}" for i in range(30)]}, "28", "wrong"),
    ("choice", "A", {"aliases": ["C"]}, "C", "correct"),
    ("choice", "A", {"aliases": ["C"]}, "B", "wrong"),
    ("choices", "A, C", {}, "C and A", "correct"),
    ("choices", "A, C", {}, "AC", "correct"),
    ("choices", "A, C", {}, "(A), (C)", "correct"),
    ("choices", "A, C", {}, "答案：A、C", "correct"),
    ("choices", "A, C", {}, "A", "wrong"),
    ("choices", "A, C", {}, "A, B, C", "wrong"),
    ("choices", "A, C", {}, "A or C", "wrong"),
    ("choices", "A, C", {}, "A, not C", "wrong"),
    ("choices", "A, C", BIRDS, "goose, swan", "correct"),
    ("choices", "A, C", BIRDS, "A. swan; C. goose", "correct"),
    ("choices", "A, C", BIRDS, "A. swan; C. duck", "wrong"),
    ("choices", "A, C", BIRDS, "A, D", "wrong"),
    ("choices", "A", BIRDS, "A. swan, C. duck", "wrong"),
    ("choices", "A", BIRDS, "A. swan", "correct"),
    ("choices", "B", BIRDS, "duck", "correct"),
    ("choices", "A, C", {"choices": ["red, dark", "blue", "green, dark"]}, "green, dark and red, dark", "correct"),
    ("choices", "A, C", {"choices": ["2", "3", "4"]}, "2, 4", "correct"),
    ("choices", "A, C", {"choices": ["2", "3", "4"]}, "1, 3", "wrong"),
    ("choices", "A, D", BIRDS, "A, D", "unreadable_gold"),
    ("number", "0.5", {}, r"\frac{1}{2}", "correct"),
    ("number", "2", {"aliases": ["7"]}, "7.0", "correct"),
    ("number", "2", {"aliases": ["7"]}, "2 or 7", "wrong"),
    ("number", "42", {}, "42.9", "wrong"),
    ("number", "42", FIVE, "42.9", "correct"),
    ("number", "42", FIVE, "44.2", "wrong"),
    ("number", "0", FIVE, "0.04", "wrong"),
    ("number", "0", {"abs_tol": 0.05}, "0.04", "correct"),
    ("number", "-3", FIVE, "3", "wrong"),
    ("number", "25", FIVE, "25%", "correct"),
    ("number", "12 cm", {}, "0.12 m", "correct"),
    ("number", "12 cm", {}, "12 kg", "wrong"),
    ("number", "12 cm", {}, "12", "correct"),
    ("number", "12", {}, "12 or 13", "wrong"),
    ("number", "12", {}, "nan", "wrong"),
    ("number", "1,234", {}, "1234", "correct"),
    ("number", "many", {}, "7", "unreadable_gold"),
    ("text", "New York", {}, r"\text{new  york}.", "correct"),
    ("text", "New York", {}, "York", "wrong"),
    ("text", "NYC", {"aliases": ["New York"]}, "new york", "correct"),
    ("text", "11,111", {}, "11111", "correct"),
    ("text", "yes", {}, "yes and no", "wrong"),
    ("text", "...", {}, "x", "unreadable_gold"),
    ("text", "] ]", {}, "]]", "correct"),
    ("text", "] ]", {}, "]", "wrong"),
    ("text", ") \\} ]", {}, ") \\} ]", "correct"),
    ("text", ") \\} ]", {}, ") } ]", "correct"),
    ("text", ") \\} ]", {}, "} ) ]", "wrong"),
    ("text", "<>", {}, "<>", "correct"),
    ("text", "1/8/93", {"aliases": ["January 8, 1993"]}, "january 8, 1993", "correct"),
    ("text", "1/8/93", {}, "1/744", "wrong"),
    ("text", "3:45", {}, "15:225", "wrong"),
    ("text", "yes", {"aliases": ["?!"]}, "yes", "unreadable_gold"),
    ("math", "1/2", {"aliases": ["3"]}, "3.0", "correct"),
    ("math", "1/2", {"aliases": ["3"]}, "4", "wrong"),
    ("tuple", "[3, 1, 2]", {}, "3, 1, 2", "correct"),
    ("tuple", "[3, 1, 2]", {}, "[1, 2, 3]", "wrong"),
    ("tuple", '["red", "blue"]', {}, "red, blue", "correct"),
    ("tuple", "red, blue", {}, "blue, red", "wrong"),
    ("tuple", "1, 2", {}, "1, 2, 3", "wrong"),
    ("tuple", "(1, 1/2)", {}, "[1, 0.5]", "correct"),
    ("tuple", "(1, 2)", {}, "(2, 1)", "wrong"),
    ("set", r"\{1, 2\}", {}, "2, 1", "correct"),
    ("set", "1, 1, 2", {}, "1, 2", "wrong"),
    ("set", "1, 2", {"aliases": ["3, 4"]}, "4, 3", "correct"),
    ("boxes", "[1, 2, 3, 4]", {"aliases": ["[10, 20, 30, 40]"]}, "[10, 20, 30, 40]", "correct"),
    ("set", "red, blue", {}, "blue and red", "correct"),
    ("assignment", '{"Ann": "knight", "Bo": "knave"}', {}, "Bo is a knave, and Ann is a knight.", "correct"),
    ("assignment", '{"Ann": "knight", "Bo": "knave"}', {}, "(1) Ann is a knight (2) Bo is a knave", "correct"),
    ("assignment", '{"Ann": "knight", "Bo": "knave"}', {}, "Ann: knight; Bo: knave", "correct"),
    ("assignment", '{"Ann": "knight", "Bo": "knave"}', {}, '{"Bo": "knave", "Ann": "knight"}', "correct"),
    ("assignment", '{"Ann": "knight", "Bo": "knave"}', {}, "Ann is a knight", "wrong"),
    ("assignment", '{"Ann": "knight", "Bo": "knave"}', {}, "Ann is a knave, Bo is a knight", "wrong"),
    ("assignment", '{"Ann": "knight", "Bo": "knave"}', {}, "Ann is a knight, Ann is a knave, Bo is a knave", "wrong"),
    ("assignment", '{"Ann": "knight", "Bo": "knave"}', {}, "Ann is a knight, Bo is a knave, Cy is a knave", "wrong"),
    ("assignment", '{"Ann": "knight"}', {"aliases": {"truth-teller": "knight"}}, "Ann is a truth-teller", "correct"),
    ("assignment", '{"Ann": "knight"}', {"aliases": ['{"Ann": "knave"}']}, "Ann is a knave", "correct"),
    ("assignment", "nobody", {}, "Ann is a knight", "unreadable_gold"),
    ("boxes", "[10, 20, 30, 40]", {}, "[10, 20, 30, 40]", "correct"),
    ("boxes", "[10, 20, 30, 40]", {}, '{"bbox_2d": [10, 21, 30, 40]}', "correct"),
    ("boxes", "[10, 20, 30, 40]", {}, "[0, 0, 1e9, 1e9]", "wrong"),
    ("boxes", "[10, 20, 30, 40]", {}, "[nan, nan, nan, nan]", "wrong"),
    ("boxes", "[10, 20, 30, 40]", {}, "[30, 40, 10, 20]", "wrong"),
    ("boxes", "[10, 20, 30, 40]", {}, "[10, 20, 30, 40], [0, 0, 5, 5]", "wrong"),
    ("boxes", "[[0, 0, 9, 9], [20, 20, 30, 30]]", {}, "[[20, 20, 30, 30], [0, 0, 9, 9]]", "correct"),
    ("boxes", "[[0, 0, 9, 9], [20, 20, 30, 30]]", {}, "[[0, 0, 9, 9], [0, 0, 9, 9]]", "wrong"),
    ("boxes", "[10, 20, 20, 20]", {"layout": "xywh"}, "[10, 20, 20, 21]", "correct"),
    ("boxes", "[10, 20]", {}, "[10, 20, 30, 40]", "unreadable_gold"),
    ("points", "[[10, 20], [30, 40]]", {}, "(30, 41), (10, 20)", "correct"),
    ("points", "[[10, 20], [30, 40]]", {}, "(30, 41)", "wrong"),
    ("points", "[[10, 20], [12, 20]]", {"max_distance": 3}, "(11, 20), (9, 20)", "correct"),
    ("points", "[10, 20]", {"max_distance": 3}, "10, 24", "wrong"),
]


@pytest.mark.parametrize(("kind", "gold", "options", "answer", "outcome"), TABLE)
def test_table(kind: str, gold: str, options: dict[str, object], answer: str, outcome: str) -> None:
    assert rewards.make_verifier(gold, kind, json.dumps(options)).judge_answer(answer).outcome == outcome


@pytest.mark.parametrize("kind", sorted(set(rewards.kinds()) - {"reasoning_gym", "unreadable"}))
def test_the_example_of_each_kind_is_correct(kind: str) -> None:
    gold, answer = rewards.kinds()[kind].example
    assert rewards.make_verifier(gold, kind).judge_answer(answer).outcome == "correct"
    assert rewards.make_verifier(gold, kind).judge_answer("").outcome == "no_answer"
    assert rewards.kinds()[kind].__doc__


BOMBS = ["answer" + " " * 40_000 + "!", "[" + " " * 40_000, "[1," * 9_000, "a is " * 9_000, "is " + " " * 40_000 + "x", "(" * 40_000, "\\text{" * 7_000,
         "," * 40_000, "A or " * 9_000, "answer is " + " " * 40_000 + ";", "1 " * 20_000, "\\\\" * 20_000, "$" * 40_000, "." * 40_000]  # fmt: skip


@pytest.mark.parametrize("kind", sorted(set(rewards.kinds()) - {"reasoning_gym", "unreadable"}))
def test_no_text_takes_long(kind: str) -> None:
    verifier = rewards.make_verifier(rewards.kinds()[kind].example[0], kind)
    for bomb in BOMBS:
        started = time.process_time()
        assert verifier.judge_answer(bomb).outcome in ("wrong", "no_answer")
        verifier.judge(r"\boxed{1} " + bomb)
        assert time.process_time() - started < 0.5, bomb[:20]


def test_an_unknown_kind_and_a_wrong_option_say_what_is_known() -> None:
    with pytest.raises(ValueError, match=r"unknown kind 'maths'; known: assignment, boxes, choice, choices, math"):
        rewards.make_verifier("1", "maths")
    with pytest.raises(ValueError, match=r"options of kind 'number': tolerance: .*its options: rel_tol, abs_tol"):
        rewards.make_verifier("1", "number", {"tolerance": 2})
    with pytest.raises(ValueError, match="options of kind 'number' are not JSON"):
        rewards.make_verifier("1", "number", "{")
    with pytest.raises(ValueError, match="kind 'list' is called 'tuple' now"):
        rewards.make_verifier("1, 2", "list")


def test_a_new_kind_is_one_file() -> None:
    modules = {kind.__module__ for kind in rewards.kinds().values()}
    assert len(modules) == len(rewards.kinds())
