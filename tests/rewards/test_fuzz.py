"""Replay of what fuzzing found worth keeping (`fuzz.py` makes it)."""

from __future__ import annotations

import json
from pathlib import Path

import rewards

CORPUS = Path(__file__).with_name("corpus.json")


def test_the_corpus_is_small_and_judged_without_trouble() -> None:
    assert CORPUS.stat().st_size < 200_000
    for gold, answer in json.loads(CORPUS.read_text()):
        verifier = rewards.Verifier(gold, options={"symbolic": False})
        assert verifier.judge_answer(answer).outcome in rewards.OUTCOMES
        assert verifier.judge(rf"\boxed{{{answer}}}").outcome in rewards.OUTCOMES
