"""Suspicion: how many corrupted golds are found, and how many sound ones are suspected."""

import json
import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from curation.core.row import Row
from curation.difficulty.triage.agreement import n_options
from curation.difficulty.triage.marks import (
    Counts,
    Triage,
    is_suspect,
)
from curation.difficulty.triage.suspicion import suspicion
from tests.curation.difficulty.test_triage import agreed, row


# What follows corrupts golds on purpose. The sampler is right with a probability of its own for every prompt: of a strong
# model on most (beta(8, 1.2), mean 0.87), hardly ever on one in twelve (beta(1, 8)). On a third of the prompts its mistakes agree
# (a share of beta(4, 2) of them), elsewhere they scatter. Of Qwen2.5-Math's 100 x 8 published samples on MATH, 86 prompts are
# always right and 4 never: two of these with eight equal answers, two with half of them equal.
class Prompt(NamedTuple):
    row: Row
    truth: str
    common: str
    accuracy: float
    share: float


def prompt(number: int, rng: random.Random) -> Prompt:
    accuracy = rng.betavariate(1, 8) if rng.random() < 1 / 12 else rng.betavariate(8, 1.2)
    share = rng.betavariate(4, 2) if rng.random() < 1 / 3 else 0.0
    value = rng.randrange(2, 400)
    name = f"row{number}"
    if number % 4 == 3:
        truth, common = rng.sample("ABCDE", 2)
        options = json.dumps({"choices": [f"{value + k} kg" for k in range(5)]})
        return Prompt(row(name, truth, answer_kind="choice", answer_options=options), truth, common, accuracy, share)
    truth = [f"{value}", f"{value}/{value + 1}", rf"{value} \text{{ cm}}"][number % 4]
    common = [f"{value + 1}", f"{value + 1}/{value}", rf"{2 * value} \text{{ cm}}"][number % 4]
    return Prompt(row(name, truth), truth, common, accuracy, share)


def samples(of: Prompt, n: int, rng: random.Random) -> list[str]:
    def one() -> str:
        if rng.random() < of.accuracy:
            return of.truth
        if rng.random() < of.share:
            return of.common
        return rng.choice("ABCDE") if of.row.answer_kind == "choice" else str(rng.randrange(500, 530))

    return [one() for _ in range(n)]


CORRUPTIONS: dict[str, Callable[[Prompt, Prompt, random.Random], str]] = {
    "sign": lambda of, other, rng: f"-{of.truth}",
    "off by one": lambda of, other, rng: str(int(of.truth.split("/")[0].split(" ")[0]) + 1),
    "another row's": lambda of, other, rng: other.truth,
    "no unit": lambda of, other, rng: of.truth.split(" ")[0],
    "letter": lambda of, other, rng: rng.choice("ABCDE".replace(of.truth, "")),
}


def corrupted(of: Prompt, prompts: list[Prompt], rng: random.Random) -> tuple[str, str]:
    """The kind of the corruption and the gold that it makes."""
    same = [p for p in prompts if p.row.answer_kind == of.row.answer_kind and p.truth != of.truth]
    choice = of.row.answer_kind == "choice"
    kinds = ["letter", "another row's"] if choice else ["sign", "off by one", "another row's", "no unit"]
    kind = rng.choice([k for k in kinds if k != "no unit" or "cm" in of.truth])
    return kind, CORRUPTIONS[kind](of, rng.choice(same), rng)


class Found(NamedTuple):
    knowable: int
    found: int
    clean: int
    alarms: int
    suspects: int


def triage_of_corrupted_golds(seed: int, n: int, n_corrupted: int = 50) -> Found:
    """500 rows of which some golds are corrupted. A corrupted gold can be known to be wrong from the samples where more than
    half of them give the true answer and none is judged correct.
    """
    rng = random.Random(seed)
    prompts = [prompt(number, rng) for number in range(500)]
    bad = set(rng.sample(range(500), n_corrupted))
    counts, knowable = [], []
    for i, of in enumerate(prompts):
        gold = corrupted(of, prompts, rng)[1] if i in bad else of.truth
        one = row(of.row.id, gold, answer_kind=of.row.answer_kind, answer_options=of.row.answer_options)
        answers = samples(of, n, rng)
        found = agreed(one, *answers)
        counts.append((found.n_answered, found.n_correct, found.n_agreed, n_options(one)))
        knowable.append(i in bad and found.n_correct == 0 and 2 * answers.count(of.truth) > n)
    table = np.array(counts)
    probabilities = suspicion(table[:, :3], np.zeros(500, int), table[:, 3])
    suspect = [is_suspect(Counts(*c), p, Triage()) and c[1] == 0 for c, p in zip(counts, probabilities, strict=True)]
    hits = sum(s and k for s, k in zip(suspect, knowable, strict=True))
    alarms = sum(s for i, s in enumerate(suspect) if i not in bad)
    return Found(sum(knowable), hits, 500 - n_corrupted, alarms, sum(suspect))


@pytest.mark.slow
@pytest.mark.parametrize("n", [8, 16])
def test_corrupted_golds_are_found_with_few_false_alarms(n: int) -> None:
    runs = [triage_of_corrupted_golds(seed, n) for seed in range(4)]
    knowable, found, clean, alarms, _ = (sum(column) for column in zip(*runs, strict=True))
    assert knowable >= 30 * len(runs)
    assert found >= 0.9 * knowable
    assert alarms <= 0.05 * clean


def test_sound_golds_raise_few_alarms() -> None:
    assert triage_of_corrupted_golds(0, 8, n_corrupted=0).suspects <= 10


@pytest.mark.parametrize(
    ("counts", "suspected"),
    [
        ([(8, 0, 8)] * 500, 0),
        ([(8, 0, 8)] * 450 + [(8, 8, 0)] * 50, 0),
        ([(8, 1, 2)] * 450 + [(8, 0, 6)] * 50, 0),
        ([(8, 8, 0)] * 450 + [(8, 6, 1)] * 45 + [(8, 0, 8)] * 5, 5),
        ([(8, 0, 8)], 0),
    ],
    ids=["one answer to all", "one answer, sometimes right", "weak", "strong", "a single row"],
)
def test_a_weak_sampler_raises_no_alarm(counts: list[tuple[int, int, int]], suspected: int) -> None:
    table = np.array(counts)
    probabilities = suspicion(table, np.zeros(len(table), int), np.zeros(len(table), int))
    assert sum(is_suspect(Counts(*c), p, Triage()) for c, p in zip(counts, probabilities, strict=True)) == suspected


def test_two_options_cannot_tell_a_mistake_from_a_wrong_gold() -> None:
    counts = np.array([(8, 8, 0)] * 300 + [(8, 6, 2)] * 60 + [(8, 0, 8)] * 8)
    two = suspicion(counts, np.zeros(len(counts), int), np.full(len(counts), 2))
    five = suspicion(counts, np.zeros(len(counts), int), np.full(len(counts), 5))
    assert two[-1] <= five[-1]
