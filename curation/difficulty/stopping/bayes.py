"""Samples go where they change a decision.

The first round fits a beta prior to every source. From it follows the best plan there is for prompts of that source: a table over
(correct, judged) of whether the next samples are worth their cost, by backward induction from `n_max` (Wald's sequential test as a
decision problem: DeGroot, Optimal Statistical Decisions, 1970, chapter 12). The cost of a sample, in wrong decisions, is one for all
sources. It is set so that decisions are wrong as rarely as was asked for: as rarely as those of `n` samples of every prompt, or as
`mean_samples` a prompt can buy. What clear prompts save goes to the undecided ones; a prompt at a bound,
where sampling is in vain, is stopped early.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import comb
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from curation.difficulty.outcomes import INFEASIBLE, KEEP, TRIVIAL, TRUNCATED, Bools, Bounds, Floats, Ints, Tally
from curation.difficulty.stopping.base import Rule, Stopping
from curation.difficulty.stopping.prior import RATES, Prior, fit_priors

SURELY_LOST = 0.95
"""A prompt is stopped as truncated or unjudged when its share of lost samples is above `max_lost` with this probability."""


class Bayes(Stopping):
    """Until the value of the next sample is below its cost, by the posterior of the pass rate. `n` is the yardstick and no limit: a clear
    prompt gets fewer samples, one near a bound up to `n_max`."""

    kind: Literal["bayes"] = "bayes"
    rounds: ClassVar[Literal["one", "apart", "together"]] = "apart"
    first_round: int = Field(default=4, ge=1)
    """Samples of every prompt before anything is decided; the priors are fitted to them."""
    round: int = Field(default=2, ge=1)
    """Least number of samples asked for at once; a quarter of those judged where that is more."""
    n_max: int | None = Field(default=None, ge=1)
    """Most samples of a prompt; null: 4 times `n`."""
    mean_samples: float | None = Field(default=None, gt=0)
    """Samples to spend, per prompt; null: as many as make decisions as often right as `n` samples of every prompt would."""

    def first(self, bounds: Bounds) -> int:
        return min(self.first_round, self.most(bounds))

    def most(self, bounds: Bounds) -> int:
        """`n_max`, or its default."""
        return self.n_max or 4 * bounds.n

    def rule(self, bounds: Bounds, tally: Tally, groups: Ints) -> Rule:
        judged, n_max = bounds.judged(tally), self.most(bounds)
        plans = tuple(
            Plan.make(prior, bounds, n_max, self.round) for prior in fit_priors(tally.correct, judged, groups)
        )
        states = [(groups == group) & (judged > 0) for group in range(len(plans))]
        at = [(tally.correct[who], judged[who]) for who in states]
        cost = self._sample_cost(plans, at, bounds)
        solved = [plan.solve(cost) for plan in plans]
        return BayesRule(
            bounds=bounds,
            n_max=n_max,
            round=self.round,
            pays=np.stack([pays for pays, _, _ in solved]),
            samples=np.stack([samples for _, _, samples in solved]),
            below=np.stack([plan.below for plan in plans]),
            above=np.stack([plan.above for plan in plans]),
        )

    def _sample_cost(self, plans: "tuple[Plan, ...]", at: list[tuple[Ints, Ints]], bounds: Bounds) -> float:
        """The highest cost of a sample at which the expected errors, or the lowest at which the expected samples, are as asked for."""
        sizes = np.array([len(correct) for correct, _ in at])
        if not sizes.sum():
            return 1.0

        def expected(cost: float) -> tuple[float, float]:
            totals = np.zeros(2)
            for plan, (correct, judged) in zip(plans, at, strict=True):
                _, errors, samples = plan.solve(cost)
                totals += errors[judged, correct].sum(), (samples[judged, correct] + judged).sum()
            return float(totals[0] / sizes.sum()), float(totals[1] / sizes.sum())

        risk = float(sum(size * plan.risk_of(bounds) for size, plan in zip(sizes, plans, strict=True)) / sizes.sum())
        low, high = np.log(1e-6), np.log(0.5)
        for _ in range(14):
            cost = float(np.exp((low + high) / 2))
            errors, samples = expected(cost)
            too_high = samples < self.mean_samples if self.mean_samples else errors > risk
            low, high = (low, np.log(cost)) if too_high else (np.log(cost), high)
        return float(np.exp(low))


@dataclass(frozen=True)
class Plan:
    """What the prior of a source says about (judged, correct), as square tables of side n_max + 1.

    `steps[m]` holds the probabilities of 0, 1, ... correct among the samples asked for after m, a line for every number correct of m.
    """

    below: Floats
    above: Floats
    steps: tuple[Floats, ...]
    prior: Prior

    @classmethod
    def make(cls, prior: Prior, bounds: Bounds, n_max: int, least: int) -> "Plan":
        # One posterior per (judged, correct) over the grid of rates: its mass beyond the bounds, and, times the binomial of a round, the
        # chances of what that round may bring. Weights are scaled by their largest, as likelihoods of many samples underflow.
        low, high = bounds.rates()
        below, above = np.zeros((2, n_max + 1, n_max + 1))
        counts = np.arange(n_max + 1)[:, None]
        right, not_right = RATES**counts, (1 - RATES) ** counts
        weights = np.exp(prior.log_weights - prior.log_weights.max())
        rounds = {k: binomial(k).T for k in set(block(counts, least, n_max).ravel().tolist())}
        steps: list[Floats] = []
        for judged in range(n_max + 1):
            posterior = weights * right[: judged + 1] * not_right[judged::-1]
            posterior /= posterior.sum(1, keepdims=True)
            below[judged, : judged + 1] = posterior[:, low >= RATES].sum(1)
            above[judged, : judged + 1] = posterior[:, high <= RATES].sum(1)
            steps.append(posterior @ rounds[int(block(np.array(judged), least, n_max))])
        return cls(below, above, tuple(steps), prior)

    @property
    def error(self) -> Floats:
        """The probability that the better decision, keep or drop, is wrong."""
        keep = 1 - self.below - self.above
        return np.clip(np.minimum(keep, 1 - keep), 0, 1)

    def risk_of(self, bounds: Bounds) -> float:
        """The expected share of wrong decisions among those of `n` samples each."""
        n, (low, high) = bounds.n, bounds.rates()
        counts = np.arange(n + 1)
        nothing = np.zeros_like(counts)
        kept = bounds.decide(Tally(counts, n - counts, nothing, nothing)) == KEEP
        keep = kept.astype(float) @ binomial(n)
        inside = (low < RATES) & (high > RATES)
        return float(self.prior.posterior(np.zeros(1, int), np.zeros(1, int))[0] @ np.where(inside, 1 - keep, keep))

    def solve(self, cost: float) -> tuple[Bools, Floats, Floats]:
        """Where another round pays, at this cost of a sample, the expected error, and the expected number of samples still to come.

        Backward induction over the number judged: with all samples drawn the error is that of the better decision; before that, another
        round pays where the expected error after it and the cost of its samples are less than the error now.
        """
        errors, side = self.error, len(self.error)
        pays, samples = np.zeros((side, side), bool), np.zeros((side, side))
        for judged in range(side - 2, -1, -1):
            step = self.steps[judged]
            k = step.shape[1] - 1
            reached = np.arange(judged + 1)[:, None] + np.arange(k + 1)
            later_errors = (step * errors[judged + k][reached]).sum(1)
            later_samples = k + (step * samples[judged + k][reached]).sum(1)
            now = errors[judged, : judged + 1]
            worthwhile = later_errors + cost * later_samples < now
            pays[judged, : judged + 1] = worthwhile
            samples[judged, : judged + 1] = np.where(worthwhile, later_samples, 0)
            errors[judged, : judged + 1] = np.where(worthwhile, later_errors, now)
        return pays, errors, samples


@dataclass(frozen=True)
class BayesRule(Rule):
    """See `Rule`."""

    round: int
    pays: Bools
    samples: Floats
    below: Floats
    above: Floats
    """Tables over (group, judged, correct): whether another round pays, samples to come, P(rate at or beyond a bound)."""

    def more(self, tally: Tally, groups: Ints) -> Ints:
        judged, left = self.bounds.judged(tally), self.n_max - tally.drawn
        wanted = self.pays[self._place(tally, groups)] & ~self._surely_lost(tally)
        return np.where(wanted, np.minimum(block(judged, self.round, self.n_max), left), 0)

    def priority(self, tally: Tally, groups: Ints) -> Floats:
        """The probability that the decision of now is wrong."""
        drop = (self.below + self.above)[self._place(tally, groups)]
        return np.minimum(drop, 1 - drop)

    def decide(self, tally: Tally, groups: Ints) -> Ints:
        """The more probable of keep and drop, and of the two sides where it is drop."""
        place = self._place(tally, groups)
        below, above = self.below[place], self.above[place]
        lost = self.bounds.lost(tally)
        infeasible = np.where(2 * tally.truncated > tally.drawn, TRUNCATED, INFEASIBLE)
        conditions = [lost != KEEP, below + above <= 0.5, above >= below]
        return np.select(conditions, [lost, np.int64(KEEP), np.int64(TRIVIAL)], infeasible)

    def left(self, tally: Tally, groups: Ints) -> Floats:
        return np.where(self._surely_lost(tally), 0.0, self.samples[self._place(tally, groups)])

    def _place(self, tally: Tally, groups: Ints) -> tuple[Ints, Ints, Ints]:
        return groups, self.bounds.judged(tally), tally.correct

    def _surely_lost(self, tally: Tally) -> Bools:
        """Whether truncated or unjudged samples are surely more than `max_lost`, by a uniform prior on their share.

        P(share > s | t of m) is the probability of at most t successes of m + 1 at rate s.
        """
        drawn, sides = tally.drawn, [tally.unjudged]
        if self.bounds.truncated == "unjudged":
            sides.append(tally.truncated)
        table = _more_lost_than(self.bounds.max_lost, self.n_max)
        lost = [(table[drawn, side] >= SURELY_LOST) & (side > self.bounds.max_lost * drawn) for side in sides]
        return np.asarray(np.logical_or.reduce(lost))


@lru_cache(maxsize=8)
def _more_lost_than(share: float, n_max: int) -> Floats:
    """P(Beta(t + 1, m - t + 1) > share) for m of 0..n_max (lines) and t of 0..m."""
    table = np.zeros((n_max + 1, n_max + 1))
    for m in range(n_max + 1):
        chances = [comb(m + 1, t) * share**t * (1 - share) ** (m + 1 - t) for t in range(m + 1)]
        table[m, : m + 1] = np.cumsum(chances)
    return table


def block(judged: Ints, least: int, n_max: int) -> Ints:
    """How many samples are asked for at once after so many: few while each may decide the prompt, more later on."""
    return np.asarray(np.minimum(np.maximum(judged // 4, least), n_max - judged))


def binomial(n: int) -> Floats:
    """Probabilities of 0..n right of n (lines) at each of `RATES` (columns)."""
    k = np.arange(n + 1)[:, None]
    chances = np.array([float(comb(n, i)) for i in range(n + 1)])[:, None]
    return np.asarray(chances * RATES**k * (1 - RATES) ** (n - k))
