"""Extraction: the last complete box after the thinking, and nothing else."""

from __future__ import annotations

import time

import pytest

import rewards
from rewards.extract import after_box, after_thinking, joined_boxes

BOXED = [
    (r"so \boxed{7}", "7"),
    (r"\boxed{3} then \boxed{7}", "7"),
    (r"\boxed{\frac{1}{\boxed{2}}}", r"\frac{1}{\boxed{2}}"),
    (r"\fbox{42}", "42"),
    (r"\boxed {7}", "7"),
    (r"\boxed 7", "7"),
    (r"\boxed{a \} b}", r"a \} b"),
    (r"\boxed{7", None),
    (r"\boxed{3} and \boxed{7", "3"),
    (r"\boxed{}", None),
    (r"\boxed", None),
    ("The answer is 7.", None),
    ("", None),
    (r"<think>\boxed{3}</think> it is \boxed{7}", "7"),
    (r"<think>\boxed{3}</think> it is 7", None),
    (r"<think>\boxed{3}", None),
    (r"\boxed{3} <think> hmm", None),
    (r"reasoning without a start</think>\boxed{7}", "7"),
    (r"<Thought>\boxed{3}</Thought><Output>\boxed{7}</Output>", "7"),
    (r"<|begin_of_thought|>\boxed{3}<|end_of_thought|><|begin_of_solution|>\boxed{7}<|end_of_solution|>", "7"),
    ("◁think▷\\boxed{3}◁/think▷\\boxed{7}", "7"),
    (r"[THINK]\boxed{3}[/THINK]\boxed{7}", "7"),
    (r"<reasoning>\boxed{3}</reasoning>\boxed{7}", "7"),
    (r"<think>a</think>\boxed{3}<think>b</think>\boxed{7}", "7"),
    (r"\boxed{7}<|im_end|><|im_start|>user \boxed{9}", "7"),
]


@pytest.mark.parametrize(("response", "answer"), BOXED)
def test_boxed(response: str, answer: str | None) -> None:
    assert rewards.extract_answer(response) == answer


LENIENT = [
    ("The final answer is: 42.", "42"),
    ("work\n42", "42"),
    ("<answer>7</answer>", "7"),
    (r"The answer is 3. \boxed{7}", "7"),
    ("<think>The answer is 3", None),
]


@pytest.mark.parametrize(("response", "answer"), LENIENT)
def test_lenient(response: str, answer: str | None) -> None:
    assert rewards.extract_answer(response, "lenient") == answer


JOINED = [
    (r"\boxed{1} and \boxed{2}", "1, 2"),
    (r"\boxed{1}, \boxed{2} and \boxed{3}", "1, 2, 3"),
    (r"$x = \boxed{1}$ and $y = \boxed{2}$", "1, 2"),
    (r"\boxed{1} pens and \boxed{2} cups", "1, 2"),
    (r"\boxed{10} and then \boxed{42}", "42"),
    (r"first I thought \boxed{10}. Now \boxed{42}", "42"),
    ("\\boxed{10}\n\n\\boxed{42}", "42"),
]


@pytest.mark.parametrize(("text", "answer"), JOINED)
def test_boxes_that_print_as_one_list(text: str, answer: str) -> None:
    assert joined_boxes(text) == answer


JUDGED = [
    ("1,2", r"\boxed{1} and \boxed{2}", "correct"),
    ("2", r"\boxed{1} and \boxed{2}", "correct"),  # the last box counts
    ("1", r"\boxed{1} and \boxed{2}", "wrong"),
    ("7", r"\boxed{7}. That is wrong, ignore it.", "wrong"),
    ("7", r"\boxed{7}. The answer is 8.", "wrong"),
    ("7", r"\boxed{7}. The answer is 7.", "correct"),
    ("7", r"\boxed{7}. The answer is in lowest terms.", "correct"),
    ("7", r"\boxed{8}. The answer is 7.", "wrong"),
    ("7", "<think>7</think>", "no_answer"),
]


@pytest.mark.parametrize(("gold", "response", "outcome"), JUDGED)
def test_judged(gold: str, response: str, outcome: str) -> None:
    assert rewards.judge(gold, response).outcome == outcome


def test_a_truncated_response_is_counted_apart_and_earns_nothing() -> None:
    verdict = rewards.make_verifier("7").judge(r"\boxed{7}", truncated=True)
    assert (verdict.outcome, verdict.reward, verdict.extracted) == ("truncated", 0.0, "7")


@pytest.mark.parametrize(
    "text",
    [
        "{" * 100_000,
        r"\boxed{" * 20_000,
        "<think>" * 20_000,
        "answer is " * 20_000,
        "\\" * 200_000,
        "<" * 300_000,
        "<answer>" * 20_000,
        r"\boxed{7} answer is" + " " * 200_000 + "!",
        r"\boxed{7} answer is " + "1," * 99_000,
    ],
)
def test_extraction_is_linear(text: str) -> None:
    started = time.thread_time()
    after_thinking(text)
    rewards.extract_answer(text, "lenient")
    after_box(text)
    joined_boxes(text)
    assert time.thread_time() - started < 2.0
