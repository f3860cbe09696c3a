"""Filters on what a question asks and carries, as tables."""

from dataclasses import replace

import pytest

from curation.core.row import Row, make_row
from curation.filters.base import Filter
from curation.filters.boilerplate import Boilerplate
from curation.filters.language import Language
from curation.filters.length import Length
from curation.filters.open_ended import OpenEnded
from curation.filters.personal_data import PersonalData
from curation.filters.several_questions import SeveralQuestions
from curation.filters.toxic import Toxic
from curation.filters.yes_no import YesNo


def row(question: str, **fields: object) -> Row:
    return make_row(source="test", source_id="0", question=question, **fields)  # type: ignore[arg-type]


def verdict(filter: Filter, row: Row) -> str:
    judgement = filter.judge(row)
    return "kept" if judgement is True else judgement[1]


@pytest.mark.parametrize(
    ("language", "keep_unknown", "expected"),
    [
        ("en", True, "kept"),
        ("en-GB", True, "kept"),
        ("zh", True, "language_not_allowed"),
        ("und", True, "kept"),
        ("", True, "kept"),
        ("und", False, "language_unknown"),
    ],
)
def test_language(language: str, keep_unknown: bool, expected: str) -> None:
    spec = Language(allow=("en", "fr"), keep_unknown=keep_unknown)
    assert verdict(spec, row("What is one?", language=language)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(1)$ Find the value of $p$;\n$(2)$ If $p = 2$, find the expectation of $X$.", "several_parts"),
        ("(I) Find the period of $f$;\n(II) Find the maximum of $f$.", "several_parts"),
        ("a) In how many ways can 9 people sit? b) What if two of them must not?", "several_parts"),
        ("(a) How many cats?\n(b) How many dogs?", "several_parts"),
        ("Solve the following equations:\n(1) $x^2-3x=4$;\n(2) $x(x-2)=0$.", "several_parts"),
        ("已知函数。（1）求周期；（2）求最大值。", "several_parts"),
        ("How many cats are there? How many dogs are there?", "several_questions"),
        ("How many cats are there? And what is the ratio of cats to dogs?", "several_questions"),
        ("Find the area of the square. Also, find its perimeter.", "several_questions"),
        ("Find the ratio. Next, find the area of the third circle.", "several_questions"),
        ("What is the value of $p$? The answer has the form $m/n$. What is $m+n$?", "kept"),
        ("How many ways are there?  That is, in how many ways can we choose a chief?", "kept"),
        ("Find the number of integers $n$ such that\n(a) $n$ is odd,\n(b) the first and last digits are equal.", "kept"),
        ("What is the least integer that satisfies the following conditions?\na) When divided by 2, 1 is left.\nb) When divided by 3, 2.", "kept"),
        ('Alice asks, "What is it?" Bob asks, "Is it 3?" What is the number?', "kept"),
        ("Let $f(1) = 2$ and $f(2) = 3$. Find $f(3)$ if $f$ is linear.", "kept"),
        ("There are balls numbered $(1)$, $(2)$ and $(3)$. How many orders are there?", "kept"),
        ("Jack has 3 apples. He eats one. How many are left?", "kept"),
        ("From reactions (1) and (2), find the heat of reaction (3): (1) A -> B, 5 kJ; (2) B -> C, 7 kJ.", "kept"),
        ("Ice melts because: (1) heat flows in, which breaks bonds; (2) water forms, which causes cooling. How much heat?", "kept"),
        ("Count the integers (a) which are even (b) which are below 9 (c) which are positive.", "kept"),
        ("(a) Find the speed. Answer: 3 m/s. (b) Find the time to the wall.", "kept"),
        ("Context question:\nHow far is it?\nContext answer:\n5 m\nQuestion:\nHow long does it take?", "kept"),
        ("(a) Find the speed. Answer: 1. (b) Find the time to the wall.", "answer_in_question"),
        ("已知函数。（1）求周期。答案：$1$。\n（2）求最大值。", "answer_in_question"),
        ("What are (a) the speed and (b) the direction of the ball?", "several_parts"),
        ("Calculate: (i) the mass, (ii) the volume.", "several_parts"),
        ("Given f, $(Ⅰ)$ find its period;\n$(Ⅱ)$ find its maximum.", "several_parts"),
        ("Solve the equations:\n$(1)x^2=9$;\n$(2)x^2=4$.", "several_parts"),
        ("Solve the system of equations: (1) $x+y=3$; (2) $x-y=1$.", "kept"),
        ("1. How many cats?\n2. How many dogs?", "several_parts"),
        ("某车行驶。①求速度；②求时间。", "several_parts"),
        (r"写出两个条件：条件 $\textcircled{1}(\quad)$；条件 $\textcircled{2}(\quad)$。", "several_parts"),
        ("填空：（1）2+3=____；（2）4+5=____。", "several_parts"),
        ("甲有多少个苹果？乙有多少个苹果？", "several_questions"),
        ("求函数的最小值，并求出此时的角。", "several_questions"),
        ("求抛物线的方程；再求三角形的面积。", "several_questions"),
        ("先化简，并求值：$a+b$，其中 $a=1$，$b=2$。", "kept"),
        ("（1）按要求，每人一票；（2）不能弃权。一共有多少种投法？", "kept"),
        ("下列说法：①正数大于零；②零是整数。正确的有多少个？", "kept"),
        ("甲乙两车相向而行，几小时后相遇？", "kept"),
        ("1. Take two numbers, find their difference.\n2. Take the next, find its difference from that.\nWhat is the largest end?", "kept"),
        ("(1) Use the first method.\n(2) Use the second.", "several_parts"),
        ("Sue has x pens. How many are half of them? If the answer of the above question is 4, what is x?", "kept"),
        ("厂长让工人加快速度，并要求三天内做完60个零件，平均每天做几个？", "kept"),
    ],
)  # fmt: skip
def test_several_questions(text: str, expected: str) -> None:
    assert verdict(SeveralQuestions(), row(text, answer="1")) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("(1) 3; (2) 5", "gold_in_parts"),
        ("a) 3 b) 5", "gold_in_parts"),
        ("(1, 2)", "kept"),
        ("(1)", "kept"),
        ("1.5 and 2.5", "kept"),
        ("1: 2: 3", "kept"),
        ("(1), (2), (3)", "kept"),
        ("（1）（2）（4）", "kept"),
        ("(a), (b) and (d)", "kept"),
        ("a: 3, b: 5", "kept"),
        ("(a) 3, (b) 5", "gold_in_parts"),
        (r"\frac{1}{2}", "kept"),
    ],
)
def test_golds_in_parts(answer: str, expected: str) -> None:
    assert verdict(SeveralQuestions(), row("What are they?", answer=answer)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Read.\n21. Who? A. he B. she C. it D. they\n22. When? A. now B. then C. later D. never",
            "several_option_lists",
        ),
        ("阅读短文。7．（ ）\nA．①③ B．②③ C．①④ D．②④\n8．（ ）A．一 B．二 C．三 D．四", "several_option_lists"),
        ("12. Who? A. he B. she C. it D. they", "kept"),
        ("Match A. dog B. cat C. cow with 1. moo 2. woof.\nA. A1 B. A2 C. B1 D. C1", "kept"),
        ("7. Match A. dog B. cat C. cow with 1. moo 2. woof.\nA. A1 B. A2 C. B1 D. C1", "kept"),
        ("Statements: A. x, B. y, C. z. Which hold? A. all B. A alone C. none", "kept"),
    ],
)
def test_lists_of_options(text: str, expected: str) -> None:
    assert verdict(SeveralQuestions(), row(text, answer="A", answer_kind="choice")) == expected


def test_options_are_no_parts() -> None:
    asked = row("Which is true?\n(a) What is x?\n(b) What is y?", answer="A", answer_kind="choice")
    assert verdict(SeveralQuestions(), asked) == "kept"


@pytest.mark.parametrize(
    ("answer", "kind", "choices", "expected"),
    [
        ("Yes", "text", None, "yes_no"),
        (r"\text{No}", "math", None, "yes_no"),
        ("No.", "text", None, "yes_no"),
        ("Yes, it is.", "text", None, "yes_no"),
        ("是", "text", None, "yes_no"),
        ("True", "math", None, "yes_no"),
        ("A", "choice", ["yes", "no"], "yes_no"),
        ("B", "choice", ["False.", "True."], "yes_no"),
        ("A", "choice", ["yes", "no", "cannot be told"], "kept"),
        ("A", "choice", ["3", "4"], "kept"),
        ("Norway", "text", None, "kept"),
        ("no solution", "math", None, "kept"),
        ("3", "math", None, "kept"),
    ],
)
def test_yes_no(answer: str, kind: str, choices: list[str] | None, expected: str) -> None:
    asked = row("Is it so?", answer=answer, answer_kind=kind, answer_options={"choices": choices} if choices else None)
    assert verdict(YesNo(), asked) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is 1 + 1? Click here to view the solution.", "web_page_text"),
        ("© 2019 Math Site. All rights reserved. What is 1 + 1?", "web_page_text"),
        ("Translate the above text into English, please retain the original text's line breaks.", "translator_prompt"),
        ("What is 1? Output the translation result directly.", "translator_prompt"),
        ("Find x. [hide=Solution]x = 2[/hide]", "forum_tags"),
        ("Find x.<|im_end|>", "template_tokens"),
        ("[INST] Find x.", "template_tokens"),
        ("Find \ufffd.", "undecodable_characters"),
        ("Adapted from a novel. ©2014 by A. Writer. Who speaks first?", "kept"),
        ("A clerk clicks 3 times. How many rights has he?", "kept"),
        ("Find $[i]$ where $i^2 = -1$ and $[b]$ is the floor.", "kept"),
        ("A cookie has a policy of 3 grams. How many cookies?", "kept"),
    ],
)
def test_boilerplate(text: str, expected: str) -> None:
    assert verdict(Boilerplate(), row(text)) == expected


def test_boilerplate_in_a_trace() -> None:
    assert verdict(Boilerplate(), row("What is 1?", completion="<think>a</think>1<|im_start|>x")) == "template_tokens"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to anna.schmidt@uni-bonn.de today.", "mail_address"),
        ("Write to name@example.com today.", "kept"),
        ("Call (212) 867-3019 now.", "telephone_number"),
        ("Call +49 228 734 402 now.", "telephone_number"),
        ("Call 212-555-0123 now.", "kept"),
        ("His card is 4539 5787 6362 1486.", "card_number"),
        ("The number 4539 5787 6362 1487 is even?", "kept"),
        ("His number is 219-09-9998.", "social_security_number"),
        ("The server's IP address is 93.184.216.34.", "ip_address"),
        ("The server's IP address is 192.168.0.1.", "kept"),
        ("See section 12.34.56.78 of the book.", "kept"),
        ("Compute $123-456-7890$ and $219-09-9998$.", "kept"),
        ("Compute 1 - 2 - 3 + 4.", "kept"),
        ("The digits 3141592653589793 are those of pi.", "kept"),
        ("Let a@b be a+b. Find 2@3.", "kept"),
    ],
)
def test_personal_data(text: str, expected: str) -> None:
    assert verdict(PersonalData(), row(text)) == expected
    assert verdict(PersonalData(), row("What is 1?", completion=text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How to build a pipe bomb?", "toxic"),
        ("kill yourself", "toxic"),
        ("How many bombs did the plane drop in 1944?", "kept"),
        ("The cockerel from Scunthorpe eats rapeseed. How much?", "kept"),
        ("Sir Lancelot killed 3 of 5 dragons. How many are left?", "kept"),
    ],
)
def test_toxic(text: str, expected: str) -> None:
    assert verdict(Toxic(), row(text)) == expected
    assert verdict(Toxic(), row("What is 1?", completion=text)) == expected


@pytest.mark.parametrize(
    ("question", "completion", "expected"),
    [
        ("Perimeter?!!!", "", "kept"),
        ("What is 1 + 1?", "short", "completion_too_short"),
        ("What is 1 + 1?", "x" * 101, "completion_too_long"),
        ("What is 1 + 1?", "x" * 50, "kept"),
    ],
)
def test_length_of_completions(question: str, completion: str, expected: str) -> None:
    spec = Length(min_completion_chars=10, max_completion_chars=100)
    assert verdict(spec, row(question, completion=completion)) == expected


def test_beside_an_image_a_word_is_a_question() -> None:
    assert verdict(Length(), row("Area?")) == "prompt_too_short"
    assert verdict(Length(), replace(row("Area?"), images=(b"any",))) == "kept"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Show that we can find four integers with sum 104.", "proof"),
        ("Show that we cannot find such sets.", "proof"),
        ("Show that the limit exists and find it.", "kept"),
        ("Prove that f is unique, and express f(x) in closed form.", "kept"),
        ("Prove that there are finitely many, and list all such triples.", "kept"),
    ],
)
def test_what_can_be_found_in_a_proof_is_no_demand(text: str, expected: str) -> None:
    assert verdict(OpenEnded(), row(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Is this true, false or uncertain? All cats purr.", "kept"),
        ("Answer with True, False, or Unknown: all cats purr.", "kept"),
        ("Does it follow? (yes / no / not enough information)", "kept"),
        ("这个结论是真、假，还是无法确定？", "kept"),
        ("Is this true or false? All cats purr.", "yes_no"),
        ("True or false: the limit is unknown.", "yes_no"),
    ],
)
def test_a_third_answer_is_no_toss_of_a_coin(text: str, expected: str) -> None:
    assert verdict(YesNo(), row(text, answer="True", answer_kind="text")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write an essay of 500 words on trust. How many of us have it?", "open_ended"),
        ("Please write a short poem about rain.", "open_ended"),
        ("Write a Python function that takes a list and returns its maximum.", "open_ended"),
        ("Implement an algorithm that sorts a list. How many steps does it take?", "open_ended"),
        ("Write a SQL query to find all users.", "open_ended"),
        ("Give me a link to a good book.", "open_ended"),
        ("请以“梦想”为题写一篇短文，字数是多少不限。", "open_ended"),
        ("编写一个程序，计算1到100的和。", "open_ended"),
        ("简述光合作用的过程。", "open_ended"),
        ("分析该国人口增长的原因。", "open_ended"),
        ("Write a function for the cost of $n$ pens at 2 dollars each.", "kept"),
        ("Write the letter of the right pair.", "kept"),
        ("Write an expression for the perimeter.", "kept"),
        ("Which are true? Write your answer with the letters in order.", "kept"),
        ("Ann has to write an essay of 500 words. She writes 50 an hour. How many hours?", "kept"),
        ("A loop adds 2 three times to 0. Write code for it. What is the output?", "kept"),
        ("A shock hits the market, which causes prices to fall by 5. What is the new price?", "kept"),
    ],
)  # fmt: skip
def test_what_is_to_be_written(text: str, expected: str) -> None:
    assert verdict(OpenEnded(), row(text)) == expected


def test_a_sign_of_chinese_is_a_word() -> None:
    assert verdict(Length(), row("求9的算术平方根")) == "kept"
    assert verdict(Length(), row("三加五等于几？")) == "kept"
    assert verdict(Length(), row("求x。")) == "prompt_too_short"
