"""One model's rounds over all prompts: the first for every prompt, the others for those that the stopping rule has not stopped.

Memory holds some numbers per prompt (about 100 bytes), never a text. What a round asks for depends on the counts of the rounds before it
and on nothing else, so a run that was interrupted finds its samples in the store and continues as if it had not been. While the engine
samples a batch, a thread judges the one before.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import compress
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from curation.core.errors import UnansweredError
from curation.core.row import Difficulty, Estimator, Row, Sampler
from curation.difficulty.budget import Budget
from curation.difficulty.outcomes import (
    DECISIONS,
    OUTCOMES,
    UNJUDGED_OUTCOMES,
    UNSAMPLED,
    Bools,
    Bounds,
    Decision,
    Floats,
    Ints,
    tally_of,
)  # fmt: skip
from curation.difficulty.stopping.base import Rule, Stopping
from curation.sampling.engines.base import Request
from curation.sampling.rollouts.rollout import Rollout
from curation.sampling.rollouts.verdicts import VerdictStore, judge_rollouts
from curation.sampling.sample_cached import CachedSampler, SampleResult
from curation.sampling.template import apply_to_messages

BUDGET = "budget"
REFUSED = "refused: "
"""Before why the engine will never take a prompt, in the reason for which it is stopped."""
_INFRASTRUCTURE = OUTCOMES.index("infrastructure")
LEVELS = 4
FEW = 3
"""Prompts that may stay without an answer whatever their share; more may be an engine that is down."""
MAX_PROMPTS = 4
"""A batch has up to so many times `batch_prompts` prompts when few samples of each are wanted; all their images are in memory."""


class Rows(Protocol):
    """Rows that can be read again and again, in one order."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Row]: ...


Judged = Sequence[tuple[Row, Sequence[Rollout]]]
Judge = Callable[[Judged, VerdictStore], list[list[str]]]
"""Says of every row's samples, in their order, which of `OUTCOMES` each is."""


def outcomes_of(rows: Judged, verdicts: VerdictStore) -> list[list[str]]:
    """The verdicts of the rows' verifiers."""
    return [[verdict.outcome for verdict in of_row] for of_row in judge_rollouts(rows, verdicts)]


class Work(NamedTuple):
    """What the rounds work with. A batch holds `batch_prompts` prompts, or more where fewer than `n` samples of each are wanted;
    `report` is called after each. `max_unanswered` is the share of the prompts that the engine may leave without an answer.
    """

    sampler: CachedSampler
    verdicts: VerdictStore
    template: str
    seed: int
    batch_prompts: int
    n: int
    report: Callable[[], None]
    judge: Judge = outcomes_of
    max_unanswered: float = 1.0


class Refusal(NamedTuple):
    """Why an engine will not take a prompt, and how many samples of it were drawn before: it may look at each by itself."""

    why: str
    n_before: int


@dataclass(frozen=True)
class Results:
    """What one model's rounds have found, an entry per prompt; a `Difficulty` is made of it when it is asked for."""

    counts: NDArray[np.int32]
    judged: Ints
    estimates: tuple[Floats, Floats, Floats]
    estimator: Estimator
    decisions: Ints
    stops: NDArray[np.int32]
    reasons: list[str]
    sampler: Sampler

    def of(self, prompt: int) -> tuple[Difficulty, Decision]:
        """The difficulty of a prompt, and what it decides."""
        n = dict(zip(OUTCOMES, self.counts[prompt].tolist(), strict=True))
        n_judged = int(self.judged[prompt])
        estimate = [float(values[prompt]) for values in self.estimates]
        rate, low, high = estimate if n_judged else (math.nan, 0.0, 1.0)
        difficulty = Difficulty(
            pass_rate=rate,
            share=n["correct"] / n_judged if n_judged else math.nan,
            estimator=self.estimator,
            n_correct=n["correct"],
            n_judged=n_judged,
            n_no_answer=n["no_answer"],
            n_truncated=n["truncated"],
            n_unjudged=sum(n[name] for name in UNJUDGED_OUTCOMES),
            n_timeout=n["timeout"],
            n_infrastructure=n["infrastructure"],
            n_refused=n["refused"],
            ci_low=low,
            ci_high=high,
            stop_reason=self.reasons[self.stops[prompt]],
            sampler=self.sampler,
        )
        return difficulty, DECISIONS[self.decisions[prompt]]

    @property
    def levels(self) -> Ints:
        """0 to 3: never right, seldom, mostly, always. The next model's priors are fitted by it and the source."""
        correct = self.counts[:, 0].astype(np.int64)
        return np.where(correct == 0, 0, 1 + (2 * correct >= self.judged) + (correct == self.judged))

    def is_one_of(self, names: Sequence[str]) -> Bools:
        """Prompts with one of these decisions or stop reasons."""
        decisions = [number for number, name in enumerate(DECISIONS) if name in names]
        reasons = [number for number, name in enumerate(self.reasons) if name in names]
        return np.isin(self.decisions, decisions) | np.isin(self.stops, reasons)


class Rounds:
    """Counts and stop reasons of all prompts while they are sampled. `wanted` says which prompts are this model's, `refused` which of them
    by their numbers an engine has refused before.
    """

    def __init__(
        self,
        rows: Rows,
        wanted: Bools,
        groups: Ints,
        stopping: Stopping,
        bounds: Bounds,
        budget: Budget,
        refused: Mapping[int, Refusal] = MappingProxyType({}),
    ) -> None:
        self.rows, self.wanted, self.groups, self.budget = rows, wanted, groups, budget
        self.refused = refused
        self.stopping, self.bounds = stopping, bounds
        self.counts = np.zeros((len(rows), len(OUTCOMES)), np.int32)
        self.tokens = np.zeros(len(rows), np.int64)
        self.stops = np.zeros(len(rows), np.int32)
        self.reasons = ["", BUDGET]
        self.rule: Rule | None = None
        self.round = self.n_asked = 0
        self.n_wanted = int(wanted.sum())

    @property
    def drawn(self) -> Ints:
        return np.asarray(self.counts.sum(1, dtype=np.int64))

    def run(self, work: Work) -> None:
        """Sample until every prompt is stopped or the budget is spent."""
        self.go_on(self.first(), work)

    def go_on(self, ask: Ints, work: Work) -> None:
        """The same from a round on that asks for these."""
        while ask.any():
            self.sample(ask, work)
            ask = self.more()

    def first(self) -> Ints:
        """What the first round asks for, of every prompt."""
        return np.where(self.wanted, self.stopping.first(self.bounds), 0)

    def sample(self, ask: Ints, work: Work) -> None:
        """A round: sample and judge what is asked for, what failed once more in the end.

        Raises:
            UnansweredError: that fails again, of more prompts than may.
        """
        self.round, self.n_asked = self.round + 1, self.n_asked + int(ask.sum())
        failed = self._run_batches(ask, work, last_chance=False)
        if failed.any():
            self._run_batches(np.where(failed, ask, 0), work, last_chance=True)

    def more(self) -> Ints:
        """What the next round asks for, 0 of prompts that are stopped. The rule is fitted behind the first."""
        tally = tally_of(self.counts)
        if self.rule is None:
            self.rule = self.stopping.rule(self.bounds, tally, self.groups)
        still = self.wanted & (self.stops == 0)
        ask = np.where(still, self.rule.more(tally, self.groups), 0)
        for n in np.unique(self.drawn[still & (ask == 0)]):
            self._stop(still & (ask == 0) & (self.drawn == n), self.rule.reason(int(n)))
        return self._affordable(ask, self.rule.priority(tally, self.groups))

    def some(self, rows: Rows, numbers: Ints) -> "Rounds":
        """The rounds of some prompts alone, under the rule of all; `rows` are theirs."""
        part = Rounds(rows, self.wanted[numbers], self.groups[numbers], self.stopping, self.bounds, self.budget)
        part.counts, part.tokens, part.stops = self.counts[numbers], self.tokens[numbers], self.stops[numbers]
        part.rule, part.reasons, part.round = self.rule, list(self.reasons), self.round
        part.n_wanted = self.n_wanted
        return part

    def take(self, numbers: Ints, part: Mapping[str, NDArray[Any]]) -> None:
        """Put in what the rounds of some prompts have found, their `state`."""
        self.counts[numbers], self.tokens[numbers] = part["counts"], part["tokens"]
        reasons = [self._number_of(reason) for reason in part["reasons"].tolist()]
        self.stops[numbers] = np.array(reasons, np.int32)[part["stops"]]

    @property
    def state(self) -> dict[str, Any]:
        """What is known of the prompts, as arrays."""
        return {"counts": self.counts, "tokens": self.tokens, "stops": self.stops, "reasons": np.array(self.reasons)}

    def results(self, sampler: Sampler) -> Results:
        """What has been found."""
        tally = tally_of(self.counts)
        rule = self.rule or self.stopping.rule(self.bounds, tally, self.groups)
        decisions = np.where(self.drawn > 0, rule.decide(tally, self.groups), UNSAMPLED)
        estimates = rule.estimate(tally, self.groups)
        found = (self.bounds.judged(tally), estimates, rule.estimator, decisions, self.stops, self.reasons)
        return Results(self.counts, *found, sampler)

    @property
    def n_stopped(self) -> int:
        """Prompts that get no more samples, this model's or not; in the first round of `fixed` those that are judged."""
        in_one_round = (self.rule is None) & (self.drawn >= self.bounds.n)
        return int((~self.wanted | (self.stops > 0) | in_one_round).sum())

    @property
    def tokens_left(self) -> int | None:
        """Tokens still to be expected of this model, None before the end of the first round."""
        if self.rule is None:
            return None
        open_prompts = self.wanted & (self.stops == 0)
        left = np.where(open_prompts, self.rule.left(tally_of(self.counts), self.groups), 0)
        return int(self.expected_tokens(left).sum())

    def expected_tokens(self, samples: Ints | Floats) -> Ints:
        """What so many samples of every prompt will cost, by what its samples have cost so far, or those of all."""
        drawn = self.drawn
        mean = self.tokens.sum() / max(int(drawn.sum()), 1)
        each = np.where(drawn > 0, self.tokens / np.maximum(drawn, 1), mean)
        return np.asarray(np.ceil(samples * each), np.int64)

    def _affordable(self, ask: Ints, priority: Floats) -> Ints:
        """`ask` without what the budget does not cover; prompts of the highest priority go first."""
        left = self.budget.tokens_left
        if left is None or not ask.any():
            return ask
        order = np.lexsort((np.arange(len(ask)), -np.where(ask > 0, priority, -np.inf)))
        affordable = np.zeros(len(ask), bool)
        affordable[order] = np.cumsum(self.expected_tokens(ask)[order]) <= left
        self._stop((ask > 0) & ~affordable, BUDGET)
        return np.where(affordable, ask, 0)

    def _run_batches(self, ask: Ints, work: Work, last_chance: bool) -> Bools:
        """Sample and judge what is asked for. Returns the prompts that the engine or the way to it failed; of those nothing is counted,
        unless it is their `last_chance`.
        """
        failed = np.zeros(len(ask), bool)
        lost, n_before = list[str](), int((self.counts[:, _INFRASTRUCTURE] > 0).sum())
        waiting: list[Callable[[], None]] = []
        with ThreadPoolExecutor(1, "judge") as judge:
            for numbers, rows in self._batches(ask, work):
                if self.budget.is_spent:
                    self._stop(numbers, BUDGET)
                    continue
                requests = [self._request(i, row, ask[i], work) for i, row in zip(numbers, rows, strict=True)]
                results = self._sampled(numbers, requests, work)
                if last_chance:
                    lost += [result.failed for result in results if result.failed]
                    self._check_lost(n_before + len(lost), lost, work.max_unanswered)
                failed[numbers] = [bool(result.failed) and not last_chance for result in results]
                batch = [b for b in zip(numbers, rows, results, strict=True) if not failed[b[0]]]
                self.budget.spend(rollout for _, _, result in batch for rollout in result.rollouts)
                outcomes = judge.submit(work.judge, [(row, result.rollouts) for _, row, result in batch], work.verdicts)
                for count in waiting:
                    count()
                counted = [(i, result) for i, _, result in batch]
                waiting = [partial(self._count, ask, counted, outcomes, work.report)]
            for count in waiting:
                count()
        return failed

    def _check_lost(self, n_lost: int, why: Sequence[str], share: float) -> None:
        """Look whether the engine has left too much without an answer, which would be dropped.

        Raises:
            UnansweredError: more than this share of the prompts, or all.
        """
        of_all = n_lost == self.n_wanted and share < 1
        if why and (n_lost > max(FEW, share * self.n_wanted) or of_all):
            raise UnansweredError(
                f"{n_lost} of {self.n_wanted} prompts stay unanswered, more than `max_unanswered` ({share:g}): {why[0]}; the"
                " same command asks for them again"
            )

    def _sampled(self, numbers: list[int], requests: list[Request], work: Work) -> list[SampleResult]:
        """What comes of the requests; what was refused before, with as many samples drawn, is not asked again."""
        before = {i: self.refused[i] for i in numbers if i in self.refused}
        known = {i: one for i, one in before.items() if one.n_before <= self.counts[i].sum()}
        asked = iter(work.sampler.ask([one for i, one in zip(numbers, requests, strict=True) if i not in known], FEW))
        return [SampleResult([], refused=known[i].why) if i in known else next(asked) for i in numbers]

    def _count(
        self,
        ask: Ints,
        batch: list[tuple[int, SampleResult]],
        outcomes: "Future[list[list[str]]]",
        report: Callable[[], None],
    ) -> None:
        for (i, result), names in zip(batch, outcomes.result(), strict=True):
            for name in names:
                self.counts[i, OUTCOMES.index(name)] += 1
            self.tokens[i] += sum(rollout.sample.n_tokens for rollout in result.rollouts)
            if missing := ask[i] - len(names):
                outcome, why = ("infrastructure", result.failed) if result.failed else ("refused", result.refused)
                self.counts[i, OUTCOMES.index(outcome)] += missing
                self._stop(i, f"{outcome}: {why}")
        report()

    def _stop(self, prompts: Any, reason: str) -> None:
        self.stops[prompts] = self._number_of(reason)

    def _number_of(self, reason: str) -> int:
        if reason not in self.reasons:
            self.reasons.append(reason)
        return self.reasons.index(reason)

    def _request(self, prompt: int, row: Row, more: np.int64, work: Work) -> Request:
        first = int(self.counts[prompt].sum())
        messages = apply_to_messages(work.template, row.prompt)
        return Request(row.id, messages, row.images, tuple(range(first, first + int(more))), work.seed)

    def _batches(self, ask: Ints, work: Work) -> Iterator[tuple[list[int], list[Row]]]:
        """The prompts with something asked for, in their order, in batches of about as many samples."""
        numbers: list[int] = []
        rows: list[Row] = []
        samples = 0
        for i, row in compress(enumerate(self.rows), ask > 0):
            numbers.append(i)
            rows.append(row)
            samples += int(ask[i])
            if samples >= work.batch_prompts * work.n or len(rows) >= MAX_PROMPTS * work.batch_prompts:
                yield numbers, rows
                numbers, rows, samples = [], [], 0
        if rows:
            yield numbers, rows
