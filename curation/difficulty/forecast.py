"""How many samples and tokens a measurement will take: its rounds, run some dozens of times on samples that are made up (`draws`).

The rounds are those of the measurement itself, with its stopping rule and its budgets, on at most some thousand prompts, each of which
stands for so many.
"""

from typing import NamedTuple, cast

import numpy as np

from curation.core.row import Sampler
from curation.difficulty.draws import Draws, Told
from curation.difficulty.estimate import Estimate, Ranges
from curation.difficulty.outcomes import OUTCOMES, Bools, Floats, Ints
from curation.difficulty.pass_rate import PassRate
from curation.difficulty.rounds import BUDGET, MAX_PROMPTS, Rounds, Rows, Work

MIN_TOLD, MOST_GROUPS = 8, 6
"""A source has rates of its own where so many of its prompts tell; so many sources at most."""
FEWEST, MOST, WORK = 16, 32, 8_000
"""Replicates; a plan of `bayes` for every source takes long where `n` is large, so that there are no more than do about so much work."""
CUT_SPREAD = 0.3
SPEED_SPREAD = 0.1
"""Of the logarithm of the seconds of a token, which depend on the size of the batches and on what else the machine does."""
MOST_LONGER = 4.0
"""What was under way when a run ended may be so many times longer than it is taken to be (simulated queues that were killed)."""
COLUMNS = [OUTCOMES.index(name) for name in ("correct", "wrong", "truncated", "undecided")]
REFUSED = "refused"


class Forecast(NamedTuple):
    """What all prompts will take, what of it the store has, and what is to come, with its seconds. `cut_short`: prompts that the budget
    does not cover; `passed_on`: those that the model does not decide (see `PassRate.pass_on`).
    """

    samples: Estimate
    tokens: Estimate
    samples_held: Estimate
    tokens_held: Estimate
    samples_to_come: Estimate
    tokens_to_come: Estimate
    seconds_to_come: Estimate
    cut_short: Estimate
    passed_on: Estimate


class Population(NamedTuple):
    """The prompts that are simulated, in the rows' order: which prompt of `Told` each one is (-1 for one without samples), the number of
    its source, and how many prompts it stands for.
    """

    own: Ints
    groups: Ints
    weights: Floats


class SimulatedRounds(Rounds):
    """The rounds of a measurement on samples that are made up; counts of tokens are those of all prompts that each one stands for."""

    def __init__(self, options: PassRate, population: Population, draws: Draws) -> None:
        n = len(population.own)
        wanted = np.ones(n, bool)
        super().__init__(
            cast(Rows, range(n)), wanted, population.groups, options.stopping, options.bounds, options.budget
        )
        self.options, self.weights, self.draws = options, population.weights, draws
        self.taken = np.zeros(n, np.int64)

    def expected_tokens(self, samples: Ints | Floats) -> Ints:
        return np.asarray(super().expected_tokens(samples) * self.weights, np.int64)

    def _run_batches(self, ask: Ints, work: Work, last_chance: bool) -> Bools:
        refused = (ask > 0) & self.draws.refused
        self._stop(refused, REFUSED)
        ask = np.where(refused, 0, ask)
        after = self.taken + ask
        self.draws.widen(max(int(after.max()), self.n_most))
        tokens = (self.draws.sums(after)[4] - self.draws.sums(self.taken)[4]) * self.weights
        late = (ask > 0) & ~self._is_begun(ask, tokens)
        self._stop(late, BUDGET)
        self.taken = np.where(late, self.taken, after)
        sums = self.draws.sums(self.taken)
        self.counts[:, COLUMNS] = sums[:4].T
        self.tokens[:] = sums[4]
        self.budget.tokens += int(tokens[~late].sum())
        self.budget.seconds = self.budget.tokens * self.draws.seconds_per_token
        return np.zeros(len(ask), bool)

    def _is_begun(self, ask: Ints, tokens: Floats) -> Bools:
        """Which prompts are in a batch that begins before the budget is spent."""
        limit, speed = (
            np.inf if self.budget.max_tokens is None else float(self.budget.max_tokens),
            self.draws.seconds_per_token,
        )
        if self.budget.max_seconds is not None and speed:
            limit = min(limit, self.budget.max_seconds / speed)
        if np.isinf(limit):
            return np.ones(len(ask), bool)
        stands_for = np.where(ask > 0, self.weights, 0)
        samples_each = (ask * self.weights).sum() / max(stands_for.sum(), 1)
        prompts = min(
            self.options.batch_prompts * self.options.n / max(samples_each, 1), MAX_PROMPTS * self.options.batch_prompts
        )
        batch = ((np.cumsum(stands_for) - stands_for) // max(prompts, 1)).astype(np.int64)
        before = np.concatenate([[0.0], np.cumsum(tokens)])[np.searchsorted(batch, batch)]
        return np.asarray(self.budget.tokens + before < limit)

    @property
    def n_most(self) -> int:
        """Samples of a prompt at most."""
        return self.rule.n_max if self.rule else 0

    def cut_short(self) -> float:
        """Prompts that the budget leaves undecided."""
        return float(self.weights[self.stops == self.reasons.index(BUDGET)].sum())

    def passed_on(self) -> float:
        """Prompts that go to the next model, where there is one."""
        if len(self.options.engines) == 1:
            return 0.0
        results = self.results(cast(Sampler, None))
        return float(self.weights[results.is_one_of(self.options.pass_on)].sum())


def forecast(told: Told, population: Population, options: PassRate, held: tuple[int, int], seed: int) -> Forecast:
    """What the measurement of all prompts will take. `held`: samples and tokens that the store has, all prompts counted."""
    figures = _replicates(told, population, options, seed)
    samples, tokens, samples_held, tokens_held, seconds_per_token, cut_short, passed_on, n_most = figures.T
    # The prompts that tell stand for all with samples; of those it is known how many samples and tokens they have.
    has_own = population.own >= 0
    weights, own = population.weights[has_own], population.own[has_own]
    in_sight = np.array([told.counts.sum(0)[own] @ weights, told.spent[0, own] @ weights])
    more_samples, more_tokens = np.array(held) / np.maximum(in_sight, 1)
    tokens_to_come = tokens - tokens_held
    samples_held, tokens_held = samples_held * more_samples, tokens_held * more_tokens
    samples_to_come = np.maximum(samples - samples_held, 0)

    first, n_all = options.stopping.first(options.bounds), population.weights.sum()
    if first == n_most[0]:  # a rule that does not look at outcomes
        samples, samples_to_come = _once_where_equal(samples), _once_where_equal(samples_to_come)
    ranged = Ranges(len(told), _unseen(told, population))
    longer = float(np.log1p(MOST_LONGER * told.under_way))
    fewest, most = min(first * n_all, samples.min()) - samples_held.mean(), n_most[0] * n_all - samples_held.mean()
    to_come = ranged(samples_to_come).within(fewest, most)
    return Forecast(
        samples=ranged(samples).within(fewest + samples_held.mean(), most + samples_held.mean()),
        tokens=ranged(tokens_to_come + tokens_held, longer=longer).within(
            tokens_held.mean() + to_come.low, tokens_held.mean() + to_come.high * told.limit
        ),
        samples_held=ranged(_once_where_equal(samples_held)),
        tokens_held=ranged(_once_where_equal(tokens_held)),
        samples_to_come=to_come,
        tokens_to_come=ranged(tokens_to_come, longer=longer).within(to_come.low, to_come.high * told.limit),
        seconds_to_come=ranged(tokens_to_come * seconds_per_token, SPEED_SPREAD, longer).within(
            0, to_come.high * told.limit * 2 * seconds_per_token.max()
        ),
        cut_short=ranged(cut_short).within(0, n_all),
        passed_on=ranged(passed_on).within(0, n_all),
    )


def _replicates(told: Told, population: Population, options: PassRate, seed: int) -> Floats:
    """A line for each: samples and tokens, those held of them, seconds of a token, prompts cut short and passed on, most samples of one."""
    lines: list[list[float]] = []
    n_groups = len(np.unique(population.groups))
    for replicate in range(MOST):
        draws = Draws(told, population.own, population.groups, np.random.default_rng([seed, replicate]))
        rounds = SimulatedRounds(options, population, draws)
        rounds.run(cast(Work, None))
        sums = draws.sums(rounds.taken)
        totals = [rounds.taken @ population.weights, *sums[4:] @ population.weights]
        tokens, samples_held, tokens_held = totals[1:]
        others = draws.seconds_per_token, rounds.cut_short(), rounds.passed_on(), rounds.n_most
        lines.append([totals[0], tokens, samples_held, tokens_held, *others])
        if (sums[5] == rounds.taken).all():
            break  # nothing was made up, so that the others are the same
        if len(lines) >= max(FEWEST, WORK // (rounds.n_most * n_groups)):
            break
    return np.array(lines)


def _once_where_equal(values: Floats) -> Floats:
    """One number where all are the same but for the last bits."""
    return np.asarray(np.round(values[:1], 3) if np.ptp(values) < 1e-3 else values)


def _unseen(told: Told, population: Population) -> float:
    """Spread of the logarithm of a total that no replicate shows: of what none of n prompts tells there may be one more among n, and the
    prompts that are simulated are a sample themselves where each stands for several; how long what was cut off gets, nothing tells.
    """
    weights = population.weights
    borrowed = 1 - weights[population.own >= 0].sum() / weights.sum()
    simulated = 1 / np.sqrt(len(weights)) if weights.max() > 1 else 0.0
    cut = CUT_SPREAD * np.sqrt(told.n_cut / max(told.n_cut + told.counts.sum(), 1))
    return float(np.sqrt((borrowed / len(told)) ** 2 + simulated**2 + cut**2))
