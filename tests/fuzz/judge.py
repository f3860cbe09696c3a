"""Golds and responses of every kind: always one of the outcomes, the same each time, in time; a gold is not wrong against itself."""

import json
import random
import time
from typing import Any

from hypothesis import strategies as st

import rewards
from tests.rewards.fuzz import CORPUS as KEPT
from tests.rewards.fuzz import PIECES, mutate
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
CORPUS: list[list[str]] = json.loads(KEPT.read_text())
EXAMPLES = [text for kind in rewards.kinds().values() for text in kind.example]

texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from(EXAMPLES), st.text(max_size=5)), max_size=6).map(" ".join),
    st.text(max_size=40),
    st.sampled_from([*HOSTILE, *ESCAPES, *EXAMPLES]),
)  # fmt: skip
choices = st.lists(texts, max_size=5)
KINDS = sorted(rewards.kinds().keys() - {"reasoning_gym"})
Given = tuple[str, str, str, str, list[str]]
"""Kind, gold, answer, what the response has around it, choices."""


def changed(kind: str, seed: int, wrap: str) -> Given:
    """A gold and an answer that belong together, one of them or both changed."""
    rng = random.Random(seed)
    known = [list(rewards.kinds()[kind].example)] * 9 + (CORPUS if kind in ("math", "number", "set", "tuple") else [])
    gold, answer = rng.choice(known)
    gold = mutate(gold, rng, CORPUS) if rng.random() < 0.3 else gold
    answer = mutate(answer, rng, CORPUS) if rng.random() < 0.8 else gold
    return kind, gold, answer, wrap, [answer, *(one for one, _ in rng.sample(CORPUS, 3))]


kinds = st.sampled_from([*KINDS, "math", "math"])
inputs = st.one_of(
    st.builds(changed, kinds, st.integers(0, 2**64), st.sampled_from(WRAPS)),
    st.tuples(kinds, texts, texts, st.sampled_from(WRAPS), choices),
)


def check(given: Given) -> None:
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
