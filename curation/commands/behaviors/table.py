"""The counts of responses as arrays, a line each, and the figures over them: rates, transfer, what goes with being right.

*Emergence rate* CBR: share of responses with at least one instance of a behavior. *Transfer rate* BTR of a pair: CBR of the visual one over
CBR of the linguistic one (arXiv 2507.05255, sections 2 and 5.2). Intervals are percentile bootstraps of 95 % (Efron and Tibshirani, An
Introduction to the Bootstrap, chapter 13) over prompts, whose responses belong together. The seed is fixed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.commands.behaviors.responses import Response
from curation.core.schema import BEHAVIORS

Floats = npt.NDArray[np.float64]
PAIRS = tuple(zip(BEHAVIORS[:4], BEHAVIORS[4:8], strict=True))
"""The linguistic behaviors and their visual counterparts."""
N_RESAMPLES = 1_000
Z = 1.959963984540054
"""Of 95 %."""
STRATA = ("challenging", "intermediate", "easy")
"""By the pass rate of a prompt's own responses: below a third, to two thirds, above (`mixture.strata`)."""


@dataclass
class Counted:
    """The responses of one model: of each the number of its prompt, its counts (nan: none), and 1, 0 or nan: right, wrong, not judged."""

    prompts: dict[str, int] = field(default_factory=dict)
    prompt_of: list[int] = field(default_factory=list)
    counts: list[tuple[float, ...]] = field(default_factory=list)
    correct: list[float] = field(default_factory=list)

    def add(self, response: Response, counts: Mapping[str, int | None]) -> None:
        self.prompt_of.append(self.prompts.setdefault(response.prompt, len(self.prompts)))
        values = (counts.get(name) for name in BEHAVIORS)
        self.counts.append(tuple(np.nan if value is None else float(value) for value in values))
        self.correct.append(np.nan if response.correct is None else float(response.correct))

    def figures(self, seed: int = 0) -> dict[str, Any]:
        """All figures of the model, as JSON."""
        prompt_of = np.asarray(self.prompt_of, np.int64)
        counts = np.asarray(self.counts, np.float64).reshape(-1, len(BEHAVIORS))
        correct = np.asarray(self.correct, np.float64)
        judged = ~np.isnan(correct)
        having = np.where(np.isnan(counts), np.nan, counts > 0)
        shares = Shares(having, prompt_of, seed)
        return {
            "responses": len(counts),
            "prompts": len(self.prompts),
            "judged": int(judged.sum()),
            "correct": _number(correct[judged].mean()) if judged.any() else None,
            "cbr": {name: shares.rate(i, counts[:, i]) for i, name in enumerate(BEHAVIORS)},
            "btr": {visual: shares.transfer(linguistic, visual) for linguistic, visual in PAIRS},
            "correctness": _correctness(having, correct, prompt_of, seed) if judged.any() else {},
            "difficulty": _difficulty(having, correct, prompt_of),
        }


class Shares:
    """Shares of responses with a behavior, and the same of every resample of the prompts."""

    def __init__(self, having: Floats, prompt_of: npt.NDArray[np.int64], seed: int) -> None:
        self.n = (~np.isnan(having)).sum(axis=0)
        self.k = np.nansum(having, axis=0)
        n_prompts = int(prompt_of.max()) + 1 if len(prompt_of) else 0
        self.n_prompts = n_prompts
        k, n = (
            sums(values, prompt_of, n_prompts)
            for values in (np.nan_to_num(having), (~np.isnan(having)).astype(np.float64))
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            self.resampled = np.array([(w @ k) / (w @ n) for w in resamples(n_prompts, seed)]).reshape(-1, len(self.n))

    def rate(self, i: int, counts: Floats) -> dict[str, Any]:
        """CBR with its interval, None where no response has a count; `mean` is the mean count."""
        if not self.n[i]:
            return {"n": 0, "cbr": None, "low": None, "high": None, "mean": None}
        share = self.k[i] / self.n[i]
        low, high = interval(self.resampled[:, i])
        if share in (0.0, 1.0):  # resamples are all alike; Wilson's interval (1927) of as many prompts has a width
            far = 1 / (1 + self.n_prompts / Z**2)
            low, high = (1 - far, 1.0) if share else (0.0, far)
        values = map(_number, (share, low, high, np.nanmean(counts)))
        return {"n": int(self.n[i]), **dict(zip(("cbr", "low", "high", "mean"), values, strict=True))}

    def transfer(self, linguistic: str, visual: str) -> dict[str, Any]:
        """BTR of a pair. None, "n/a", where no response has the linguistic behavior: 0/0 is no 0. `high` is None where resamples without
        the linguistic one leave no upper end."""
        a, b = BEHAVIORS.index(linguistic), BEHAVIORS.index(visual)
        told: dict[str, Any] = {"of": linguistic, "btr": None, "low": None, "high": None}
        if not self.n[a] or not self.n[b] or not self.k[a]:
            return told
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = self.resampled[:, b] / self.resampled[:, a]
        low, high = interval(ratios)
        cbr = self.k[a] / self.n[a]
        if not self.k[b]:  # Wilson's upper end of the visual one's rate
            low, high = 0.0, 1 / (1 + self.n_prompts / Z**2) / cbr
        return {**told, "btr": _number(self.k[b] / self.n[b] / cbr), "low": _number(low), "high": _number(high)}


def sums(values: Floats, prompt_of: npt.NDArray[np.int64], n_prompts: int) -> Floats:
    """The sum of the columns over each prompt's responses."""
    return np.stack([np.bincount(prompt_of, column, n_prompts) for column in values.T], axis=1)


def resamples(n: int, seed: int) -> Iterator[Floats]:
    """How often each of `n` prompts is drawn, in every resample."""
    rng = np.random.default_rng(seed)
    for _ in range(N_RESAMPLES if n else 0):
        yield np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)


def interval(values: Floats) -> tuple[float, float]:
    """The 2.5 and the 97.5 percentile, by values that occur: an infinite one stays infinite. nan where all are alike, as those of one
    prompt are: a bootstrap then knows no width."""
    known = values[~np.isnan(values)]
    if not len(known) or known.min() == known.max():
        return np.nan, np.nan
    low, high = np.quantile(known, [0.025, 0.975], method="nearest")
    return float(low), float(high)


def _correctness(having: Floats, correct: Floats, prompt_of: npt.NDArray[np.int64], seed: int) -> dict[str, Any]:
    """Behavior -> its rate among right and wrong responses and the difference, over all and within the prompts that have both."""
    found = {}
    for i, name in enumerate(BEHAVIORS):
        counted = ~np.isnan(having[:, i]) & ~np.isnan(correct)
        has, right, prompts = having[counted, i], correct[counted], prompt_of[counted]
        n_prompts = int(prompts.max()) + 1 if len(prompts) else 0
        columns = np.stack([has * right, right, has * (1 - right), 1 - right], axis=1)
        of_prompt = sums(columns, prompts, n_prompts) if n_prompts else np.empty((0, 4))
        with np.errstate(invalid="ignore", divide="ignore"):
            total = of_prompt.sum(axis=0)
            drawn = np.array([w @ of_prompt for w in resamples(n_prompts, seed)]).reshape(-1, 4)
            overall = drawn[:, 0] / drawn[:, 1] - drawn[:, 2] / drawn[:, 3]
            rates = total[0] / total[1], total[2] / total[3]
            both = of_prompt[(of_prompt[:, 1] > 0) & (of_prompt[:, 3] > 0)]
            within = both[:, 0] / both[:, 1] - both[:, 2] / both[:, 3]
        means = np.array([(w @ within) / len(within) for w in resamples(len(within), seed)])
        found[name] = {
            "among_correct": _number(rates[0]),
            "among_wrong": _number(rates[1]),
            "difference": _with_interval(rates[0] - rates[1], overall),
            "within_prompts": {
                "prompts": len(within), **_with_interval(within.mean() if len(within) else np.nan, means)
            },
        }  # fmt: skip
    return found


def _difficulty(having: Floats, correct: Floats, prompt_of: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Stratum of a prompt, by the pass rate of two responses or more -> prompts, and the rate of each behavior."""
    judged = ~np.isnan(correct)
    if not judged.any():
        return {}
    n_prompts = int(prompt_of.max()) + 1
    n = np.bincount(prompt_of[judged], minlength=n_prompts)
    right = np.bincount(prompt_of[judged], correct[judged], n_prompts)
    rate = np.where(n >= 2, right / np.maximum(n, 1), np.nan)
    found = {}
    place = np.where(np.isnan(rate), -1, (rate >= 1 / 3).astype(int) + (rate > 2 / 3))
    for number, stratum in enumerate(STRATA):
        inside = place == number
        if not inside.any():
            continue
        of = having[inside[prompt_of]]
        known = ~np.isnan(of)
        found[stratum] = {
            "prompts": int(inside.sum()),
            **{
                name: _number(np.nansum(of[:, i]) / known[:, i].sum()) if known[:, i].any() else None
                for i, name in enumerate(BEHAVIORS)
            },
        }
    return found


def _with_interval(value: float, resampled: Floats) -> dict[str, Any]:
    low, high = interval(resampled)
    return {"value": _number(value), "low": _number(low), "high": _number(high)}


def _number(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None


def count_all(responses: Iterable[tuple[Response, Mapping[str, int | None]]]) -> dict[str, Counted]:
    """Model -> its counted responses, in the order of first sight."""
    found: dict[str, Counted] = {}
    for response, counts in responses:
        found.setdefault(response.model, Counted()).add(response, counts)
    return found
