"""Triage: suspect golds told from hard prompts, pictures that nobody needs, guesses; and how well on corrupted golds."""

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from curation.parquet import read_records, write_records
from curation.row import Message, Row, to_record
from curation.sampling.agreement import Agreement, agreement, n_options
from curation.sampling.engine import SamplingOptions
from curation.sampling.pass_rate import PassRate, measure
from curation.sampling.stopping.bayes import Bayes
from curation.sampling.stopping.exact import Exact
from curation.sampling.stopping.fixed import Fixed
from curation.sampling.store import RolloutStore
from curation.sampling.suspicion import suspicion
from curation.sampling.triage import (
    Counts,
    Triage,
    chance_corrected,
    is_suspect,
    marks,
    picture_not_needed,
    without_pictures,
)
from curation.sampling.verdicts import VerdictStore
from curation.schema import DECISION, STAGE
from curation.steps.difficulty import DecideDifficulty
from curation.steps.triage import DecideTriage, triaged
from rewards import make_verifier


def row(name: str = "a", answer: str = "7", **fields: Any) -> Row:
    fields = {"source": "test", **fields}
    return Row(id=name, source_id=name, prompt=(Message("user", f"What is {name}?"),), answer=answer, **fields)


def agreed(one: Row, *answers: str) -> Agreement:
    verifier = make_verifier(one.answer, one.answer_kind, one.answer_options)
    return agreement(one, [verifier.judge(rf"\boxed{{{answer}}}" if answer else "none") for answer in answers])


LETTERS = {"answer_kind": "choice", "answer_options": json.dumps({"choices": ["cat", "dog", "emu", "fox"]})}


@pytest.mark.parametrize(
    ("one", "answers", "expected"),
    [
        (row(), ["7", "7", "8"], Agreement(3, 2, 1, "8", (2,))),
        (row(), ["1/2", "0.5", "3", r"\frac{2}{4}"], Agreement(4, 0, 3, "1/2", (0, 1, 3))),
        (row(), ["", "8", "", "8"], Agreement(2, 0, 2, "8", (1, 3))),
        (row(), [], Agreement(0, 0, 0)),
        (row(), ["", ""], Agreement(0, 0, 0)),
        (row(), ["3", "4", "4", "3"], Agreement(4, 0, 2, "3", (0, 3))),
        (row(answer="A", **LETTERS), ["B", "dog", "(b)", "C"], Agreement(4, 0, 3, "B", (0, 1, 2))),
        (row(answer="cat", **LETTERS), ["A", "B", "cat", "x"], Agreement(4, 2, 1, "B", (1,))),
        (row(answer="knight", answer_kind="text"), ["knave", "Knave", "spy"], Agreement(3, 0, 2, "knave", (0, 1))),
        (row(answer="5", answer_kind="number"), ["6", "6.0", "7"], Agreement(3, 0, 2, "6", (0, 1))),
        (row(answer="", answer_kind="math"), ["6", "6"], Agreement(0, 0, 0)),
    ],
)
def test_answers_that_the_reward_takes_for_one_agree(one: Row, answers: list[str], expected: Agreement) -> None:
    assert agreed(one, *answers) == expected


@pytest.mark.parametrize(
    ("one", "options"),
    [
        (row(), 0),
        (row(**LETTERS), 4),
        (row(answer_kind="choice"), 0),
        (row("it\nA. one\nB. two\nC. three", answer_kind="choice"), 3),
    ],
)
def test_options_are_counted(one: Row, options: int) -> None:
    assert n_options(one) == options


@pytest.mark.parametrize(
    ("pass_rate", "options", "corrected"),
    [(1, 4, 1), (0.25, 4, 0), (0.5, 2, 0), (0, 4, -1 / 3), (0.75, 2, 0.5), (0.4, 5, 0.25)],
)
def test_the_pass_rate_is_corrected_for_chance(pass_rate: float, options: int, corrected: float) -> None:
    assert chance_corrected(pass_rate, options) == pytest.approx(corrected)


@pytest.mark.parametrize(
    ("counts", "needed"),
    [
        ((8, 8), False),
        ((7, 8), False),
        ((6, 8), True),
        ((5, 5), False),
        ((4, 4), True),
        ((0, 0), True),
        ((8, 8, 4), False),
        ((7, 8, 4), True),
        ((8, 8, 2), True),
        ((12, 16), False),
        ((11, 16), True),
    ],
)
def test_a_picture_is_not_needed_where_most_blind_samples_are_right(counts: tuple[int, ...], needed: bool) -> None:
    assert picture_not_needed(*counts) is not needed


def test_a_row_without_pictures_is_another_prompt() -> None:
    assert without_pictures(row(images=(b"picture",))) == row()


@pytest.mark.parametrize(
    ("counts", "pass_rate", "probability", "names"),
    [
        (Counts(8, 0, 8), 0.0, 0.9, ["suspect_gold"]),
        (Counts(8, 0, 8), 0.0, 0.4, ["hard"]),
        (Counts(8, 0, 4), 0.0, 0.9, ["hard"]),
        (Counts(2, 0, 2), 0.0, 0.9, ["hard"]),
        (Counts(8, 1, 7), 0.125, 0.9, ["doubtful_gold"]),
        (Counts(8, 4, 2), 0.5, 0.0, []),
        (Counts(8, 8, 0), 1.0, 0.0, []),
        (Counts(8, 8, 0, 0, 8, 8), 1.0, 0.0, ["picture_not_needed"]),
        (Counts(8, 8, 0, 0, 2, 8), 1.0, 0.0, []),
        (Counts(8, 2, 3, 4), 0.25, 0.0, ["not_above_chance"]),
        (Counts(8, 3, 3, 4), 0.375, 0.0, []),
        (Counts(8, 1, 7, 4), 0.125, 0.6, ["doubtful_gold", "not_above_chance"]),
        (Counts(0, 0, 0), math.nan, 0.9, []),
        (Counts(0, 0, 0), 0.0, 0.0, ["hard"]),
    ],
)
def test_marks(counts: Counts, pass_rate: float, probability: float, names: list[str]) -> None:
    assert [mark.name for mark in marks(counts, pass_rate, probability, Triage())] == names


def test_suspicion_can_be_switched_off() -> None:
    off = Triage(suspect_gold=None)
    assert [mark.name for mark in marks(Counts(8, 0, 8), 0.0, 0.9, off)] == ["hard"]


KEPT = {"action": "keep", "reason": "", "detail": "", "note": None}


@pytest.mark.parametrize(
    ("line", "counts", "pass_rate", "options", "changed"),
    [
        ({"action": "dropped", "reason": "infeasible"}, Counts(8, 0, 8), 0.0, Triage(), {"reason": "suspect_gold"}),
        ({"action": "dropped", "reason": "truncated"}, Counts(3, 0, 3), 0.0, Triage(), {"reason": "truncated"}),
        ({}, Counts(8, 0, 8), 0.0, Triage(), {"action": "dropped", "reason": "suspect_gold"}),
        ({}, Counts(8, 1, 7), 0.125, Triage(), {"action": "keep", "reason": ""}),
        ({}, Counts(8, 1, 7), 0.125, Triage(drop=("doubtful_gold",)), {"action": "dropped", "reason": "doubtful_gold"}),
        ({}, Counts(8, 4, 4), 0.5, Triage(), {"action": "keep", "note": None}),
    ],
)
def test_lines_of_difficulty_are_changed_by_marks(
    line: dict[str, Any], counts: Counts, pass_rate: float, options: Triage, changed: dict[str, Any]
) -> None:
    found = triaged({**KEPT, **line}, marks(counts, pass_rate, 0.9, options), options)
    assert {name: found[name] for name in changed} == changed


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


class ScriptedPassRate(PassRate):
    sampler: Any
    samplers: Any = ()


def test_a_build_quarantines_suspect_golds(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    def script(key: str, number: int) -> tuple[str, str]:
        name, _, what = key.partition("-")
        wrong = {"bad": "9", "few": "7" if number == 0 else "9", "hard": str(100 + number)}.get(what)
        right = number or int(name[3:]) % 2
        return rf"So it is \boxed{{{wrong or (7 if right else 8)}}}.", "stop"

    rows = [row(f"row{i}") for i in range(60)] + [row("row60-bad"), row("row61-few"), row("row62-hard")]
    files = [tmp_path / "rows" / f"{i}.parquet" for i in range(2)]
    for i, file in enumerate(files):
        write_records(file, STAGE, map(to_record, rows[i::2]))
    options = ScriptedPassRate(sampler=scripted(script), n=8, sampling=SamplingOptions(max_tokens=64))
    list(DecideDifficulty(files, tmp_path / "difficulty", options, tmp_path / "rollouts", 0, "{question}").run(None))
    decided = [tmp_path / "difficulty" / file.name for file in files]
    arguments = (Triage(), options, tmp_path / "rollouts", 0, "{question}", tmp_path / "suspect_gold.parquet")
    list(DecideTriage(files, decided, tmp_path / "triage", *arguments).run(None))
    n_batches = len(options.sampler.log)

    ids = [one.id for i in range(2) for one in rows[i::2]]
    before = [line for file in decided for line in read_records(file)]
    after = [line for file in files for line in read_records(tmp_path / "triage" / file.name)]
    changed = {i: line for i, was, line in zip(ids, before, after, strict=True) if line != was}
    assert {i: (line["action"], line["reason"]) for i, line in changed.items()} == {
        "row60-bad": ("dropped", "suspect_gold"),
        "row61-few": ("keep", ""),
        "row62-hard": ("dropped", "infeasible"),
    }
    assert changed["row61-few"]["note"].startswith("doubtful_gold: 7 of 8 samples agree on another answer, 1 on the")
    assert changed["row62-hard"]["detail"] == "0 of 8 correct; hard: no two samples agree on an answer"

    suspects = list(read_records(tmp_path / "suspect_gold.parquet"))
    assert [(s["id"], s["mark"], s["gold"], s["agreed_answer"], s["n_agreed"]) for s in suspects] == [
        ("row60-bad", "suspect_gold", "7", "9", 8),
        ("row61-few", "doubtful_gold", "7", "9", 7),
    ]
    assert suspects[0]["responses"] == [r"So it is \boxed{9}."] * 2
    assert len(suspects[0]["rollouts"]) == 8
    assert DECISION.names == list(after[0])
    assert len(options.sampler.log) == n_batches


@pytest.mark.parametrize("stopping", [Fixed(), Exact(), Bayes()])
@pytest.mark.parametrize("pass_on", [(), ("trivial",)], ids=["first sampler", "second sampler"])
def test_what_is_solved_without_its_picture_is_marked(
    tmp_path: Path, scripted: Callable[..., Any], stopping: Any, pass_on: tuple[str, ...]
) -> None:
    """By the first sampler and with `n` samples, whichever sampler and however few samples found it trivial."""
    blind: list[bool] = []

    def script(key: str, number: int) -> tuple[str, str]:
        return rf"\boxed{{{8 if blind and (key == 'needed' or number == 0) else 7}}}", "stop"

    pictured = [row("needed", images=(b"1",)), row("not-needed", images=(b"2",)), row("text")]
    file, store = tmp_path / "rows" / "0.parquet", tmp_path / "rollouts"
    write_records(file, STAGE, map(to_record, pictured))
    samplers = scripted(script), scripted(script, revision="2")
    fields = {"samplers": samplers, "pass_on": pass_on, "stopping": stopping, "max_pass_rate": 0.5, "n": 8}
    options = ScriptedPassRate(sampling=SamplingOptions(max_tokens=64), **fields)  # type: ignore[call-arg]
    list(DecideDifficulty([file], tmp_path / "difficulty", options, store, 0, "{question}").run(None))
    blind.append(True)

    def reasons(triage: Triage) -> list[str]:
        options.sampler.log.clear()
        decided, quarantine = [tmp_path / "difficulty" / file.name], tmp_path / "suspect_gold.parquet"
        arguments = (triage, options, store, 0, "{question}", quarantine)
        list(DecideTriage([file], decided, tmp_path / "triage", *arguments).run(None))
        assert list(read_records(quarantine)) == []
        return [line["reason"] for line in read_records(tmp_path / "triage" / file.name)]

    assert reasons(Triage()) == ["trivial"] * 3
    assert options.sampler.log == []
    assert reasons(Triage(without_pictures=True)) == ["trivial", "picture_not_needed", "trivial"]
    assert options.sampler.log == [[("needed", tuple(range(8))), ("not-needed", tuple(range(8)))]]
    assert reasons(Triage(without_pictures=True)) == ["trivial", "picture_not_needed", "trivial"]
    assert options.sampler.log == []


@pytest.mark.parametrize("stopping", [Fixed(), Exact(), Bayes(n_max=12)])
@pytest.mark.parametrize("truncated", ["wrong", "unjudged"])
def test_the_samples_of_a_difficulty_are_found_again(
    tmp_path: Path, scripted: Callable[..., Any], stopping: Any, truncated: str
) -> None:
    """Under every stopping rule, of either sampler, where the store holds more samples than were needed."""
    rows = [row(f"row{i}") for i in range(24)]
    file, store = tmp_path / "0.parquet", tmp_path / "rollouts"
    write_records(file, STAGE, map(to_record, rows))

    def first(key: str, number: int) -> tuple[str, str]:
        return (r"\boxed{9}", "stop") if int(key[3:]) % 3 < 2 else second(key, number)

    def second(key: str, number: int) -> tuple[str, str]:
        cut = number == 2 and int(key[3:]) % 2
        return rf"\boxed{{{7 + (number * int(key[3:])) % 3}}}", "length" if cut else "stop"

    samplers = scripted(first), scripted(second, revision="2")
    fields = {
        "n": 6,
        "min_pass_rate": 0.2,
        "max_pass_rate": 0.7,
        "truncated": truncated,
        "sampling": SamplingOptions(max_tokens=64),
    }
    for sampler in samplers:
        for _ in measure(rows, ScriptedPassRate(sampler=sampler, **{**fields, "n": 20}), store, 0, "{question}"):
            pass
    both = {"samplers": samplers, "pass_on": ("infeasible",), "stopping": stopping}
    options = ScriptedPassRate(**fields, **both)
    list(DecideDifficulty([file], tmp_path / "difficulty", options, store, 0, "{question}").run(None))
    decided = [tmp_path / "difficulty" / file.name]
    arguments = (Triage(), options, store, 0, "{question}", tmp_path / "suspect_gold.parquet")
    step = DecideTriage([file], decided, tmp_path / "triage", *arguments)
    with RolloutStore(store) as rollouts, VerdictStore(store / "verdicts") as verdicts:
        step._stores = rollouts, verdicts
        (chunk,) = step.chunks()
        revisions = set()
        for (_, told), (drawn, judged) in zip(chunk, step._sampled(chunk), strict=True):
            found, outcomes = told["difficulty"], [verdict.outcome for verdict in judged]
            revisions.add(found["sampler"]["revision"])
            assert {one.setting.revision for one in drawn} == {found["sampler"]["revision"]}
            assert outcomes.count("correct") == found["n_correct"]
            assert outcomes.count("truncated") == found["n_truncated"]
            lost = 0 if truncated == "wrong" else found["n_truncated"]
            assert len(outcomes) == found["n_judged"] + lost
    assert revisions == {"1", "2"}
