r"""Relations, expressions that name their value, systems, powers too large to write down: what is equal and what is not."""

from __future__ import annotations

import pytest

import rewards

# gold, answer: right either way round
SAME = [
    (r"2^{1000}", r"4^{500}"),
    (r"10^{100000}", r"2^{100000}\cdot 5^{100000}"),
    (r"10^{10^{10}}", r"(10^{10})^{10^9}"),
    (r"5^{5^{5^{5}}}", r"25^{\frac{5^{3125}}{2}}"),
    (r"9^{9^9}", r"3^{2\cdot 9^9}"),
    (r"2^{2^{2^{2^{5}}}}", r"4^{2^{2^{32}-1}}"),
    (r"100000!", r"100000\cdot 99999!"),
    (r"10^{-10^{8}}", r"\frac{1}{10^{10^8}}"),
    (r"(2+\sqrt3)^{2023}", r"(2+\sqrt3)^{2022}(2+\sqrt3)"),
]
DIFFERENT = [
    (r"10^{100000}", r"2^{100000}\cdot 5^{100001}"),
    (r"9^{9^9}", r"9^{9^9}+1"),
    (r"10^{100000}", r"10^{100000}+1"),
    (r"10^{10^{10}}", r"10^{10^{11}}"),
    (r"2^{2^{2^{2^{5}}}}", r"4^{2^{2^{32}}}"),
    (r"100000!", r"99999!"),
    (r"\sqrt2", r"\sqrt2+10^{-200}"),
    (r"\sqrt2", r"\sqrt2+10^{-1000}"),
    (r"x", r"x+10^{-200}"),
]
UNDECIDED = [
    (r"\sqrt2", r"\sqrt2+10^{-100000}"),
    (r"\sqrt2", r"\sqrt2+e^{-10^6}"),
    (r"\sqrt2", r"\sqrt2+e^{-e^{20}}"),
    (r"\sqrt2", r"\sqrt2+(\sqrt2)^{-100000}"),
    (r"x", r"x+10^{-20000}"),
    (r"5", r"5+e^{-10^6}"),
    (r"1,\sqrt3", r"1,\sqrt3+10^{-100000}"),
]


def _outcome(gold: str, answer: str) -> str:
    return rewards.make_verifier(gold).judge_answer(answer).outcome


@pytest.mark.parametrize(("gold", "answer"), SAME)
def test_same(gold: str, answer: str) -> None:
    assert (_outcome(gold, answer), _outcome(answer, gold)) == ("correct", "correct")


@pytest.mark.parametrize(("gold", "answer"), DIFFERENT)
def test_different(gold: str, answer: str) -> None:
    assert (_outcome(gold, answer), _outcome(answer, gold)) == ("wrong", "wrong")


@pytest.mark.parametrize(("gold", "answer"), UNDECIDED)
def test_values_too_close_to_tell_are_neither_right_nor_wrong(gold: str, answer: str) -> None:
    for verdict in (rewards.make_verifier(gold).judge_answer(answer), rewards.make_verifier(answer).judge_answer(gold)):
        assert (verdict.outcome, verdict.reward) == ("undecided", None)
