"""What counts of outcomes mean: the decision and the interval of the pass rate."""

import numpy as np
import pytest

from curation.difficulty.outcomes import DECISIONS, Bounds, Truncated, count_outcomes, tally_of
from curation.difficulty.stopping.fixed import wilson


@pytest.mark.parametrize(
    ("correct", "judged", "low", "high"),
    [
        (0, 0, 0.0, 1.0),
        (0, 8, 0.0, 0.3244),
        (8, 8, 0.6756, 1.0),
        (4, 8, 0.2152, 0.7848),
        (1, 8, 0.0224, 0.4709),
        (1, 1, 0.2065, 1.0),
        (8, 16, 0.2800, 0.7200),
        (500, 1000, 0.4691, 0.5309),
    ],
)
def test_wilson_interval(correct: int, judged: int, low: float, high: float) -> None:
    assert np.ravel(wilson(np.array([correct]), np.array([judged]))) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("counts", "bounds", "truncated", "decision"),
    [
        ({"correct": 4, "wrong": 4}, (0.0, 1.0), "unjudged", "keep"),
        ({"correct": 8}, (0.0, 1.0), "unjudged", "trivial"),
        ({"wrong": 8}, (0.0, 1.0), "unjudged", "infeasible"),
        ({"wrong": 4, "no_answer": 4}, (0.0, 1.0), "unjudged", "infeasible"),
        ({"correct": 1, "wrong": 7}, (0.125, 1.0), "unjudged", "infeasible"),
        ({"correct": 2, "wrong": 6}, (0.125, 1.0), "unjudged", "keep"),
        ({"correct": 5, "wrong": 3}, (0.0, 0.625), "unjudged", "trivial"),
        ({"correct": 8}, (0.0, None), "unjudged", "keep"),
        ({"wrong": 8}, (None, 1.0), "unjudged", "keep"),
        ({"truncated": 8}, (0.0, 1.0), "unjudged", "truncated"),
        ({"truncated": 5, "correct": 2, "wrong": 1}, (0.0, 1.0), "unjudged", "truncated"),
        ({"truncated": 4, "correct": 2, "wrong": 2}, (0.0, 1.0), "unjudged", "keep"),
        ({"truncated": 4, "wrong": 4}, (0.0, 1.0), "unjudged", "infeasible"),
        ({"truncated": 8}, (0.0, 1.0), "wrong", "truncated"),
        ({"truncated": 5, "correct": 2, "wrong": 1}, (0.0, 1.0), "wrong", "keep"),
        ({"truncated": 4, "wrong": 4}, (0.0, 1.0), "wrong", "infeasible"),
        ({"unreadable_gold": 8}, (0.0, 1.0), "unjudged", "unjudged"),
        ({"timeout": 5, "correct": 3}, (0.0, 1.0), "unjudged", "unjudged"),
        ({"timeout": 4, "truncated": 4}, (0.0, 1.0), "unjudged", "unjudged"),
        ({"timeout": 3, "correct": 3, "wrong": 2}, (0.0, 1.0), "unjudged", "keep"),
        ({}, (0.0, 1.0), "wrong", "unjudged"),
    ],
)
def test_decisions(
    counts: dict[str, int], bounds: tuple[float | None, float | None], truncated: Truncated, decision: str
) -> None:
    (decided,) = Bounds(8, *bounds, truncated).decide(tally_of(count_outcomes([counts])))
    assert DECISIONS[decided] == decision
