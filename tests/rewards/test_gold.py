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
    (1, {"options": ["swan", "duck"], "option_base": 0}, "B", "choice"),
    (1, {"options": ["swan", "duck"], "option_base": 1}, "A", "choice"),
    (7, {"options": ["5", "7"]}, "B", "choice"),
    ("2", {"options": {"text": ["2", "4"], "label": ["1", "2"]}}, "B", "choice"),
    ("A, C", {"options": ["swan", "duck", "goose"]}, "A, C", "choices"),
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


WORDS: list[tuple[str, str, str]] = [
    ("cat", "", "text"),
    ("dog", "Which animal barks?", "text"),
    ("act", "Unscramble the letters.", "text"),
    ("LEFT", "What does the sign say?", "text"),
    ("Fe", "What is the symbol of iron?", "text"),
    ("NaCl", "Which salt is it?", "text"),
    ("XIV", "Write 14 in Roman numerals.", "text"),
    (r"\text{cat}", "", "text"),
    ("New York", "", "text"),
    ("COVID-19", "Which illness?", "text"),
    ("B12", "Which vitamin is it?", "text"),
    ("P. Carter", "", "text"),
    ("A. Lincoln", "Who was it?", "text"),
    ("Mr. Smith", "Who was it?", "text"),
    ("1/8/93", "When was it?", "text"),
    ("January 8, 1993", "", "text"),
    ("12 March 1999", "", "text"),
    ("3:45 PM", "What time is it?", "text"),
    ("] ]", "Close the brackets.", "text"),
    ("<>", "", "text"),
    ("(1)(3)", "Which statements are right?", "text"),
    ("无解", "", "text"),
    # letters of algebra and geometry
    ("ab", "", "math"),
    ("ab", "Let $a$ and $b$ be reals. Simplify $a^2b/a$.", "math"),
    ("abc", "The box has the sides a, b, c. What is its volume?", "math"),
    ("cab", "Simplify $abc$.", "math"),
    ("mgh", "What is the energy of the mass m at the height h?", "math"),
    ("xyz", "", "math"),
    ("AB", "Which side of the triangle ABC is longest?", "math"),
    ("dog", "If $d = 1$, $o = 2$ and $g = 3$, what is it?", "math"),
    ("x", "", "math"),
    ("3/4", "", "math"),
    ("f(1)=2, f(2)=3", "", "math"),
    ("[0, 1)", "", "math"),
]


@pytest.mark.parametrize(("text", "question", "kind"), WORDS)
def test_words_and_products_of_letters(text: str, question: str, kind: str) -> None:
    gold = read_gold(text, {"question": question})
    assert isinstance(gold, Gold), gold
    assert gold.answer_kind == kind
    assert rewards.judge(gold.answer, rf"\boxed{{{gold.answer}}}", kind, gold.options).outcome == "correct"


def test_what_looks_like_no_answer_is_one_where_the_question_names_it() -> None:
    gold = read_gold("Not given", {"question": "True, false or not given?"})
    assert gold == Gold("Not given", "text")
    assert isinstance(read_gold("1 and 1"), Gold)


def test_a_word_is_no_product_of_its_letters() -> None:
    for answer, outcome in (("act", "wrong"), ("Cat", "correct"), (r"\text{cat}", "correct"), ("tac", "wrong")):
        assert rewards.judge("cat", rf"\boxed{{{answer}}}").outcome == outcome, answer
    assert rewards.judge("abc", r"\boxed{cab}").outcome == "correct"


MENDED: list[tuple[str, str]] = [
    ("frac{1}{4}", r"\frac{1}{4}"),
    ("2sqrt{3}", r"2\sqrt{3}"),
    ("frac12", r"\frac12"),
    ("left(1, 2right)", r"\left(1, 2\right)"),
    (r"\\frac{1}{4}", r"\frac{1}{4}"),
    (r"\rac{1}{4}", r"\frac{1}{4}"),
    ("\x0crac{1}{4}", r"\frac{1}{4}"),
    ("\x08eta", r"\beta"),
    ("\theta", r"\theta"),
    ("\text{Yes}", r"\text{Yes}"),
    (r"\frac{1}{4}\\", r"\frac{1}{4}"),
    ("5\\ ", "5"),
    (r"x = 5 \\", "x = 5"),
    (r"$\frac{1}{4}", r"\frac{1}{4}"),
    (r"\frac{1}{4}$", r"\frac{1}{4}"),
    (r"\frac{1}{4", r"\frac{1}{4}"),
    (r"\left(1, 2)", "(1, 2)"),
    (r"\\begin{pmatrix}1\\\\2\\end{pmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}"),
    (r"\begin{pmatrix}1\\\pi\end{pmatrix}", r"\begin{pmatrix}1\\\pi\end{pmatrix}"),
    ("$5", "$5"),
    (r"\$5", r"\$5"),
    ("[0, 1)", "[0, 1)"),
]


@pytest.mark.parametrize(("text", "answer"), MENDED)
def test_latex_that_was_damaged_in_storing_is_put_right(text: str, answer: str) -> None:
    gold = read_gold(text)
    assert isinstance(gold, Gold), gold
    assert gold.answer == answer


REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    (None, {}, "empty"),
    ("", {}, "empty"),
    ("None.", {}, "empty"),
    ("N/A", {}, "empty"),
    ("[]", {}, "empty"),
    ("heron", {"options": ["swan", "duck"]}, "none of the 2 options"),
    (1, {"options": ["swan", "duck"]}, "option_base: 0 reads 'duck'"),
    (2, {"options": ["1", "2", "3"]}, "option_base: text reads '2'"),
    ("B", {"options": "swan or duck"}, "no list of options"),
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
    # damaged beyond repair
    (r"\left(1, 2", {}, "brackets that do not match"),
    ("(1, 2", {}, "brackets that do not match"),
    (r"\sqrt{3 + x", {}, "braces that do not match"),
    (r"\boxed{5", {}, "braces that do not match"),
    (r"\{1, 2", {}, "braces that do not match"),
    # Chinese
    ("无", {}, "empty"),
    ("略", {}, "elsewhere"),
    ("解：略", {}, "elsewhere"),
    ("图略", {}, "elsewhere"),
    ("见解析", {}, "elsewhere"),
    ("证明见解析", {}, "elsewhere"),
    ("详见解答", {}, "elsewhere"),
    ("见图", {}, "elsewhere"),
    ("如图所示", {}, "elsewhere"),
    ("答案不唯一", {}, "elsewhere"),
    ("答案不唯一，如：x=1", {}, "elsewhere"),
    ("（1）x=2；（2）y=3", {}, "several parts"),
    ("(1)3;(2)5", {}, "several parts"),
    ("①正确②错误", {}, "several parts"),
    ("1）3 2）4", {}, "several parts"),
    ("1. 3 2. 4", {}, "several parts"),
    ("因为三角形的内角和是一百八十度，所以这个角等于六十度。", {}, "prose of 25 characters"),
    # English
    ("Answers will vary.", {}, "varies"),
    ("Sample answer: 5", {}, "varies"),
    ("See explanation.", {}, "varies"),
    ("See the figure", {}, "varies"),
    ("Proof.", {}, "a proof"),
    ("no such n", {}, "no such thing"),
    ("There is no such integer", {}, "no such thing"),
    ("a or a", {}, "the same answer twice"),
    ("All powers of 2", {}, "prose"),
    ("any multiple of 3", {}, "prose"),
    ("29 % say they followed the news", {}, "prose of 7 words"),
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


@pytest.mark.parametrize(
    ("raw", "question", "is_answer"),
    [
        ("Unknown", "Is it true, false or uncertain?", True),
        ("unknown", "Answer true, false or unknown.", True),
        ("None", "Which of the two is odd, or none?", True),
        ("Unknown", "Who wrote it?", False),
        ("None", "How many are there?", False),
        ('{"x": 1}', "How many are there?", False),
    ],
)
def test_a_word_for_nothing_is_an_answer_where_it_is_offered(raw: str, question: str, is_answer: bool) -> None:
    gold = read_gold(raw, {"question": question})
    assert gold == Gold(raw, "text") if is_answer else isinstance(gold, Unreadable)


@pytest.mark.parametrize("raw", ["1(5/6)", "-2 (1/3)", "3（1/2）%"])
def test_a_mixed_number_that_may_be_a_product_is_no_gold(raw: str) -> None:
    assert read_gold(raw) == Unreadable("a mixed number or a product")


@pytest.mark.parametrize(
    ("gold", "right", "wrong"),
    [
        ("y = pm*(3/4)*x", r"y = \pm\frac{3}{4}x", r"y = \frac{3}{4}x"),
        ("pm*5", r"\pm 5", "5"),
        ("A valley", "a valley", "A ridge"),
        ("An owl", "an owl", "An eagle"),
    ],
)
def test_a_gold_is_judged_as_what_it_means(gold: str, right: str, wrong: str) -> None:
    read = read_gold(gold, {})
    assert isinstance(read, Gold)
    given = [
        rewards.judge(read.answer, rf"So \boxed{{{said}}}", read.answer_kind, read.options).reward
        for said in (right, wrong)
    ]
    assert given == [1.0, 0.0]


@pytest.mark.parametrize(
    "gold",
    [
        "9:15 (answers from 9:14 to 9:16 are right)",
        "4 (or any positive number)",
        "3（满足 $x>2$ 均可）",
        "$x=1$（答案不唯一）",
        "WithUnit(45, degree)",
    ],
)
def test_an_answer_that_is_one_of_many_or_a_call_is_no_gold(gold: str) -> None:
    assert isinstance(read_gold(gold, {}), Unreadable)


@pytest.mark.parametrize("gold", ["(3, 4)", "2 (mod 5)", "A because it is round", "f(x) = 2x"])
def test_brackets_and_letters_of_other_golds_stay(gold: str) -> None:
    read = read_gold(gold, {"options": ["round", "flat"]} if gold.startswith("A b") else {})
    assert isinstance(read, Gold)
    assert read.answer_kind in ("math", "choice")


INTEGERS = ["0", "7", "42", "007", "1999", "2024", "20240131", "1" * 60, "1" * 61]
QUESTIONS = [
    "",
    "What is $3 + 4$?",
    "Compute $3 + 4$.",
    "Prove that there are 7.",
    "Which year?\n1. 1999\n2. 2024",
    "Who is 7?",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_whole_number_is_read_like_any_other_gold(question: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go a shorter way, for most golds are such."""
    short = [read_gold(text, {"question": question}) for text in INTEGERS]
    monkeypatch.setattr(rewards.gold, "is_digits", lambda text: False)
    assert short == [read_gold(text, {"question": question}) for text in INTEGERS]
