"""Pairs of our own over every form that answers take, in the shape that `ovr-curate score` and the benchmark read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import rewards

PAIRS: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).parent / "formats.jsonl").read_text().splitlines()
]
PERCENT = ("%", "percent")


def is_correct(gold: str, answer: str) -> bool:
    return rewards.make_verifier(gold).judge_answer(answer).outcome == "correct"


def test_every_pair_gets_its_label() -> None:
    bare = [
        (p["gold"], p["answer"]) for p in PAIRS if "answer" in p and is_correct(p["gold"], p["answer"]) != p["expected"]
    ]
    boxed = [
        (p["gold"], p["response"])
        for p in PAIRS
        if "response" in p and (rewards.judge(p["gold"], p["response"]).outcome == "correct") != p["expected"]
    ]
    assert bare + boxed == []


def test_swapping_the_sides_changes_nothing() -> None:
    flipped = []
    for pair in PAIRS:
        if "answer" not in pair or any(sign in pair["gold"] + pair["answer"] for sign in PERCENT):
            continue
        back = rewards.make_verifier(pair["answer"]).judge_answer(pair["gold"]).outcome
        if back != "unreadable_gold" and (back == "correct") != pair["expected"]:
            flipped.append((pair["gold"], pair["answer"]))
    assert flipped == []
