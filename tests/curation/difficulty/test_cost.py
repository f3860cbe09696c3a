"""What a measurement will cost: foreseen from a pilot, or from a part of its samples, and compared with what it took."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from curation.core.row import Row
from curation.difficulty.cost import SamplingCost, sampling_cost
from curation.difficulty.estimate import Estimate
from curation.difficulty.forecast import Forecast
from curation.difficulty.pass_rate import measure
from curation.difficulty.stopping.bayes import Bayes
from curation.difficulty.stopping.exact import Exact
from curation.difficulty.stopping.fixed import Fixed
from curation.sampling.engines.base import Hardware, Request, Sample, SamplingOptions
from curation.sampling.rollouts.rollout import from_line
from curation.sampling.rollouts.store import RolloutStore
from tests.curation.difficulty.test_adaptive import RIGHT, WRONG, ScriptedPassRate, n_sampled, rows
from tests.curation.sampling.models import Scripted, ScriptedSession

COUNT, LIMIT, TEMPLATE = 120, 400, "{question}"


class Lengthy(Scripted):
    """A fifth of the prompts at either end of the rates; lengths log-normal between and within prompts, longer where a prompt is hard, cut
    off at the limit. `script` is the number of the world they are drawn from; `spent` the tokens of what was sampled.
    """

    spent: Any

    @contextmanager
    def open(self) -> Iterator["LengthySession"]:
        yield LengthySession(self)


class LengthySession(ScriptedSession):
    def __init__(self, engine: Lengthy) -> None:
        super().__init__(lambda key, number: RIGHT, engine.log)
        self.engine = engine

    def _sample(self, request: Request, number: int, options: SamplingOptions) -> Sample:
        world = [self.engine.script, int(request.key.removeprefix("row"))]
        prompt, draw = np.random.default_rng(world), np.random.default_rng([*world, number])
        kind, rate, longer = prompt.random(), prompt.beta(0.8, 0.8), prompt.normal()
        rate = 0.0 if kind < 0.2 else 1.0 if kind > 0.8 else rate
        text, _ = RIGHT if draw.random() < rate else WRONG
        length = int(1 + np.exp(3.5 + 0.8 * longer + 0.7 * (1 - rate) + 0.6 * draw.normal()))
        tokens = min(length, options.max_tokens)
        self.engine.spent.append(tokens)
        sample = super()._sample(request, number, options)
        return replace(sample, text=text, n_tokens=tokens, finish_reason="stop" if length == tokens else "length")


def lengthy(world: int = 0) -> Lengthy:
    return Lengthy(script=world, log=[], spent=[])


def options(sampler: Any, **fields: Any) -> ScriptedPassRate:
    given = {"n": 16, "batch_prompts": 16, "sampling": SamplingOptions(max_tokens=LIMIT)}
    return ScriptedPassRate(sampler=sampler, **{**given, **fields})


def foreseen(
    sampler: Any, folder: Path, given: list[Row] | None = None, pilot: int | None = None, **fields: Any
) -> Any:
    given = rows(COUNT) if given is None else given
    return sampling_cost(given, options(sampler, **fields), folder, 0, TEMPLATE, pilot)


def run(sampler: Any, folder: Path, given: list[Row] | None = None, **fields: Any) -> None:
    list(measure(rows(COUNT) if given is None else given, options(sampler, **fields), folder, 0, TEMPLATE))


def test_without_a_store_the_samples_alone_are_known_and_none_is_made(tmp_path: Path) -> None:
    fixed = foreseen(lengthy(), tmp_path / "store")
    assert (fixed.is_known, fixed.line(2.0)) == (False, "120 prompts, 1,920 samples, none of them in the store")
    adaptive = foreseen(lengthy(), tmp_path / "store", stopping=Bayes(n_max=20))
    assert "480 to 2,400 samples" in adaptive.line(None)
    assert not (tmp_path / "store").exists()
    assert foreseen(lengthy(), tmp_path / "store", given=[]).is_known


@pytest.mark.slow
@pytest.mark.parametrize("world", [0, 1, 2])
@pytest.mark.parametrize("stopping", [Fixed(), Exact(), Bayes()])
def test_a_pilot_foresees_the_measurement_and_is_not_paid_for_twice(tmp_path: Path, world: int, stopping: Any) -> None:
    fields = {"stopping": stopping, "min_pass_rate": 0.1, "max_pass_rate": 0.9}
    pilot, whole, again = lengthy(world), lengthy(world), lengthy(world)
    told = foreseen(pilot, tmp_path, pilot=30, **fields)
    first = stopping.first(options(None).bounds)
    assert (told.basis, n_sampled(pilot.log), told.forecast.samples_held.value) == (30, 30 * first, 30 * first)
    run(whole, tmp_path, **fields)
    to_come, tokens = told.forecast.samples_to_come, told.forecast.tokens_to_come
    assert to_come.low <= n_sampled(whole.log) <= to_come.high < 2.5 * to_come.low
    assert tokens.low <= sum(whole.spent) <= tokens.high < 4 * tokens.low
    assert told.forecast.samples.low <= n_sampled(whole.log) + 30 * first <= told.forecast.samples.high
    known = foreseen(again, tmp_path, **fields).forecast
    assert known.samples == (exact := n_sampled(whole.log) + 30 * first, exact, exact)
    assert (known.samples_to_come.high, known.tokens.value) == (0, sum(pilot.spent) + sum(whole.spent))
    assert again.log == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"n": 4}, {"n": 5}),
        ({"n": 8}, {"n": 24}),
        ({"n": 24}, {"n": 8}),
        ({"n": 8}, {"n": 24, "stopping": Bayes(), "min_pass_rate": 0.1, "max_pass_rate": 0.9}),
        ({"n": 8, "stopping": Exact()}, {"n": 12, "stopping": Exact()}),
    ],
)
def test_a_store_that_holds_a_part_is_counted(tmp_path: Path, before: Any, after: Any) -> None:
    held, rest = lengthy(), lengthy()
    given = rows(60)
    run(held, tmp_path, given, **before)
    told = foreseen(lengthy(), tmp_path, given, **after).forecast
    run(rest, tmp_path, given, **after)
    assert told.samples_to_come.value == pytest.approx(n_sampled(rest.log), rel=0.1)
    assert told.tokens.value == pytest.approx(told.tokens_held.value + sum(rest.spent), rel=0.1)
    assert told.tokens_to_come.low <= sum(rest.spent) <= told.tokens_to_come.high
    assert told.samples.value == pytest.approx(told.samples_held.value + told.samples_to_come.value, abs=1e-6)


def test_every_sample_in_the_store_counts_whole_prompts_or_not(tmp_path: Path) -> None:
    whole = lengthy()
    run(whole, tmp_path / "whole", rows(40), n=5)
    lines = pq.read_table(tmp_path / "whole").to_pylist()
    with RolloutStore(tmp_path / "cut") as store:
        store.append([from_line(line) for line in lines if line["number"] != 3])
    told, rest = foreseen(lengthy(), tmp_path / "cut", rows(40), n=5), lengthy()
    assert told.line(None).startswith("40 prompts, 200 samples: 160 in the store, 40 to come\nabout ")
    assert told.basis == 40
    assert "40 responses under way when a run ended" in told.line(None)
    run(rest, tmp_path / "cut", rows(40), n=5)
    assert n_sampled(rest.log) == 40
    assert told.forecast.tokens_to_come.low <= sum(rest.spent) <= told.forecast.tokens_to_come.high


@pytest.mark.parametrize("world", [0, 1, 2])
def test_what_was_cut_off_below_a_raised_limit_is_to_come_and_long(tmp_path: Path, world: int) -> None:
    rest = lengthy(world)
    run(lengthy(world), tmp_path, rows(60), n=4, sampling=SamplingOptions(max_tokens=100))
    told = foreseen(rest, tmp_path, rows(60), n=4)
    run(rest, tmp_path, rows(60), n=4)
    assert told.forecast.samples_to_come == (n_sampled(rest.log),) * 3
    assert told.forecast.tokens_to_come.low <= sum(rest.spent) <= told.forecast.tokens_to_come.high
    assert "cut off below the limit of now, to be sampled again" in told.line(None)


def test_where_each_prompt_stands_for_several_the_totals_are_those_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation.difficulty.survey.MOST_TOLD", 20)
    monkeypatch.setattr("curation.difficulty.survey.CHUNK", 16)
    monkeypatch.setattr("curation.difficulty.cost.MOST_FRESH", 15)
    held, rest = lengthy(), lengthy()
    run(held, tmp_path, rows(80), n=4)
    told = foreseen(lengthy(), tmp_path, n=5)
    assert told.line(None).startswith("120 prompts, 600 samples: 320 in the store, 280 to come\n")
    assert (told.basis, told.forecast.tokens_held.value) == (20, pytest.approx(sum(held.spent)))
    run(rest, tmp_path, n=5)
    assert told.forecast.tokens_to_come.low <= sum(rest.spent) <= told.forecast.tokens_to_come.high


def test_a_budget_ends_the_forecast_too(tmp_path: Path) -> None:
    sampler, whole = lengthy(), lengthy()
    fields = {"stopping": Exact(), "max_tokens_total": 40_000}
    told = foreseen(sampler, tmp_path, pilot=30, **fields)
    run(whole, tmp_path, **fields)
    tokens = told.forecast.tokens
    assert tokens.low <= sum(sampler.spent) + sum(whole.spent) <= 1.1 * tokens.high
    assert "the budget ends the sampling of about" in told.line(None)


def test_what_is_not_told_is_said(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    def script(key: str, number: int) -> tuple[str, str]:
        if key == "row0":
            raise ValueError("too long")
        return RIGHT

    sampler, large = scripted(script), scripted(script, model="large")
    given = rows(40) + rows(44, "other")[40:]
    told = foreseen(sampler, tmp_path, given[:40], pilot=20, n=4).line(None)
    assert "1 of the 20 prompts of the pilot refused: too long" in told
    told = foreseen(sampler, tmp_path, given, n=4, samplers=(sampler, large)).line(None)
    assert "no prompt of the source 'other' tells: its 4 prompts count as like the others" in told
    assert "of 'scripted' alone" in told
    other = foreseen(sampler, tmp_path, given, n=4, sampling=SamplingOptions(max_tokens=64, temperature=0.5))
    assert not other.is_known
    assert "the store has 76 samples of temperature 1.0 (here 0.5)" in other.line(None)


def test_prompts_of_another_kind_can_tell(tmp_path: Path) -> None:
    run(lengthy(), tmp_path, rows(40), n=4)
    others = [replace(row, prompt=(replace(row.prompt[0], content="Blind?" + row.id),)) for row in rows(40)]
    told = sampling_cost(others, options(lengthy(), n=4), tmp_path, 0, TEMPLATE, like=rows(40))
    assert (told.is_known, told.forecast.samples_to_come.value) == (True, 160)  # type: ignore[union-attr]
    assert not sampling_cost(others, options(lengthy(), n=4), tmp_path, 0, TEMPLATE).is_known


def test_a_prompt_that_is_there_twice_is_paid_for_once(tmp_path: Path) -> None:
    twice = [*rows(20), *(replace(row, id=row.id + "0") for row in rows(20))]
    told = foreseen(lengthy(), tmp_path, twice, n=4, pilot=40)
    assert (told.prompts, told.forecast.samples.value, told.forecast.samples_to_come.high) == (20, 80, 0)


@pytest.mark.parametrize(
    ("hardware", "price", "line"),
    [
        (Hardware("GPU", 1), None, "about 2 GPU-hours to come (1 to 4)"),
        (
            Hardware("GPU", 4),
            2.5,
            "about 8 GPU-hours to come (4 to 16): about 2 hours on 4 GPUs (1 to 4), about 20 at 2.5 per GPU-hour (10 to 40)",
        ),
        (Hardware("CPU", 2), None, "about 4 CPU-hours to come (2 to 8): about 2 hours on 2 cores (1 to 4)"),
        (Hardware("CPU", 2), 2.5, "no GPU is found here"),
        (Hardware("server", 1), None, "about 2 hours of the server to come (1 to 4)"),
        (Hardware("server", 1), 2.5, "its price, is not known here"),
    ],
)
def test_hours_are_those_of_what_the_engine_runs_on(hardware: Hardware, price: float | None, line: str) -> None:
    some, none = Estimate(3_000_000, 3_000_000, 3_000_000), Estimate(0, 0, 0)
    seconds = Estimate(7200, 3600, 14400)
    known = Forecast(some, some, none, none, some, some, seconds, none, none)
    told = SamplingCost(300_000, (0, 0), known, hardware, 64).line(price)
    assert line in told
    assert told.startswith("300,000 prompts, 3,000,000 samples: 0 in the store, 3,000,000 to come\n")


def test_asking_an_engine_what_it_runs_on_loads_no_model() -> None:
    from curation.sampling.engines.openai import OpenAI
    from curation.sampling.engines.transformers import Transformers
    from curation.sampling.engines.vllm import Vllm

    assert OpenAI(model="m", base_url="http://localhost:1/v1").hardware() == ("server", 1)
    assert Vllm(model="none", tensor_parallel_size=2, data_parallel_size=4).gpus == 8
    assert Transformers(model="none").hardware().kind in ("CPU", "GPU")


def test_each_source_is_told_by_its_own_prompts(tmp_path: Path) -> None:
    """The store has all of the short ones and a third of the long ones."""

    class Long(Lengthy):
        @contextmanager
        def open(self) -> Iterator[LengthySession]:
            yield LongSession(self)

    class LongSession(LengthySession):
        def _sample(self, request: Request, number: int, options: SamplingOptions) -> Sample:
            sample = super()._sample(request, number, options)
            return replace(sample, n_tokens=300 if int(request.key.removeprefix("row")) >= 90 else 10)

    given = rows(90, "short") + rows(120, "long")[90:]
    sampler = Long(script=0, log=[], spent=[])
    run(sampler, tmp_path, given[:100], n=4)
    told = foreseen(sampler, tmp_path, given, n=4)
    assert told.forecast.tokens_to_come.value == pytest.approx(20 * 4 * 300, rel=0.05)
