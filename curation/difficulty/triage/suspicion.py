"""How probable is it that a gold is wrong, given how its prompt's samples agree?

Two stories explain `n_answered` samples of which `n_correct` give the gold and `n_agreed` the most frequent other
answer. Either the gold is right: n_correct is what the sampler gets right, and n_agreed of the rest happen to make the
same mistake. Or the gold is wrong: n_agreed is what the sampler gets right, and the gold is one of the mistakes, or
an answer that no sample gives. How often this sampler is right, and how often its mistakes agree, are two beta-binomial distributions that
are fitted to the prompts themselves (by expectation-maximisation over the two stories), for each group of prompts
alone: a set of hard prompts, or of questions with two options, has other habits than a set of easy open ones. So a
weak sampler, whose misses say little, makes no gold suspect, and a strong one does by a small majority.
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SHARE_WRONG = 0.033
"""Of golds, before the samples are seen: the mean over ten test sets in Northcutt, Athalye and Mueller (Pervasive Label Errors
in Test Sets, NeurIPS 2021 Datasets and Benchmarks)."""
STRENGTH = 60
"""Weight of this prior, in prompts."""
MAX_SHARE_WRONG = 0.3
MIN_GROUP = 40
"""A smaller group shares the habits of all prompts with as many options."""
ROUNDS = 30

_MEANS = np.array([0.01, 0.03, *np.arange(0.05, 0.96, 0.05), 0.97, 0.99])
_STRENGTHS = np.array([0.3, 0.6, 1.2, 2.5, 5.0, 10.0, 20.0, 50.0])
_A, _B = np.outer(_MEANS, _STRENGTHS).ravel(), np.outer(1 - _MEANS, _STRENGTHS).ravel()
_lgamma: Callable[[npt.ArrayLike], Floats] = np.vectorize(math.lgamma, otypes=[np.float64])


def suspicion(counts: Ints, sources: Ints, options: Ints) -> Floats:
    """The probability that each prompt's gold is wrong.

    `counts` has a line (n_answered, n_correct, n_agreed) for every prompt; `sources` numbers its source, `options` is
    how many options it has, 0 for an open question.
    """
    found = np.zeros(len(counts))
    of_prompt = np.column_stack([options, sources])
    groups, group_of, sizes = np.unique(of_prompt, axis=0, return_inverse=True, return_counts=True)
    groups[sizes < MIN_GROUP, 1] = -1
    for group in np.unique(groups, axis=0):
        lines = np.flatnonzero((groups == group).all(1)[group_of.ravel()])
        kinds, inverse, times = np.unique(counts[lines], axis=0, return_inverse=True, return_counts=True)
        found[lines] = _probabilities(kinds, times)[inverse.ravel()]
    return found


def _probabilities(kinds: Ints, times: Ints) -> Floats:
    """Of one group: `kinds` are the different lines, `times` how often each occurs."""
    answered, correct, agreed = kinds.T
    others = np.maximum(answered - correct - 1, 0)  # mistakes beside the first, which agrees with itself
    right_correct = log_beta_binomial(correct, answered)
    right_agreed = log_beta_binomial(np.maximum(agreed - 1, 0), others)
    wrong_agreed = log_beta_binomial(agreed, answered)
    wrong_correct = log_beta_binomial(correct, answered - agreed)
    imagined = [log_beta_binomial(np.array(hits), np.array([8, 8, 8])).sum(1) for hits in ([0, 4, 8], [0, 3, 8])]
    confirmed = times * (correct > 0)  # the golds that a sample gave as well: what else agrees there is a mistake
    wrong, share = np.zeros(len(kinds)), SHARE_WRONG
    for _ in range(ROUNDS):
        accuracy = np.argmax(right_correct @ (times * (1 - wrong)) + wrong_agreed @ (times * wrong) + imagined[0])
        mistakes = np.argmax(right_agreed @ (confirmed * (1 - wrong)) + imagined[1])
        unseen = 0.5 * (correct == 0) + 0.5 * np.exp(wrong_correct[mistakes])
        odds = wrong_agreed[accuracy] + np.log(unseen) - right_correct[accuracy] - right_agreed[mistakes]
        odds += math.log(share / (1 - share))
        wrong = np.where(agreed > 0, 1 / (1 + np.exp(-np.clip(odds, -700, 700))), 0.0)
        share = min((wrong @ times + SHARE_WRONG * STRENGTH) / (times.sum() + STRENGTH), MAX_SHARE_WRONG)
    return wrong


def log_beta_binomial(hits: Ints, draws: Ints) -> Floats:
    """log P(hits of draws) for every pair of parameters on the grid (lines) and every prompt (columns)."""
    a, b = _A[:, None], _B[:, None]
    sizes = np.arange(draws.max(initial=0) + 1)
    gamma_a, gamma_b, gamma_ab = _lgamma(sizes + a), _lgamma(sizes + b), _lgamma(sizes + a + b)
    factorial = _lgamma(sizes + 1)
    choose = factorial[draws] - factorial[hits] - factorial[draws - hits]
    log_beta = gamma_a[:, :1] + gamma_b[:, :1] - gamma_ab[:, :1]
    found: Floats = choose + gamma_a[:, hits] + gamma_b[:, draws - hits] - gamma_ab[:, draws] - log_beta
    return found
