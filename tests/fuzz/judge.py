"""Golds and responses of every kind: always one of the outcomes, the same each time, in time; a gold is not wrong against itself."""

import time
from typing import Any

from hypothesis import strategies as st

import rewards
from tests.rewards.fuzz import PIECES
from tests.rewards.test_worker import ESCAPES, HOSTILE

MAX_CPU_S = 2.0
WRAPS = (
    "{}",
    r"\boxed{{{}}}",
    r"<think>\boxed{{1}}</think> \boxed{{{}}}",
    r"<think>{}",
    r"\boxed{{1}} \boxed{{{}}}",
    "Answer: {}",
    r"\fbox{{{}",
)
EXAMPLES = [text for kind in rewards.kinds().values() for text in kind.example]

texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from(EXAMPLES), st.text(max_size=5)), max_size=6).map(" ".join),
    st.text(max_size=40),
    st.sampled_from([*HOSTILE, *ESCAPES, *EXAMPLES]),
)  # fmt: skip
choices = st.lists(texts, max_size=5)
KINDS = sorted(rewards.kinds().keys() - {"reasoning_gym"})
inputs = st.tuples(st.sampled_from([*KINDS, "math", "math"]), texts, texts, st.sampled_from(WRAPS), choices)


def check(given: tuple[str, str, str, str, list[str]]) -> None:
    """Judge, and hold the judge to what it promises."""
    kind, gold, answer, wrap, listed = given
    options: dict[str, Any] = {
        "math": {"symbolic": False},
        "choice": {"choices": listed},
        "choices": {"choices": listed},
    }.get(kind, {})
    try:
        verifier = rewards.make_verifier(gold, kind, options)
    except ValueError:  # options that mean nothing, such as one choice twice
        return
    started = time.process_time()
    response = wrap.format(answer)
    verdicts = [verifier.judge(response), verifier.judge_answer(answer), verifier.judge_answer(gold)]
    spent = time.process_time() - started
    assert spent < MAX_CPU_S, f"{spent:.1f} s of CPU"
    for verdict in verdicts:
        assert verdict.outcome in rewards.OUTCOMES
        assert verdict.reward in (1.0, 0.0, None)
    assert verdicts[0] == verifier.judge(response)
    assert kind != "math" or verdicts[2].outcome != "wrong" or verdicts[2].tier == "caps", verdicts[2]
