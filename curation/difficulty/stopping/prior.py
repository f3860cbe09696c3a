"""The beta prior of a source's pass rates, and the posterior of a prompt's counts.

A posterior ignores how it was decided to stop: the likelihood of k right of m is the same for every stopping rule, so estimates and
intervals hold under all of them as far as the prior does (Berger and Wolpert, The Likelihood Principle, 1988, section 4.2).

Rates are integrated over a uniform grid of their log-odds, on which every beta density is smooth; what lies beyond the grid is
indistinguishable from 0 or 1 and belongs to its ends.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from curation.difficulty.outcomes import Floats, Ints

_LOG_ODDS = np.linspace(-12, 12, 481)
RATES: Floats = 1 / (1 + np.exp(-_LOG_ODDS))
_LOG, _LOG_NOT = -np.log1p(np.exp(-_LOG_ODDS)), -np.log1p(np.exp(_LOG_ODDS))
_STEP = _LOG_ODDS[1] - _LOG_ODDS[0]

MIN_PROMPTS = 50
"""A source with fewer has the prior of all sources together."""


@dataclass(frozen=True)
class Prior:
    """Beta(a, b)."""

    a: float
    b: float

    @cached_property
    def log_weights(self) -> Floats:
        """Of `RATES`: d rate = rate (1 - rate) d log-odds, and the integrals of the two tails in closed form."""
        logs: Floats = self.a * _LOG + self.b * _LOG_NOT + np.log(_STEP)
        logs[0] = np.logaddexp(logs[0], self.a * _LOG[0] - np.log(self.a))
        logs[-1] = np.logaddexp(logs[-1], self.b * _LOG_NOT[-1] - np.log(self.b))
        return logs

    def posterior(self, correct: Ints, judged: Ints) -> Floats:
        """Weights of `RATES` after `correct` of `judged`, one line per prompt."""
        logs = self.log_weights + correct[:, None] * _LOG + (judged - correct)[:, None] * _LOG_NOT
        weights = np.exp(logs - logs.max(1, keepdims=True))
        return np.asarray(weights / weights.sum(1, keepdims=True))

    def estimate(self, correct: Ints, judged: Ints) -> tuple[Floats, Floats, Floats]:
        """Posterior mean and 95 % interval. Where all samples agree the interval is one-sided and goes to the end."""
        mean = (correct + self.a) / (judged + self.a + self.b)
        reached = np.cumsum(self.posterior(correct, judged), axis=1)
        none, all_ = correct == 0, correct == judged
        low = np.where(none, 0.0, _quantile(reached, np.where(all_, 0.05, 0.025)))
        high = np.where(all_, 1.0, _quantile(reached, np.where(none, 0.95, 0.975)))
        return mean, low, high


def fit_prior(correct: Ints, judged: Ints) -> Prior:
    """The beta of the highest likelihood of the counts (beta-binomial, maximised over a grid of log a, log b that closes in)."""
    # Prompts with equal counts are one term of the likelihood, weighted; the grid halves its reach around the best point each time, which
    # needs no gradient and cannot diverge on the flat ridges of small samples.
    states, weights = np.unique(np.stack([correct, judged]), axis=1, return_counts=True)
    log_a = log_b = 0.0
    reach = 4.0
    for _ in range(9):
        around = np.linspace(-reach, reach, 9)
        grid_a, grid_b = np.meshgrid(np.clip(log_a + around, -4, 4), np.clip(log_b + around, -4, 4))
        best = np.argmax(_log_likelihood(np.exp(grid_a.ravel()), np.exp(grid_b.ravel()), states[0], states[1], weights))
        log_a, log_b, reach = grid_a.ravel()[best], grid_b.ravel()[best], reach / 2
    return Prior(float(np.exp(log_a)), float(np.exp(log_b)))


def fit_priors(correct: Ints, judged: Ints, groups: Ints) -> tuple[Prior, ...]:
    """A prior for every group; small ones have that of all prompts."""
    pooled = fit_prior(correct, judged)
    sizes = np.bincount(groups, judged > 0)
    return tuple(
        fit_prior(correct[groups == group], judged[groups == group]) if size >= MIN_PROMPTS else pooled
        for group, size in enumerate(sizes)
    )


def estimates(correct: Ints, judged: Ints, groups: Ints) -> tuple[Floats, Floats, Floats]:
    """`Prior.estimate` of every prompt, by a prior fitted to all counts of its group."""
    priors = fit_priors(correct, judged, groups)
    # Posteriors are taken once for every different (group, correct, judged), of which there are few, and spread over the prompts.
    found = np.full((3, len(groups)), np.nan)
    states, which = np.unique(np.stack([groups, correct, judged]), axis=1, return_inverse=True)
    for group, prior in enumerate(priors):
        mine = states[0] == group
        each = np.stack(prior.estimate(states[1, mine], states[2, mine]))
        found[:, groups == group] = each[:, (np.cumsum(mine) - 1)[which.ravel()[groups == group]]]
    return found[0], found[1], found[2]


def _log_likelihood(a: Floats, b: Floats, correct: Ints, judged: Ints, weights: Ints) -> Floats:
    """Of candidates (a, b), without the binomial coefficients: B(k + a, m - k + b) / B(a, b) as a product of m terms."""
    steps = np.arange(int(judged.max(initial=0)))[:, None]
    zero = np.zeros((1, len(a)))
    up_a, up_b, up_ab = (np.concatenate([zero, np.cumsum(np.log(x + steps), axis=0)]) for x in (a, b, a + b))
    return np.asarray(weights @ (up_a[correct] + up_b[judged - correct] - up_ab[judged]))


def _quantile(reached: Floats, share: Floats) -> Floats:
    return np.asarray(RATES[np.argmax(reached >= share[:, None], axis=1)])
