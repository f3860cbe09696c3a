"""What an image adds to a pass rate: the difference between samples with it and samples with another one, and how sure that is."""

import math
from collections.abc import Iterable
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


def need(with_image: Rate, gains: Iterable[Rate]) -> str:
    """What the gains against each variant say: `needed` where all are surely above 0, `idle` where one is surely at most half of the pass
    rate, as without the image the prompt is answered then, else `unclear`.
    """
    against = list(gains)
    if all(gain.low > 0 for gain in against):
        return "needed"
    return "idle" if any(gain.high <= with_image.rate / 2 for gain in against) else "unclear"


def image_gain(with_image: Rate, without: dict[str, tuple[int, int]]) -> tuple[dict[str, Any] | None, str]:
    """The columns `image_gain` and `image_need` of a row, by (correct, judged) of its samples under each variant. The gain is against all
    variants together, the need goes by each; nothing is said where none of their samples was judged.
    """
    judged = [counts for counts in without.values() if counts[1]]
    if not judged or math.isnan(with_image.rate):
        return None, ""
    n_correct, n_judged = (sum(counts[k] for counts in judged) for k in (0, 1))
    gain = difference(with_image, share(n_correct, n_judged))
    record = {"gain": gain.rate, "ci_low": gain.low, "ci_high": gain.high}
    found = need(with_image, (difference(with_image, share(*counts)) for counts in judged))
    return {**record, **{name: _record(*counts) for name, counts in without.items()}}, found


def _record(n_correct: int, n_judged: int) -> dict[str, Any]:
    rate = share(n_correct, n_judged)
    return {"n_correct": n_correct, "n_judged": n_judged, "rate": rate.rate, "ci_low": rate.low, "ci_high": rate.high}
