"""Adaptive sampling through `measure` with a scripted engine: decisions, budgets, several models, interruptions."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from curation.core.errors import SamplingError
from curation.core.row import Message, Row
from curation.difficulty.pass_rate import Measured, PassRate, measure
from curation.difficulty.rounds import Rounds
from curation.difficulty.stopping.bayes import Bayes
from curation.difficulty.stopping.exact import Exact
from curation.sampling.engines.base import Request, Response, SamplingOptions
from curation.sampling.sample_cached import CachedSampler

RIGHT, WRONG, NOTHING, CUT = (r"\boxed{7}", "stop"), (r"\boxed{8}", "stop"), ("seven", "stop"), ("I think", "length")
RATES = (0.0, 0.05, 0.3, 0.5, 0.8, 0.97, 1.0)


class ScriptedPassRate(PassRate):
    sampler: Any
    samplers: tuple[Any, ...] = ()


def chance(key: str, number: int, salt: str = "") -> float:
    return int.from_bytes(hashlib.blake2b(f"{salt}{key}/{number}".encode(), digest_size=4).digest()) / 2**32


def by_rate(key: str, number: int) -> tuple[str, str]:
    """Prompt i is right at `RATES[i % 7]`; every fifth is cut off half of the time, every eleventh always."""
    i = int(key.removeprefix("row"))
    if i % 11 == 10 or (i % 5 == 4 and chance(key, number, "cut") < 0.5):
        return CUT
    return RIGHT if chance(key, number) < RATES[i % 7] else (NOTHING if i % 3 else WRONG)


def rows(count: int, source: str = "test") -> list[Row]:
    names = [f"row{i}" for i in range(count)]
    return [
        Row(id=name, source=source, source_id=name, prompt=(Message("user", f"What is {name}?"),), answer="7")
        for name in names
    ]


def run(sampler: Any, folder: Path, count: int = 66, **fields: Any) -> list[Measured]:
    fields = {"n": 16, "batch_prompts": 8, "sampling": SamplingOptions(max_tokens=64), **fields}
    given = fields.pop("given", rows(count))
    return list(measure(given, ScriptedPassRate(sampler=sampler, **fields), folder, 0, "{question}"))


def n_sampled(log: list[Any]) -> int:
    return sum(len(numbers) for batch in log for _, numbers in batch)


@pytest.mark.slow
@pytest.mark.parametrize("bounds", [(0.0, 1.0), (0.1, 0.9), (None, 0.625), (0.3, None)])
@pytest.mark.parametrize("truncated", ["wrong", "unjudged"])
@pytest.mark.parametrize("max_lost", [0.5, 1.0])
def test_exact_decides_as_fixed_with_fewer_samples(
    tmp_path: Path, scripted: Callable[..., Any], bounds: tuple[float, float], truncated: str, max_lost: float
) -> None:
    fields = {"min_pass_rate": bounds[0], "max_pass_rate": bounds[1], "truncated": truncated, "max_lost": max_lost}
    fixed, exact = scripted(by_rate), scripted(by_rate)
    expected = run(fixed, tmp_path / "fixed", **fields)
    found = run(exact, tmp_path / "exact", stopping=Exact(round=2), **fields)
    assert [(m.row_id, m.decision) for m in found] == [(m.row_id, m.decision) for m in expected]
    assert n_sampled(exact.log) < 0.9 * n_sampled(fixed.log) == 0.9 * 66 * 16
    assert {m.difficulty.stop_reason for m in found} == {"settled", "all_samples"}


def test_bayes_spends_on_the_undecided(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    sampler = scripted(lambda key, number: RIGHT if chance(key, number) < RATES[int(key[3:]) % 7] else WRONG)
    found = run(sampler, tmp_path, count=140, stopping=Bayes(n_max=48), min_pass_rate=0.1, max_pass_rate=0.9)
    drawn = np.array([m.difficulty.n_judged for m in found])
    kept = np.array([m.decision == "keep" for m in found])
    middle = np.arange(140) % 7 == 3
    assert drawn.min() == 4
    assert drawn.max() > 16
    assert n_sampled(sampler.log) == drawn.sum() < 0.75 * 140 * 16
    assert drawn[middle].mean() < drawn[np.isin(np.arange(140) % 7, (1, 5))].mean()
    assert kept[middle].all()
    for measured in found:
        told = measured.difficulty
        assert told.ci_low <= told.pass_rate <= told.ci_high
        assert told.stop_reason in ("settled", "all_samples")
        assert (told.estimator, told.share) == ("posterior_mean", told.n_correct / told.n_judged)
    assert any(measured.difficulty.pass_rate != measured.difficulty.share for measured in found)


def test_prompts_that_are_always_cut_off_are_given_up_early(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    sampler = scripted(lambda key, number: CUT if key == "row0" else RIGHT if number % 2 else WRONG)
    first, *_ = run(sampler, tmp_path, count=60, stopping=Bayes())
    assert (first.decision, first.difficulty.n_truncated, first.difficulty.n_judged) == ("truncated", 4, 0)


@pytest.mark.parametrize(("stopping", "fatal"), [(Exact(), 40), (Exact(round=4), 190), (Bayes(n_max=32), 90)])
def test_an_interrupted_run_ends_as_one_that_was_not(
    tmp_path: Path, scripted: Callable[..., Any], stopping: Any, fatal: int
) -> None:
    whole, cut, resumed = scripted(by_rate), scripted(by_rate), scripted(by_rate)
    expected = run(whole, tmp_path / "whole", stopping=stopping, count=22)
    left = fatal

    def dying(key: str, number: int) -> tuple[str, str]:
        nonlocal left
        left -= 1
        if left < 0:
            raise SamplingError("killed")
        return by_rate(key, number)

    with pytest.raises(SamplingError):
        run(scripted(dying), tmp_path / "cut", stopping=stopping, count=22, batch_prompts=2)
    assert run(resumed, tmp_path / "cut", stopping=stopping, count=22, batch_prompts=5) == expected
    assert 0 < n_sampled(whole.log) - n_sampled(resumed.log) <= fatal
    assert run(cut, tmp_path / "cut", stopping=stopping, count=22) == expected
    assert cut.log == []


def test_more_samples_in_the_store_change_nothing(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    expected = run(scripted(by_rate), tmp_path / "alone", count=22, stopping=Bayes())
    run(scripted(by_rate), tmp_path / "held", count=22, n=20)
    assert run(scripted(by_rate), tmp_path / "held", count=22, stopping=Bayes()) == expected


@pytest.mark.slow
@pytest.mark.parametrize("stopping", [Exact(), Bayes()])
def test_a_token_budget_ends_with_the_least_urgent(tmp_path: Path, scripted: Callable[..., Any], stopping: Any) -> None:
    def script(key: str, number: int) -> tuple[str, str]:
        return RIGHT if chance(key, number) < RATES[int(key[3:]) % 7] else WRONG

    free = scripted(script)
    expected = run(free, tmp_path / "free", count=70, stopping=stopping)
    limit = 5 * int(0.8 * n_sampled(free.log))
    sampler = scripted(script)
    found = run(sampler, tmp_path / "tight", count=70, stopping=stopping, max_tokens_total=limit)
    assert limit * 0.75 < 5 * n_sampled(sampler.log) <= limit
    stopped = [m for m in found if m.difficulty.stop_reason == "budget"]
    assert stopped
    for measured, free_of_budget in zip(found, expected, strict=True):
        if measured not in stopped:
            assert measured.decision == free_of_budget.decision
            assert measured.difficulty.n_judged == free_of_budget.difficulty.n_judged
    resumed = scripted(script)
    assert run(resumed, tmp_path / "tight", count=70, stopping=stopping, max_tokens_total=limit) == found
    assert resumed.log == []


def test_what_the_budget_never_reached_is_unsampled(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    found = run(scripted(lambda key, number: RIGHT), tmp_path, count=40, n=4, max_tokens_total=5 * 4 * 20)
    assert [m.decision for m in found] == ["trivial"] * 24 + ["unsampled"] * 16
    assert found[-1].difficulty.stop_reason == "budget"


def test_a_budget_of_gpu_hours_counts_the_time_of_the_samples(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    found = run(scripted(lambda key, number: RIGHT), tmp_path, count=40, n=4, max_gpu_hours=1e-12)
    assert [m.decision for m in found] == ["trivial"] * 8 + ["unsampled"] * 32


def test_the_large_model_gets_what_the_small_one_did_not_settle(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    small = scripted(lambda key, number: RIGHT if key < "row3" and number else WRONG, model="small")
    large = scripted(lambda key, number: RIGHT if key < "row5" and number else WRONG, model="large")
    options = ScriptedPassRate(samplers=(small, large), n=4, batch_prompts=8)  # type: ignore[call-arg]
    found = list(measure(rows(6), options, tmp_path, 0, "{question}"))
    assert [m.difficulty.sampler.model for m in found] == ["small"] * 3 + ["large"] * 3
    assert [m.decision for m in found] == ["keep"] * 5 + ["infeasible"]
    assert large.log == [[(f"row{i}", (0, 1, 2, 3)) for i in (3, 4, 5)]]


def test_sampler_and_samplers_must_agree(scripted: Callable[..., Any]) -> None:
    small, large = scripted(by_rate, model="small"), scripted(by_rate, model="large")
    with pytest.raises(ValidationError, match="expected one of them"):
        ScriptedPassRate(sampler=large, samplers=(small, large))
    options = ScriptedPassRate(samplers=(small, large))  # type: ignore[call-arg]
    assert (options.sampler, options.engines) == (small, (small, large))
    assert ScriptedPassRate(**dict(options)) == options


@pytest.mark.parametrize(("times", "n_lost", "reason"), [(1, 0, "fixed"), (2, 2, "infrastructure: 503")])
def test_failed_prompts_are_asked_once_more_and_then_told(
    tmp_path: Path,
    scripted: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    times: int,
    n_lost: int,
    reason: str,
) -> None:
    sampler = scripted(lambda key, number: RIGHT if number % 2 else WRONG)
    with sampler.open() as session:
        honest = type(session).generate
    failures = {"row1": times, "row2": 1}

    def failing(self: Any, requests: list[Request], options: SamplingOptions) -> list[Response]:
        responses = honest(self, requests, options)
        for i, response in enumerate(responses):
            if failures.get(response.key):
                failures[response.key] -= 1
                some = tuple(sample for sample in response.samples if sample.number < 2)
                responses[i] = Response(response.key, some, 10, failed="503")
        return responses

    monkeypatch.setattr(type(session), "generate", failing)
    found = [m.difficulty for m in run(sampler, tmp_path, n=4, count=3)]
    assert [(d.n_judged, d.n_infrastructure) for d in found] == [(4, 0), (4 - n_lost, n_lost), (4, 0)]
    assert [d.stop_reason for d in found] == ["fixed", reason, "fixed"]


@pytest.mark.parametrize(
    ("count", "failing", "share", "told"),
    [
        (5, {1}, 0.05, ""),
        (5, {0, 1, 2}, 0.05, ""),
        (5, {1, 2, 3, 4}, 0.05, r"4 of 5 .* more than `max_unanswered` \(0.05\): 503; the same"),
        (5, {1, 2, 3, 4}, 1.0, ""),
        (3, {0, 1, 2}, 0.05, "3 of 3 .* more than `max_unanswered`"),
        (3, {0, 1, 2}, 1.0, ""),
        (100, {*range(0, 100, 25)}, 0.05, ""),
        (100, {*range(48, 53)}, 0.05, ""),
        (100, {*range(0, 100, 12)}, 0.05, "8 of 100 .* more than `max_unanswered`"),
        (200, {*range(48, 58)}, 0.05, ""),
        (100, {*range(8)}, 1.0, "8 of 8 prompts stay unanswered, 'row0' first"),
    ],
)
def test_what_an_engine_never_answers_is_dropped_unless_it_is_much(
    tmp_path: Path, scripted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, count: int, failing: set[int], share: float, told: str
) -> None:  # fmt: skip
    """Also in the next run, which asks for nothing else."""
    sampler = scripted(lambda key, number: RIGHT if number % 2 else WRONG)
    fail(sampler, monkeypatch, lambda key: int(key[3:]) in failing)
    options = ScriptedPassRate(sampler=sampler, n=4, batch_prompts=8, max_unanswered=share)
    for _ in range(2):
        if told:
            with pytest.raises(SamplingError, match=f"^{told}"):
                list(measure(rows(count), options, tmp_path, 0, "{question}"))
            continue
        found = list(measure(rows(count), options, tmp_path, 0, "{question}"))
        assert [i for i, m in enumerate(found) if m.decision == "unjudged"] == sorted(failing)
        assert {m.difficulty.stop_reason for m in found} <= {"fixed", "infrastructure: 503"}


def fail(sampler: Any, monkeypatch: pytest.MonkeyPatch, fails: Callable[[str], bool]) -> None:
    """Let an engine fail on some prompts."""
    with sampler.open() as session:
        honest = type(session).generate

    def generate(self: Any, requests: list[Request], options: SamplingOptions) -> list[Response]:
        responses = honest(self, requests, options)
        return [Response(r.key, (), 10, failed="503") if fails(r.key) else r for r in responses]

    monkeypatch.setattr(type(session), "generate", generate)


@pytest.mark.parametrize("share", [0.05, 1.0])
def test_an_engine_that_is_down_ends_the_run_at_once_and_the_next_goes_on(
    tmp_path: Path, scripted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    """It is known by a prompt that it has answered before, in this run or another."""
    sampler, asked, down = scripted(lambda key, number: RIGHT if number % 2 else WRONG), list[str](), [True]
    fail(sampler, monkeypatch, lambda key: asked.append(key) or (down[0] and len(set(asked)) > 16))  # type: ignore[func-returns-value]
    options = ScriptedPassRate(sampler=sampler, n=4, batch_prompts=8, max_unanswered=share)
    for _ in range(2):
        with pytest.raises(SamplingError, match=r"^8 of 8 prompts stay unanswered, 'row16' first: 503"):
            list(measure(rows(100), options, tmp_path, 0, "{question}"))
    assert len(set(asked)) == 24
    down[0] = False
    assert {m.difficulty.stop_reason for m in measure(rows(100), options, tmp_path, 0, "{question}")} == {"fixed"}


def test_an_engine_that_answers_nothing_is_an_error(
    tmp_path: Path, scripted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler = scripted(lambda key, number: RIGHT)
    with sampler.open() as session:
        monkeypatch.setattr(
            type(session),
            "generate",
            lambda self, requests, _: [Response(r.key, (), 0, failed="503") for r in requests],
        )
    with pytest.raises(SamplingError, match=r"3 of 3 prompts stay unanswered.*503"):
        run(sampler, tmp_path, count=3)


def test_the_forecast_of_the_live_line_is_told_after_the_first_round(
    tmp_path: Path, scripted: Callable[..., Any]
) -> None:
    seen: list[tuple[int, int, int, int | None]] = []

    def report(sampler: CachedSampler, rounds: Rounds) -> None:
        seen.append((rounds.round, rounds.n_stopped, sampler.sampled.tokens, rounds.tokens_left))

    sampler = scripted(lambda key, number: RIGHT if chance(key, number) < RATES[int(key[3:]) % 7] else WRONG)
    options = ScriptedPassRate(sampler=sampler, n=16, batch_prompts=8, stopping=Bayes())
    list(measure(rows(66), options, tmp_path, 0, "{question}", report=report))
    assert {left for number, _, _, left in seen if number == 1} == {None}
    (_, _, tokens, left), *_ = [now for now in seen if now[0] == 2]
    assert left == pytest.approx(seen[-1][2] - tokens, rel=0.4)
    assert [stopped for number, stopped, _, _ in seen if number == seen[-1][0]] < [66]
