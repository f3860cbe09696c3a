"""Sampling until a prompt has its correct responses: what a round asks for, when it ends, and what it saves on real pass rates."""

from pathlib import Path

import numpy as np
import pytest

from curation.difficulty.outcomes import INFEASIBLE, KEEP, TRUNCATED, UNJUDGED, Bounds, Tally
from curation.difficulty.stopping.until import Until
from tests.benchmarks.adaptive import draws, real_epochs, true_rates
from tests.benchmarks.until import line, simulate

BOUNDS = Bounds(16, 0.0, None, max_lost=1.0)
EASY, HARD = (180, 20), (4, 196)
"""Right and wrong responses of the other prompts of a source, which its prior is fitted to."""


def asked(stopping: Until, counts: tuple[int, int], others: tuple[int, int]) -> int:
    """How many more samples a prompt gets, by its counts and those of a hundred others, two samples each."""
    both, none = others[0] // 2, others[1] // 2
    correct = np.array([counts[0], *[2] * both, *[0] * none])
    drawn = np.array([sum(counts), *[2] * (both + none)])
    nothing = np.zeros_like(correct)
    tally, groups = Tally(correct, drawn - correct, nothing, nothing), nothing
    return int(stopping.rule(BOUNDS, tally, groups).more(tally, groups)[0])


@pytest.mark.parametrize(
    ("options", "counts", "others", "more"),
    [
        ({"correct": 1}, (1, 0), EASY, 0),
        ({"correct": 2}, (2, 5), EASY, 0),
        ({"correct": 4}, (1, 0), EASY, 3),  # as many as are missing are needed in any case
        ({"correct": 1}, (0, 1), HARD, 1),  # no more than it has had
        ({"correct": 1}, (0, 2), HARD, 2),
        ({"correct": 1}, (0, 8), HARD, 8),
        ({"correct": 1}, (0, 12), HARD, 4),  # no more than are left
        ({"correct": 1}, (0, 16), HARD, 0),
        ({"correct": 1, "needed": 1.0}, (0, 8), HARD, 1),
        ({"correct": 1, "give_up": 0.05}, (0, 4), HARD, 0),
        ({"correct": 1, "give_up": 0.0}, (0, 4), HARD, 4),
    ],
)
def test_a_round_asks_for_what_is_needed(
    options: dict[str, float], counts: tuple[int, int], others: tuple[int, int], more: int
) -> None:
    assert asked(Until(**options), counts, others) == more  # type: ignore[arg-type]


def test_the_first_round_is_what_is_wanted_of_every_prompt() -> None:
    assert [Until(correct=3, n_max=n).first(BOUNDS) for n in (2, 3, 16)] == [2, 3, 3]
    assert [Until(**{"correct": k, "give_up": g}).passes for k, g in ((1, 0), (1, 0.1), (2, 0.1))] == [
        "apart",
        "together",
        "apart",
    ]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("counts", "decision"),
    [((1, 15, 0, 0), KEEP), ((0, 3, 1, 0), INFEASIBLE), ((0, 1, 3, 0), TRUNCATED), ((0, 0, 0, 4), UNJUDGED)],
)
def test_what_is_never_correct_is_told_apart(counts: tuple[int, int, int, int], decision: int) -> None:
    tally, group = Tally(*(np.array([count]) for count in counts)), np.zeros(1, int)
    assert Until().rule(BOUNDS, tally, group).decide(tally, group) == [decision]


def test_what_is_expected_to_be_left_is_what_simulated_prompts_take() -> None:
    rng = np.random.default_rng(5)
    rates = rng.beta(0.7, 0.9, 4_000)
    right = draws(rates, 1)
    stopping, start = Until(correct=2, n_max=16), np.full(len(rates), 2)
    tally = Tally(right[:, 2], start - right[:, 2], start * 0, start * 0)
    expected = stopping.rule(BOUNDS, tally, start * 0).left(tally, start * 0).sum()
    ended, _ = simulate(Until(correct=2, n_max=16, needed=1.0), right)
    assert expected == pytest.approx(ended.drawn.sum() - 2 * len(rates), rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("k", "most"), [(1, 0.41), (2, 0.54), (4, 0.7)])
def test_real_rates_take_fewer_samples_than_a_fixed_number(real_data: Path, k: int, most: float) -> None:
    """Of the default cap of 16, for as many traces: `line` asserts that."""
    rates = true_rates(real_epochs(real_data), "all")
    assert len(rates) == 1209
    _, _, kept, fixed, until, share, rounds, share_given_up, lost = line(rates, k, 16, 3)
    assert share == pytest.approx(until / fixed)
    assert share < most
    assert share_given_up < share
    assert lost < 0.1
    assert rounds < 10
    assert kept > 800
