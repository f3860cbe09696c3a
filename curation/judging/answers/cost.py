"""What asking a judge will cost, from the replies that the store has."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from curation.core.chunks import chunks
from curation.judging.answers.options import JudgeAnswers
from curation.judging.answers.prompt import PROMPT
from curation.judging.answers.votes import Pair, judge_pairs, questions_of
from curation.sampling.engines.base import Request
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.sample_cached import CachedSampler


@dataclass(frozen=True)
class AnswersCost:
    """`held` of `questions` are in the store, with `tokens` tokens sampled in `seconds`. `unknown`: why the answers are not known yet."""

    answers: int = 0
    questions: int = 0
    held: int = 0
    tokens: int = 0
    seconds: float = 0.0
    gpus: int = 0
    unknown: str = ""

    @property
    def is_known(self) -> bool:
        """False where a pilot would tell what nothing in the store does."""
        return not self.unknown and (self.held > 0 or not self.questions)

    def line(self, gpu_hour_price: float | None) -> str:
        """What is asked, what of it is in the store, and what is to come by its mean."""
        if self.unknown:
            return self.unknown
        to_come = self.questions - self.held
        asked = (
            f"{self.answers:,} answers, {self.questions:,} questions: {self.held:,} in the store, {to_come:,} to come"
        )
        if not self.held or not to_come:
            return asked
        told = f"{asked}\nabout {self.tokens / self.held * to_come:,.0f} tokens to come"
        if self.gpus:
            hours = self.seconds / self.held * to_come * self.gpus / 3600
            told += f", about {hours:.2g} GPU-hours"
            told += "" if gpu_hour_price is None else f", about {hours * gpu_hour_price:.2g} at {gpu_hour_price:g} each"
        return told


def answers_cost(
    pairs: list[Pair], options: JudgeAnswers, store_dir: Path, seed: int, pilot: int | None = None
) -> AnswersCost:
    """What judging `pairs` costs. With `pilot`, so many of them, evenly spread, are asked first; the stage finds their replies.

    Raises:
        SamplingError: the engine cannot start, or the store is open elsewhere.
    """
    hardware = options.judge.engine.hardware()
    gpus = hardware.number if hardware.kind == "GPU" else 0
    unknown = AnswersCost(len(pairs), 2 * options.votes * len(pairs), gpus=gpus)
    if not pairs or (not pilot and not store_dir.is_dir()):
        return unknown
    if pilot:
        chosen = [pairs[i] for i in np.unique(np.linspace(0, len(pairs) - 1, min(pilot, len(pairs))).astype(int))]
        list(judge_pairs(chosen, options.judge, options.votes, store_dir, seed))
    return _held(pairs, options, store_dir, seed, unknown)


def _held(
    pairs: Iterable[Pair], options: JudgeAnswers, store_dir: Path, seed: int, unknown: AnswersCost
) -> AnswersCost:
    judge, held, tokens, seconds = options.judge, 0, 0, 0.0
    questions = chain.from_iterable(questions_of(pair, options.votes) for pair in pairs)
    with (
        RolloutStore(store_dir) as store,
        CachedSampler(judge.engine, judge.sampling, judge.setting(PROMPT), store) as sampler,
    ):
        for batch in chunks(questions, judge.batch_prompts):
            requests = [Request(one.key, one.messages, one.images, (0,), seed) for one in batch]
            for rollouts in sampler.look_up(requests):
                held += bool(rollouts)
                tokens += sum(one.sample.n_tokens for one in rollouts)
                seconds += sum(one.seconds for one in rollouts)
    return replace(unknown, held=held, tokens=tokens, seconds=seconds)
