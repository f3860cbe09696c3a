"""A measured difficulty in words: what the pass rate is, beside the counts that it is an estimate from."""

from collections.abc import Mapping
from typing import Any

ESTIMATORS = {"share": "share of the judged samples", "posterior_mean": "posterior mean"}
"""What a `pass_rate` is, by `difficulty.estimator`."""


def solved(difficulty: Mapping[str, Any]) -> str:
    """The counts, and the pass rate where it is another number than their share.

    >>> solved({"n_correct": 7, "n_judged": 8, "pass_rate": 0.875, "estimator": "share"})
    '7 of 8 correct'
    >>> solved({"n_correct": 7, "n_judged": 8, "pass_rate": 0.9312, "estimator": "posterior_mean"})
    '7 of 8 correct, posterior mean 0.93'
    """
    counts = f"{difficulty['n_correct']} of {difficulty['n_judged']} correct"
    if difficulty["estimator"] == "share" or not difficulty["n_judged"]:
        return counts
    return f"{counts}, {ESTIMATORS[difficulty['estimator']]} {difficulty['pass_rate']:.2f}"
