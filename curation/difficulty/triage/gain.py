"""What an image adds to a pass rate: the difference between samples with it and samples with another one, and how sure that is."""

import math
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from curation.difficulty.stopping.fixed import wilson

NEEDS = ("needed", "idle", "unclear")
"""The values of `image_need`; empty where nothing was measured."""

_RATE = pa.struct(
    [("n_correct", pa.int32()), ("n_judged", pa.int32()), *((n, pa.float64()) for n in ("rate", "ci_low", "ci_high"))]
)
IMAGE_GAIN = pa.struct(
    [*((name, pa.float64()) for name in ("gain", "ci_low", "ci_high")), ("blank", _RATE), ("swapped", _RATE)]
)
"""The column `image_gain`."""


class Rate(NamedTuple):
    """A pass rate and the ends of its 95 % interval."""

    rate: float
    low: float
    high: float


def share(n_correct: int, n_judged: int) -> Rate:
    """Of `n_correct` of `n_judged`, with Wilson's interval; nan and (0, 1) where nothing was judged."""
    low, high = wilson(np.array([n_correct]), np.array([n_judged]))
    return Rate(n_correct / n_judged if n_judged else math.nan, float(low[0]), float(high[0]))


def difference(first: Rate, second: Rate) -> Rate:
    """The first less the second, with the interval that follows from theirs (Newcombe, Interval estimation for the difference between
    independent proportions, Statistics in Medicine 17, 1998, method 10).

    >>> [round(value, 2) for value in difference(share(8, 8), share(1, 8))]
    [0.88, 0.43, 0.98]
    """
    low = math.hypot(first.rate - first.low, second.high - second.rate)
    high = math.hypot(first.high - first.rate, second.rate - second.low)
    gain = first.rate - second.rate
    return Rate(gain, gain - low, gain + high)


def need(with_image: Rate, gain: Rate) -> str:
    """`needed` where the gain is surely above 0, `idle` where it is surely at most half of the pass rate, else `unclear`."""
    if gain.low > 0:
        return "needed"
    return "idle" if gain.high <= with_image.rate / 2 else "unclear"


def image_gain(with_image: Rate, without: dict[str, tuple[int, int]]) -> tuple[dict[str, Any] | None, str]:
    """The columns `image_gain` and `image_need` of a row, by (correct, judged) of its samples under each variant. The gain is against all
    variants together; nothing is said where none of their samples was judged.
    """
    n_correct, n_judged = (sum(counts[k] for counts in without.values()) for k in (0, 1))
    if not n_judged or math.isnan(with_image.rate):
        return None, ""
    gain = difference(with_image, share(n_correct, n_judged))
    record = {"gain": gain.rate, "ci_low": gain.low, "ci_high": gain.high}
    return {**record, **{name: _record(*counts) for name, counts in without.items()}}, need(with_image, gain)


def _record(n_correct: int, n_judged: int) -> dict[str, Any]:
    rate = share(n_correct, n_judged)
    return {"n_correct": n_correct, "n_judged": n_judged, "rate": rate.rate, "ci_low": rate.low, "ci_high": rate.high}
