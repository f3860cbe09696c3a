"""Quantities, conditions, choices and words: what is said beside a value is part of the answer.

The files hold pairs that were labelled before anything judged them, in groups by kind, and every bug found since. What
is judged otherwise than labelled is a shortfall; none of it may be a wrong answer that passes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rewards

HERE = Path(__file__).parent
LEAST = 0.98


def judged(pair: dict[str, Any]) -> str:
    verifier = rewards.make_verifier(pair["gold"], pair.get("kind", "math"), pair.get("options"))
    verdict = verifier.judge(pair["response"]) if "response" in pair else verifier.judge_answer(pair["answer"])
    return verdict.outcome


@pytest.mark.parametrize("name", ["quantities.jsonl", "words.jsonl", "relations.jsonl"])
def test_labelled_pairs(name: str) -> None:
    pairs = [json.loads(line) for line in (HERE / name).read_text().splitlines()]
    missed = [(pair, outcome) for pair in pairs if ((outcome := judged(pair)) == "correct") != pair["expected"]]
    assert not [pair for pair, outcome in missed if outcome == "correct"]
    assert len(missed) <= (1 - LEAST) * len(pairs), missed


def test_swapping_gold_and_answer_changes_nothing() -> None:
    """But for `one_way`: an equation that names its value, and constants, which the gold alone declares."""
    names = ("quantities.jsonl", "relations.jsonl")
    pairs = [json.loads(line) for name in names for line in (HERE / name).read_text().splitlines()]
    flipped = []
    for pair in pairs:
        if "answer" not in pair or "one_way" in pair or "%" in pair["gold"] + pair["answer"]:
            continue
        there, back = judged(pair), rewards.make_verifier(pair["answer"]).judge_answer(pair["gold"]).outcome
        if "unreadable_gold" not in (there, back) and (there == "correct") != (back == "correct"):
            flipped.append((pair["gold"], pair["answer"], there, back))
    assert not flipped
