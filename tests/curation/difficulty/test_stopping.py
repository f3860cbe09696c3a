"""The stopping rules on counts alone: `exact` against every possible ending, posteriors against closed forms."""

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.difficulty.outcomes import Bounds, Tally
from curation.difficulty.stopping.bayes import Bayes, Plan, binomial
from curation.difficulty.stopping.exact import Exact, ExactRule
from curation.difficulty.stopping.prior import RATES, Prior, estimates, fit_prior, fit_priors

RATE = st.one_of(st.none(), st.integers(0, 8).map(lambda k: k / 8), st.floats(0, 1))


def tally(*counts: int) -> Tally:
    return Tally(*(np.array([count]) for count in counts))


def endings(start: tuple[int, ...], left: int) -> Tally:
    """Every tally that `left` more samples can lead to."""
    more = [end for end in product(range(left + 1), repeat=4) if sum(end) == left]
    return Tally(*(np.array(column) for column in (np.array(more) + np.array(start)).T))


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    counts=st.tuples(*[st.integers(0, 3)] * 4),
    left=st.integers(0, 4),
    low=RATE,
    high=RATE,
    truncated=st.sampled_from(["wrong", "unjudged"]),
    max_lost=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
)
def test_exact_stops_when_and_only_when_every_ending_decides_the_same(
    counts: tuple[int, int, int, int], left: int, low: float, high: float, truncated: str, max_lost: float
) -> None:
    bounds = Bounds(max(sum(counts) + left, 1), low, high, truncated, max_lost)  # type: ignore[arg-type]
    ends = endings(counts, bounds.n - sum(counts))
    rule = ExactRule(bounds, bounds.n, 1)
    decisions = set(bounds.decide(ends).tolist())
    assert bool(rule.is_decided(tally(*counts))[0]) == (len(decisions) == 1)
    if len(decisions) == 1:
        assert set(rule.decide(tally(*counts), np.zeros(1, int)).tolist()) == decisions


@pytest.mark.parametrize(
    ("low", "high", "max_lost", "counts", "more"),
    [
        (0.0, 1.0, 1.0, (0, 0, 0, 0), 2),
        (0.0, 1.0, 1.0, (1, 0, 0, 0), 1),
        (0.0, 1.0, 1.0, (1, 1, 0, 0), 0),
        (0.0, 1.0, 1.0, (0, 15, 0, 0), 1),
        (0.0, 1.0, 0.5, (0, 0, 0, 0), 8),
        (0.0, 1.0, 0.5, (1, 7, 0, 0), 0),
        (0.1, 0.9, 1.0, (0, 0, 0, 0), 4),
        (0.1, 0.9, 1.0, (0, 15, 0, 0), 0),
        (0.0, 1.0, 0.5, (0, 0, 9, 0), 0),
    ],
)
def test_exact_asks_for_no_more_than_may_settle_it(
    low: float, high: float, max_lost: float, counts: tuple[int, ...], more: int
) -> None:
    rule = ExactRule(Bounds(16, low, high, "unjudged", max_lost), 16, 1)
    assert rule.more(tally(*counts), np.zeros(1, int)).tolist() == [more]


@pytest.mark.parametrize(("a", "b"), [(0.1, 0.2), (0.5, 0.5), (1.0, 1.0), (3.0, 7.0)])
def test_the_posterior_is_the_beta_that_it_should_be(a: float, b: float) -> None:
    correct, judged = np.array([0, 3, 16]), np.array([16, 8, 16])
    weights = Prior(a, b).posterior(correct, judged)
    mean = (a + correct) / (a + b + judged)
    assert weights @ RATES == pytest.approx(mean, abs=2e-4)
    assert weights @ RATES**2 == pytest.approx(mean * (a + correct + 1) / (a + b + judged + 1), abs=2e-4)


def test_intervals_of_a_uniform_prior_are_those_of_the_beta() -> None:
    mean, low, high = Prior(1, 1).estimate(np.array([0, 4, 8]), np.array([8, 8, 8]))
    assert mean == pytest.approx([0.1, 0.5, 0.9])
    assert (low[0], high[2]) == (0.0, 1.0)
    assert high[0] == pytest.approx(1 - 0.05 ** (1 / 9), abs=0.02)
    assert (low[1], high[1]) == pytest.approx((0.2120, 0.7880), abs=0.02)


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.4), (2.0, 5.0)])
def test_the_prior_is_found_again(a: float, b: float) -> None:
    rng = np.random.default_rng(1)
    judged = rng.integers(4, 9, 20_000)
    correct = rng.binomial(judged, rng.beta(a, b, 20_000))
    found = fit_prior(correct, judged)
    assert (found.a, found.b) == pytest.approx((a, b), rel=0.08)


def test_a_small_source_has_the_prior_of_all() -> None:
    rng = np.random.default_rng(2)
    groups = np.array([0] * 200 + [1] * 10 + [2] * 200)
    correct = np.where(groups == 0, 0, rng.binomial(4, 0.7, 410))
    judged = np.full(410, 4)
    small, pooled = fit_priors(correct, judged, groups)[1], fit_prior(correct, judged)
    assert small == pooled
    rate, low, high = estimates(correct, judged, groups)
    assert rate[groups == 0].max() < 0.05 < low[groups == 2].max() < high.max()


def test_the_plan_keeps_its_promises() -> None:
    """What the backward induction expects is what happens when it is followed."""
    rng, bounds = np.random.default_rng(3), Bounds(16, 0.1, 0.9)
    truth = rng.beta(0.4, 0.5, 40_000)
    draws = (rng.random((40_000, 64)) < truth[:, None]).cumsum(1)
    groups, zero, index = np.zeros(40_000, int), np.zeros(40_000, int), np.arange(40_000)
    judged = np.full(40_000, 4)
    rule = None
    while True:
        now = Tally(draws[index, judged - 1], judged - draws[index, judged - 1], zero, zero)
        rule = rule or Bayes(n_max=64).rule(bounds, now, groups)
        more = rule.more(now, groups)
        if not more.any():
            break
        judged = judged + more
    kept = rule.decide(now, groups) == 0
    wrong = (kept != ((truth > 0.1) & (truth < 0.9))).mean()
    promised = Plan.make(Prior(0.4, 0.5), bounds, 16, 2).risk_of(bounds)
    assert promised - 0.012 < wrong < promised + 0.004
    assert judged.mean() < 11
    rate, low, high = rule.estimate(now, groups)
    assert np.mean((low <= truth) & (truth <= high)) == pytest.approx(0.95, abs=0.01)
    assert np.mean(rate - truth) == pytest.approx(0, abs=0.003)


@pytest.mark.parametrize(("options", "samples"), [({"mean_samples": 8}, 8), ({"mean_samples": 20}, 20)])
def test_mean_samples_is_what_is_spent(options: dict[str, float], samples: float) -> None:
    rng = np.random.default_rng(4)
    correct = rng.binomial(4, rng.beta(0.4, 0.5, 5000))
    zero = np.zeros(5000, int)
    rule = Bayes(n_max=64, **options).rule(Bounds(16, 0.1, 0.9), Tally(correct, 4 - correct, zero, zero), zero)  # type: ignore[arg-type]
    assert rule.left(Tally(correct, 4 - correct, zero, zero), zero).mean() + 4 == pytest.approx(samples, rel=0.07)


def test_binomial_probabilities() -> None:
    at_half = np.argmin(abs(RATES - 0.5))
    assert binomial(4)[:, at_half] == pytest.approx([comb(4, k) / 16 for k in range(5)])


def test_exact_asks_first_for_the_least_that_can_settle() -> None:
    assert [Exact().first(Bounds(16, 0.0, 1.0, "unjudged", lost)) for lost in (0.5, 1.0)] == [8, 2]
