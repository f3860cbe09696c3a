"""The sampling_cost of a measurement, from a pilot and from an interrupted run."""

from pathlib import Path
from typing import Any

import pytest

from curation.difficulty.cost import SamplingCost, sampling_cost
from curation.difficulty.pass_rate import measure
from curation.difficulty.stopping.bayes import Bayes
from curation.sampling.engines.base import SamplingOptions
from tests.curation.difficulty.test_adaptive import RIGHT, WRONG, ScriptedPassRate, chance, n_sampled, rows
from tests.curation.sampling.models import Scripted

COUNT, TOKENS = 120, 5


def scripted() -> Scripted:
    return Scripted(
        script=lambda key, number: RIGHT if chance(key, number) < 0.1 * (int(key[3:]) % 11) else WRONG, log=[]
    )


def options(sampler: Any, **fields: Any) -> ScriptedPassRate:
    return ScriptedPassRate(sampler=sampler, n=16, batch_prompts=16, sampling=SamplingOptions(max_tokens=64), **fields)


def test_without_a_store_nothing_is_known_and_none_is_made(tmp_path: Path) -> None:
    told = sampling_cost(rows(3), options(scripted()), tmp_path / "store", 0, "{question}")
    assert told == SamplingCost(3, 0, 0, 0.0, 0.0, 0)
    assert "--pilot N" in told.line(2.0)
    assert not (tmp_path / "store").exists()


def test_a_pilot_is_a_forecast_and_is_not_paid_for_twice(tmp_path: Path) -> None:
    pilot, whole = scripted(), scripted()
    told = sampling_cost(rows(COUNT), options(pilot), tmp_path, 0, "{question}", pilot=30)
    assert (told.samples, told.tokens, told.basis, told.held) == (16 * COUNT, 16 * COUNT * TOKENS, 30, 0.25)
    assert n_sampled(pilot.log) == 30 * 16
    list(measure(rows(COUNT), options(whole), tmp_path, 0, "{question}"))
    assert n_sampled(whole.log) == (COUNT - 30) * 16
    assert sampling_cost(rows(COUNT), options(pilot), tmp_path, 0, "{question}").held == 1.0
    assert n_sampled(pilot.log) == 30 * 16


def test_an_adaptive_measurement_is_foreseen(tmp_path: Path) -> None:
    whole = scripted()
    adaptive = {"stopping": Bayes(n_max=48), "min_pass_rate": 0.1, "max_pass_rate": 0.9}
    told = sampling_cost(rows(COUNT), options(scripted(), **adaptive), tmp_path, 0, "{question}", pilot=60)
    list(measure(rows(COUNT), options(whole, **adaptive), tmp_path, 0, "{question}"))
    assert told.samples == pytest.approx(n_sampled(whole.log) + 60 * 4, rel=0.4)


def test_cost_is_that_of_what_is_still_to_come() -> None:
    told = SamplingCost(prompts=300_000, samples=3_000_000, tokens=24_000_000_000, held=0.25, gpu_hours=2000, basis=64)
    assert "about 1,500.00 GPU-hours to come, 3,750.00 at 2.5 per GPU-hour" in told.line(2.5)
    assert "per GPU-hour" not in told.line(None)
