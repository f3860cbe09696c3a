"""Replay of what fuzzing found worth keeping (`fuzz.py` makes it), and claims of the sorts that it judges."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

import rewards
from tests.rewards.generated import MAKERS, Maker, broken

CORPUS = Path(__file__).with_name("corpus.json")


def test_the_corpus_is_small_and_judged_without_trouble() -> None:
    assert CORPUS.stat().st_size < 200_000
    for gold, answer in json.loads(CORPUS.read_text()):
        verifier = rewards.Verifier(gold, options={"symbolic": False})
        assert verifier.judge_answer(answer).outcome in rewards.OUTCOMES
        assert verifier.judge(rf"\boxed{{{answer}}}").outcome in rewards.OUTCOMES


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_no_claim_that_is_made_at_random_is_judged_otherwise(maker: Maker) -> None:
    rng = random.Random(maker.__name__)
    assert not [said for _ in range(60) for claim in maker(rng) if (said := broken(claim))]
