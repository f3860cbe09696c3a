"""Two models, or one model with two kinds of images, on the same rows: the mean difference, its interval, and a p-value."""

from collections.abc import Callable, Sequence
from typing import Any

from training.evaluation.intervals import bootstrap, sign_flip
from training.evaluation.results import RowResult


def paired(
    first: Sequence[RowResult],
    second: Sequence[RowResult],
    chosen: Callable[[RowResult], bool] = lambda result: True,
    seed: int = 0,
) -> dict[str, Any] | None:
    """{difference, ci_low, ci_high, p_value, n_rows} of the first less the second, over the rows that both have judged; None
    where there is none.

    The mean of a row's samples is compared with the mean of the same row's; the interval is a bootstrap over rows, the p-value that of sign
    flips.
    """
    means = {_key(result): result.mean for result in second}
    differences = [
        result.mean - other
        for result in first
        if chosen(result) and result.mean is not None and (other := means.get(_key(result))) is not None
    ]
    if not differences:
        return None
    low, high = bootstrap(differences, seed=seed)
    return {
        "difference": round(sum(differences) / len(differences), 4),
        "ci_low": round(low, 4),
        "ci_high": round(high, 4),
        "p_value": round(sign_flip(differences, seed), 4),
        "n_rows": len(differences),
    }


def _key(result: RowResult) -> tuple[str, str, str]:
    """A benchmark may ask one prompt twice, under two ids of its source and with two golds."""
    return result.row.id, result.row.source, result.row.source_id
