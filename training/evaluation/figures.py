"""The figures of a model on a split: avg@n, pass@k and maj@n with intervals, of all rows and by domain, stratum, source and modality."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from training.evaluation.intervals import rate_interval
from training.evaluation.results import RowResult

GROUPS: dict[str, Callable[[RowResult], str]] = {
    "domain": lambda result: result.row.domain,
    "stratum": lambda result: result.row.stratum,
    "source": lambda result: result.row.source,
    "modality": lambda result: result.modality,
}


def figures(results: Sequence[RowResult], n_samples: int, seed: int = 0) -> dict[str, Any]:
    """{n_samples, n_rows, n_unjudged, n_truncated, mean_reward, by_GROUP: {name: mean_reward}, metrics, groups: {GROUP: {name: metrics}}}.

    `mean_reward` is over all judged samples; `metrics` has rows as units (see `metrics`).
    """
    grouped = {by: dict(_grouped(results, by)) for by in GROUPS}
    means = {by: {name: mean_reward(some) for name, some in groups.items()} for by, groups in grouped.items()}
    return {
        "n_samples": n_samples,
        "n_rows": len(results),
        "n_unjudged": sum(reward is None for result in results for reward in result.rewards),
        "n_truncated": sum(result.n_truncated for result in results),
        "mean_reward": mean_reward(results),
        **{f"by_{by}": {name: mean for name, mean in of.items() if mean is not None} for by, of in means.items()},
        "metrics": metrics(results, n_samples, seed),
        "groups": {
            by: {name: metrics(some, n_samples, seed) for name, some in groups.items()}
            for by, groups in grouped.items()
        },
    }


def metrics(results: Sequence[RowResult], n_samples: int, seed: int = 0) -> dict[str, Any]:
    """{NAME: {value, ci_low, ci_high, n_rows}} of avg@n, pass@k for k in 1, 2, 4, ... n and maj@n. Rows that were not judged, or
    too little for a pass@k, are not in its n_rows.
    """
    by_row: dict[str, Callable[[RowResult], float | None]] = {f"avg@{n_samples}": lambda result: result.mean}
    for k in powers_of_two(n_samples):
        by_row[f"pass@{k}"] = lambda result, k=k: result.pass_at(k)  # type: ignore[misc]
    by_row[f"maj@{n_samples}"] = lambda result: result.majority
    found = {}
    for name, of_row in by_row.items():
        values = [value for result in results if (value := of_row(result)) is not None]
        if values:
            low, high = rate_interval(values, seed)
            mean = sum(values) / len(values)
            found[name] = {
                "value": round(mean, 4),
                "ci_low": round(low, 4),
                "ci_high": round(high, 4),
                "n_rows": len(values),
            }
    return found


def powers_of_two(n: int) -> list[int]:
    """1, 2, 4, ... up to `n`, and `n` itself.

    >>> powers_of_two(6)
    [1, 2, 4, 6]
    """
    return sorted({*(2**power for power in range(n.bit_length()) if 2**power <= n), n})


def mean_reward(results: Sequence[RowResult]) -> float | None:
    """The mean over all judged samples; None where none was judged."""
    judged = [reward for result in results for reward in result.judged]
    return round(sum(judged) / len(judged), 4) if judged else None


def _grouped(results: Sequence[RowResult], by: str) -> Iterator[tuple[str, list[RowResult]]]:
    names = sorted({GROUPS[by](result) or "" for result in results})
    for name in filter(None, names):
        yield name, [result for result in results if GROUPS[by](result) == name]
