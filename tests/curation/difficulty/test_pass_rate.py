"""Pass rates on a scripted engine: outcomes kept apart, nothing paid twice, failures never a wrong answer."""

import math
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from curation.core.errors import SamplingError
from curation.core.row import Difficulty, Message, Row
from curation.difficulty.outcomes import OUTCOMES
from curation.difficulty.pass_rate import Measured, PassRate, measure
from curation.difficulty.rounds import Rounds
from curation.sampling.engines.base import Request, Response, SamplingOptions
from curation.sampling.sample_cached import CachedSampler

RIGHT, WRONG, NOTHING, CUT = (r"\boxed{7}", "stop"), (r"\boxed{8}", "stop"), ("seven", "stop"), ("I think", "length")


class ScriptedPassRate(PassRate):
    sampler: Any


def options(sampler: Any, **fields: Any) -> PassRate:
    fields = {"n": 4, "batch_prompts": 2, "sampling": SamplingOptions(max_tokens=64), **fields}
    return ScriptedPassRate(sampler=sampler, **fields)


def row(name: str, answer: str = "7") -> Row:
    return Row(id=name, source="test", source_id=name, prompt=(Message("user", f"What is {name}?"),), answer=answer)


def rows(count: int) -> list[Row]:
    return [row(f"row{i}") for i in range(count)]


def n_sampled(log: list[Any]) -> int:
    return sum(len(numbers) for batch in log for _, numbers in batch)


def test_outcomes_stay_apart(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    responses = [RIGHT, RIGHT, WRONG, NOTHING, CUT, CUT, CUT, RIGHT]
    sampler = scripted(lambda key, number: responses[number])
    (apart,) = run(sampler, tmp_path, count=1, n=8)
    (together,) = run(sampler, tmp_path, count=1, n=8, truncated="wrong")
    found = apart.difficulty
    assert (found.pass_rate, found.share, found.n_correct, found.n_judged) == (3 / 5, 3 / 5, 3, 5)
    assert found.estimator == "share"
    assert (found.n_no_answer, found.n_truncated, found.n_unjudged, found.n_timeout) == (1, 3, 0, 0)
    assert (together.difficulty.pass_rate, together.difficulty.n_judged, together.difficulty.n_truncated) == (
        3 / 8,
        8,
        3,
    )


@pytest.mark.parametrize("bounds", [(0.5, 0.5), (0.9, 0.1), (-0.1, 1.0), (0.0, 1.5)])
def test_bounds_that_keep_nothing_are_refused(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValidationError):
        options(None, min_pass_rate=bounds[0], max_pass_rate=bounds[1])


def test_every_row_is_measured_in_order(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    responses = {
        "row0": [RIGHT, WRONG, RIGHT, NOTHING],
        "row1": [RIGHT] * 4,
        "row2": [WRONG, NOTHING, WRONG, WRONG],
        "row3": [CUT, CUT, CUT, RIGHT],
        "row4": [RIGHT, CUT, WRONG, WRONG],
    }
    seen: list[tuple[int, int, list[int]]] = []

    def report(sampler: CachedSampler, rounds: Rounds) -> None:
        seen.append((rounds.n_stopped, sampler.sampled.tokens, rounds.counts.sum(0).tolist()))

    measured = list(
        measure(
            rows(5),
            options(scripted(lambda key, number: responses[key][number])),
            tmp_path,
            seed=0,
            template="{question}",
            report=report,
        )
    )
    assert [(m.row_id, m.decision) for m in measured] == [
        ("row0", "keep"),
        ("row1", "trivial"),
        ("row2", "infeasible"),
        ("row3", "truncated"),
        ("row4", "keep"),
    ]
    assert measured[4].difficulty.pass_rate == pytest.approx(1 / 3)
    assert measured[0].difficulty.sampler.max_tokens == 64
    assert measured[0].difficulty.stop_reason == "fixed"
    assert [stopped for stopped, _ in groupby(stopped for stopped, _, _ in seen)] == [0, 2, 4, 5]
    assert dict(zip(OUTCOMES[:4], seen[-1][2], strict=False)) == {
        "correct": 8,
        "wrong": 6,
        "no_answer": 2,
        "truncated": 4,
    }
    assert seen[-1][1] == 16 * 5 + 4 * 64


def test_a_second_run_samples_nothing_and_starts_no_engine(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    first = options(scripted(lambda key, number: RIGHT if number % 2 else WRONG))
    expected = list(measure(rows(5), first, tmp_path, 0, "{question}"))

    class NeverOpened(type(first.sampler)):  # type: ignore[misc]
        def open(self) -> Any:
            raise AssertionError("the engine was started")

    again = options(NeverOpened(script=None, log=[]))
    assert list(measure(rows(5), again, tmp_path, 0, "{question}")) == expected


def run(sampler: Any, folder: Path, count: int = 4, template: str = "{question}", **fields: Any) -> list[Measured]:
    return list(measure(rows(count), options(sampler, **fields), folder, 0, template))


@pytest.mark.parametrize(
    ("change", "n_paid"),
    [
        ({}, 0),
        ({"n": 2}, 0),
        ({"n": 6}, 4 * 2),
        ({"count": 5}, 4),
        ({"truncated": "wrong"}, 0),
        ({"max_pass_rate": 0.5}, 0),
        ({"batch_prompts": 3}, 0),
        ({"sampling": SamplingOptions(max_tokens=128)}, 4),
        ({"sampling": SamplingOptions(max_tokens=32)}, 0),
        ({"sampling": SamplingOptions(max_tokens=64, temperature=0.5)}, 16),
        ({"template": "{question}!"}, 16),
    ],
)
def test_only_the_difference_is_paid(
    tmp_path: Path, scripted: Callable[..., Any], change: dict[str, Any], n_paid: int
) -> None:
    def script(_: str, number: int) -> tuple[str, str]:
        return CUT if number == 3 else RIGHT

    run(scripted(script), tmp_path)
    second = scripted(script)
    run(second, tmp_path, **change)
    assert n_sampled(second.log) == n_paid


@pytest.mark.parametrize(
    ("before", "after", "n_paid"),
    [
        ({"max_model_len": 40}, {"max_model_len": 40}, 0),
        ({"max_model_len": 40}, {"max_model_len": 60}, 4),
        ({"max_model_len": 40}, {"max_model_len": None}, 4),
        ({"max_model_len": 40}, {"max_model_len": 30}, 0),
        ({"max_model_len": 74}, {"max_model_len": 75}, 0),  # max_tokens cuts first
        ({"max_model_len": None}, {"max_model_len": None}, 0),
        ({"max_model_len": None}, {"max_model_len": 40}, 0),
        ({"max_model_len": 40}, {"max_model_len": 10}, 16),  # no room is left; the engine is asked, and would refuse
    ],
)
def test_a_longer_context_resamples_what_the_shorter_one_cut_off(
    tmp_path: Path, scripted: Callable[..., Any], before: dict[str, Any], after: dict[str, Any], n_paid: int
) -> None:
    def script(_: str, number: int) -> tuple[str, str]:
        return CUT if number == 3 else RIGHT

    run(scripted(script, **before), tmp_path)
    second, third = scripted(script, **after), scripted(script, **after)
    measured = run(second, tmp_path)
    assert n_sampled(second.log) == n_paid
    if after["max_model_len"] != 10:
        assert [m.difficulty.n_truncated for m in measured] == [1] * 4
        run(third, tmp_path)
        assert third.log == []


def test_another_verifier_costs_nothing(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    first, second = (scripted(lambda key, number: RIGHT) for _ in range(2))
    (before,) = measure([row("a")], options(first), tmp_path, 0, "{question}")
    (after,) = measure([row("a", answer="8")], options(second), tmp_path, 0, "{question}")
    assert (before.decision, after.decision, second.log) == ("trivial", "infeasible", [])


def test_a_question_rewritten_under_the_same_id_is_sampled_anew(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    rewritten = row("a").changed("normalise", "wrapper removed", prompt=(Message("user", "What else?"),))
    sampler = scripted(lambda key, number: RIGHT)
    list(measure([row("a")], options(sampler), tmp_path, 0, "{question}"))
    list(measure([rewritten], options(sampler), tmp_path, 0, "{question}"))
    assert n_sampled(sampler.log) == 8


def test_one_prompt_twice_in_a_chunk_is_sampled_once(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    sampler = scripted(lambda key, number: RIGHT)
    measured = list(measure([row("a"), row("a")], options(sampler), tmp_path, 0, "{question}"))
    assert measured[0] == measured[1]
    assert n_sampled(sampler.log) == 4


def test_a_failing_engine_is_an_error_and_what_was_sampled_stays(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    def failing(key: str, number: int) -> tuple[str, str]:
        if key == "row3":
            raise SamplingError("engine 'scripted' failed while sampling: out of memory")
        return RIGHT

    broken, whole = scripted(failing), scripted(lambda key, number: RIGHT)
    with pytest.raises(SamplingError, match="out of memory"):
        list(measure(rows(5), options(broken), tmp_path, 0, "{question}"))
    measured = list(measure(rows(5), options(whole), tmp_path, 0, "{question}"))
    assert [m.row_id for m in measured] == [f"row{i}" for i in range(5)]
    assert whole.log == [[("row2", (0, 1, 2, 3)), ("row3", (0, 1, 2, 3))], [("row4", (0, 1, 2, 3))]]


def test_a_resumed_run_samples_the_batches_of_an_uninterrupted_one(
    tmp_path: Path, scripted: Callable[..., Any]
) -> None:
    def interrupted(key: str, number: int) -> tuple[str, str]:
        if key == "row5":
            raise SamplingError("engine 'scripted' was killed")
        return RIGHT if number else WRONG

    whole, second = (scripted(lambda key, number: RIGHT if number else WRONG) for _ in range(2))
    first = scripted(interrupted)
    expected = run(whole, tmp_path / "whole", count=7)
    with pytest.raises(SamplingError):
        run(first, tmp_path / "cut", count=7)
    assert run(second, tmp_path / "cut", count=7) == expected
    assert first.log[:-1] + second.log == whole.log


def test_a_refused_prompt_is_unjudged_not_wrong(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    def script(key: str, number: int) -> tuple[str, str]:
        if key == "row0":
            raise ValueError("the prompt has 9000 tokens")
        return RIGHT if number else WRONG

    refused, other = run(scripted(script), tmp_path, count=2)
    assert refused.decision == "unjudged"
    assert refused.difficulty.stop_reason == "refused: the prompt has 9000 tokens"
    assert (refused.difficulty.n_judged, refused.difficulty.n_unjudged) == (0, 4)
    assert math.isnan(refused.difficulty.pass_rate)
    assert other.decision == "keep"


@pytest.mark.parametrize(("numbers", "kept"), [((0, 1, 2), 6), ((0, 1, 2, 2), 0), ((1, 2, 3), 6), ((0, 1, 2, 3, 4), 0)])
def test_an_engine_that_answers_something_else_is_an_error(
    tmp_path: Path, scripted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, numbers: tuple[int, ...], kept: int
) -> None:
    sampler = scripted(lambda key, number: RIGHT)
    with sampler.open() as session:
        honest = type(session).generate

    def dishonest(self: Any, requests: list[Request], options: SamplingOptions) -> list[Response]:
        return honest(self, [replace(request, sample_numbers=numbers) for request in requests], options)

    monkeypatch.setattr(type(session), "generate", dishonest)
    with pytest.raises(SamplingError, match=r"engine gave (no )?samples"):
        run(sampler, tmp_path)
    stored = [pq.read_metadata(path).num_rows for path in tmp_path.glob("*.parquet")]
    assert sum(stored) == kept


def test_an_unreadable_gold_is_unjudged(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    (measured,) = measure([row("a", answer="")], options(scripted(lambda k, n: RIGHT)), tmp_path, 0, "{question}")
    assert (measured.decision, measured.difficulty.n_unjudged) == ("unjudged", 4)


def test_a_difficulty_is_a_difficulty(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    (measured,) = run(scripted(lambda k, n: RIGHT if n else WRONG), tmp_path, count=1)
    row_id, found, decision = measured
    assert (row_id, decision) == ("row0", "keep")
    assert isinstance(found, Difficulty)
    assert (found.pass_rate, found.n_correct, found.n_judged) == (0.75, 3, 4)
    assert found.ci_low < 0.75 < found.ci_high


class Many:
    """Rows that are made when they are read."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Row]:
        return (row(f"row{i}") for i in range(self.count))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_texts(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    text = "seven " * 350 + r"\boxed{7}"
    peaks = []
    for count in (400, 4000):
        sampler = scripted(lambda key, number: (text, "stop"))
        tracemalloc.start()
        for _ in measure(Many(count), options(sampler, batch_prompts=100), tmp_path / str(count), 0, "{question}"):
            sampler.log.clear()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 3600 * 1000  # bytes; the texts alone are 8 kB a prompt
