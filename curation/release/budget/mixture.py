"""How many of the golds among some prompts are wrong, by how their samples agree: a mixture of two stories, sampled from its posterior.

A prompt has `n` answers, of which `k` give the gold and `m` the most frequent other answer. Either the gold is right: a sample gives it
with the accuracy p, and a mistake is a common one with probability s. Or it is wrong: a sample gives the true answer, another one, with
accuracy p, and a mistake is the gold with probability g. p, s and g differ from prompt to prompt. How they are distributed over prompts is
learned, as weights of grids (Diebolt and Robert, JRSS B 56, 1994, for Gibbs' method on such mixtures), p around a beta distribution that
is learned too, from which many prompts may lead away. The same p and s hold for prompts with right and with wrong golds.

The answer is how many of the rows *in the set* are wrong. Rows that were dropped for their counts are in the data and not in the sum, so it
does not matter by which bounds rows were kept (selection by what is observed is ignorable: Rubin, Biometrika 63, 1976).
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.release.budget.mistakes import mistakes_of, rate_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

P = np.array([0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.87, 0.93, 0.97, 0.99])
WEIGHT_P, WEIGHT = 30.0, 3.0
"""Weights of the priors of the grids, in prompts: p keeps to its beta distribution until about so many prompts say otherwise."""
LEARNED = 500
"""Prompts of a group, chosen at random, from which its habits are learned. The stories are rough, and more prompts would make them sure of
what is not quite so (Miller and Dunson, JASA 114, 2019, who coarsen a posterior for this)."""
ROUNDS, BURN_IN = 700, 200


class Prior(NamedTuple):
    """Of the share of wrong golds: a beta distribution with a mean, and a weight in prompts."""

    mean: float
    weight: float


def wrong_among(counts: Ints, sources: Ints, n_options: int, prior: Prior, rng: np.random.Generator) -> Ints:
    """Draws from the posterior of how many rows of each source have a wrong gold, a line a draw.

    `counts` has a line (n, k, m) for every prompt, `sources` the number of its source where it is in the set and -1 where not; `n_options`
    is how many options each prompt has, 0 for open questions.
    """
    states, inverse = np.unique(counts, axis=0, return_inverse=True)
    inverse, n_sources = inverse.ravel(), int(sources.max(initial=-1)) + 1
    in_set = np.zeros((n_sources, len(states)), np.int64)
    np.add.at(in_set, (sources[sources >= 0], inverse[sources >= 0]), 1)
    learned = inverse[rng.permutation(len(inverse))[:LEARNED]]
    seen, times = np.unique(learned, return_counts=True)
    right, wrong = _likelihoods(states, n_options)
    prior_s, prior_g = (WEIGHT * weights for weights in mistakes_of(n_options).priors())
    bases, rising = _bases()
    prior_p = bases[len(bases) // 2]
    p, s, g, share = *(weights / weights.sum() for weights in (prior_p, prior_s, prior_g)), prior.mean
    draws = []
    for round_ in range(ROUNDS):
        of_wrong = share * (wrong @ g @ s @ p)
        odds = of_wrong / np.maximum(of_wrong + (1 - share) * (right @ s @ p), 1e-300)
        if round_ >= BURN_IN:
            draws.append(rng.binomial(in_set, odds).sum(1))
        n_wrong = rng.binomial(times, odds[seen])
        joint = right[seen] * np.outer(p, s)
        cells = rng.multinomial(times - n_wrong, _normal(joint)).sum(0).reshape(joint.shape[1:])
        of_g = np.zeros(len(g))
        if (some := np.flatnonzero(n_wrong)).size:
            joint = wrong[seen[some]] * (p[:, None, None] * s[:, None] * g)
            placed = rng.multinomial(n_wrong[some], _normal(joint)).sum(0).reshape(joint.shape[1:])
            cells, of_g = cells + placed.sum(2), placed.sum((0, 1))
        of_p = cells.sum(1)
        fits = rising[:, np.arange(len(P)), of_p].sum(1)
        fits = np.exp(fits - fits.max())
        prior_p = bases[rng.choice(len(fits), p=fits / fits.sum())]
        p, s, g = (rng.dirichlet(w) for w in (prior_p + of_p, prior_s + cells.sum(0), prior_g + of_g))
        total = int(n_wrong.sum())
        share = rng.beta(prior.mean * prior.weight + total, (1 - prior.mean) * prior.weight + len(learned) - total)
    return np.array(draws)


def _normal(joint: Floats) -> Floats:
    flat = joint.reshape(len(joint), -1)
    normal: Floats = flat / flat.sum(1, keepdims=True)
    return normal


@cache
def _bases() -> tuple[Floats, Floats]:
    """Beta distributions on the grid of p with the weight of the prior, and the logarithms of their rising factorials: [b, i, k] is
    log(gamma(x + k) / gamma(x)) of the weight x of base b at P[i], for k up to `LEARNED`.
    """
    edges = np.concatenate([[0], (P[1:] + P[:-1]) / 2, [1]])
    x = (np.arange(4_000) + 0.5) / 4_000
    found = []
    for mean in np.arange(0.05, 0.96, 0.05):
        for strength in (1, 2, 4, 8, 16):
            density = x ** (mean * strength - 1) * (1 - x) ** ((1 - mean) * strength - 1)
            of_cells = np.histogram(x, edges, weights=density)[0]
            found.append(of_cells / of_cells.sum() + 1e-4)
    bases = WEIGHT_P * _normal(np.array(found))
    factors = np.log(bases[:, :, None] + np.arange(LEARNED))
    return bases, np.concatenate([np.zeros((*bases.shape, 1)), factors.cumsum(2)], axis=2)


def _likelihoods(states: Ints, n_options: int) -> tuple[Floats, Floats]:
    """P(state | p, s) under a right gold, P(state | p, s, g) under a wrong one."""
    mistakes, right, wrong = mistakes_of(n_options), [], []
    for n, k, m in states.tolist():
        right.append(np.outer(rate_of(k, n, P), mistakes.most(m, n - k)))
        # The true answer, given t times, is itself the most frequent other answer, or less frequent than a mistake.
        of_t = [
            rate_of(t, n, P)[:, None, None] * mistakes.gold_and_rest(k, n - k - t, m, at_most=t == m)
            for t in range(min(m, n - k) + 1)
        ]
        wrong.append(np.sum(of_t, axis=0))
    return np.array(right), np.array(wrong)
