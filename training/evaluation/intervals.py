"""Intervals and p-values over rows, which are what is drawn at random; the samples of a row belong together. Seeded."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
N_RESAMPLES = 2_000
N_FLIPS = 10_000
Z = 1.959963984540054
"""Of 95 %."""
CHUNK = 2_000_000
"""Numbers drawn at once."""


def rate_interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of a mean of rates. Where all are 0, or all 1, a bootstrap has no width: the interval is Wilson's then.

    >>> [round(end, 2) for end in rate_interval([1.0] * 10)]
    [0.72, 1.0]
    """
    if values and values[0] in (0.0, 1.0) and set(values) == {values[0]}:
        reach = 1 / (1 + Z * Z / len(values))
        return (reach, 1.0) if values[0] else (0.0, 1 - reach)
    return bootstrap(values, seed)


def bootstrap(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Percentile 95 % interval of the mean (Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13).

    >>> bootstrap([0.5] * 10)
    (0.5, 0.5)
    """
    data = np.asarray(values, np.float64)
    if not len(data):
        raise ValueError("expected one value or more")
    rng = np.random.default_rng(seed)
    per_chunk = max(1, CHUNK // len(data))
    means = [
        data[rng.integers(0, len(data), (min(per_chunk, N_RESAMPLES - start), len(data)))].mean(axis=1)
        for start in range(0, N_RESAMPLES, per_chunk)
    ]
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975])
    return float(low), float(high)


def sign_flip(differences: Sequence[float], seed: int = 0) -> float:
    """The p-value of a mean difference over pairs: the share of sign changes whose mean is at least as far from 0 (a paired permutation
    test, Fisher 1935), by `N_FLIPS` random ones, its own included.

    >>> sign_flip([0.0] * 5)
    1.0
    """
    data = np.asarray(differences, np.float64)
    observed = abs(data.mean()) - 1e-12
    rng = np.random.default_rng(seed)
    per_chunk = max(1, CHUNK // max(len(data), 1))
    n_as_far = 1
    for start in range(0, N_FLIPS, per_chunk):
        signs = rng.choice([-1.0, 1.0], (min(per_chunk, N_FLIPS - start), len(data)))
        n_as_far += int((np.abs((signs * data).mean(axis=1)) >= observed).sum())
    return n_as_far / (N_FLIPS + 1)
