"""What the store has of the prompts of a measurement: how much of every one, and of some hundreds of them how each sample was judged.

Rows are read once; memory holds some numbers of every prompt and the text of those few.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from curation.core.chunks import chunks
from curation.core.row import Row
from curation.difficulty.outcomes import JUDGED, Floats, Ints
from curation.difficulty.rounds import Judge, outcomes_of
from curation.sampling.engines.base import Request
from curation.sampling.rollouts.rollout import prompt_hash
from curation.sampling.rollouts.verdicts import VerdictStore
from curation.sampling.sample_cached import CachedSampler
from curation.sampling.template import apply_to_messages

MOST_TOLD = 1_000
"""Prompts with samples that are looked at closely are half to all of so many, evenly spread, where there are more."""
CHUNK = 2_048
JUDGED_AT_ONCE = 128
CORRECT, INCORRECT, TRUNCATED, UNJUDGED = range(4)
NOT_HELD = -1
"""What became of a sample, in the order of `Tally`."""


class Prompt(NamedTuple):
    """A prompt with samples: its place among all rows, its row without the images, its hash."""

    place: int
    row: Row
    hash: str


@dataclass(frozen=True)
class Survey:
    """`sources` (numbers, in `names`) and `held`, the samples in the store, have an entry for every different prompt, in the rows' order.
    The others have a line for every prompt that tells, and a column for every sample number: its place among all prompts, what became of
    each sample (`NOT_HELD` where there is none), its tokens and its seconds; and, where it was cut off below the limit of now and has to be
    sampled again, where that was.
    """

    names: list[str]
    sources: Ints
    held: Ints
    held_tokens: int
    places: Ints
    outcomes: Ints
    tokens: Ints
    seconds: Floats
    cut_at: Ints


def survey(
    rows: Iterable[Row],
    n_max: int,
    sampler: CachedSampler,
    verdicts: VerdictStore,
    template: str,
    refused: Container[str] = (),
    judge: Judge = outcomes_of,
) -> Survey:
    """Look for the samples with numbers below `n_max` of every row. Prompts that are `refused` (hashes) tell too: they have no samples."""
    names: dict[str, int] = {}
    sources, held, keys, tokens = ([np.empty(0, np.int64)] for _ in range(4))
    told: list[Prompt] = []
    stride, n_found = 1, 0
    for chunk in chunks(_prompts(rows, template), CHUNK):
        counts, sums = _held(chunk, n_max, sampler)
        sources.append(np.array([names.setdefault(prompt.row.source, len(names)) for prompt in chunk]))
        keys.append(np.array([int(prompt.hash[:15], 16) for prompt in chunk]))
        held.append(counts)
        tokens.append(sums)
        for prompt in (prompt for prompt, count in zip(chunk, counts, strict=True) if count or prompt.hash in refused):
            if n_found % stride == 0:
                told.append(prompt)
            n_found += 1
            if len(told) > MOST_TOLD:
                told, stride = told[::2], 2 * stride
    _, first = np.unique(np.concatenate(keys), return_index=True)
    first.sort()  # a prompt that is there twice is sampled once
    firsts = set(first.tolist())
    told = [prompt for prompt in told if prompt.place in firsts]
    return Survey(
        list(names),
        np.concatenate(sources)[first],
        np.concatenate(held)[first],
        int(np.concatenate(tokens)[first].sum()),
        np.searchsorted(first, [prompt.place for prompt in told]),
        *_samples(told, n_max, sampler, verdicts, judge),
    )


def _prompts(rows: Iterable[Row], template: str) -> Iterator[Prompt]:
    for place, row in enumerate(rows):
        request = Request(row.id, apply_to_messages(template, row.prompt), row.images, (), 0)
        yield Prompt(place, replace(row, images=()), prompt_hash(request))


def _held(prompts: Sequence[Prompt], n_max: int, sampler: CachedSampler) -> tuple[Ints, Ints]:
    """Of every prompt the number of samples that the store has, and of their tokens."""
    different, which = np.unique([prompt.hash for prompt in prompts], return_inverse=True)
    limits = sampler.sampling.max_tokens, sampler.engine.max_model_len
    found = sampler.store.measure(sampler.setting, different.tolist(), *limits)
    wanted = found.numbers < n_max
    counts, sums = (
        np.bincount(found.places[wanted], weights, len(different)).astype(np.int64)
        for weights in (None, found.tokens[wanted])
    )
    return counts[which], sums[which]


def _samples(
    told: Sequence[Prompt], n_max: int, sampler: CachedSampler, verdicts: VerdictStore, judge: Judge
) -> tuple[Ints, Ints, Floats, Ints]:
    """What became of every sample, its tokens and its seconds, and where it was cut off too early."""
    outcomes = np.full((len(told), n_max), NOT_HELD)
    tokens, seconds = np.zeros((len(told), n_max), np.int64), np.zeros((len(told), n_max))
    cut_at = np.zeros((len(told), n_max), np.int64)
    for chunk in chunks(enumerate(told), JUDGED_AT_ONCE):
        held = sampler.held([prompt.hash for _, prompt in chunk])
        drawn = sampler.store.load(sampler.setting, list(held), 1)  # under whatever limit
        for line, prompt in chunk:
            for number in (k for k in drawn[prompt.hash] if k < n_max and k not in held[prompt.hash]):
                cut_at[line, number] = drawn[prompt.hash][number].max_tokens
        rollouts = [[held[prompt.hash][k] for k in sorted(held[prompt.hash]) if k < n_max] for _, prompt in chunk]
        judged = judge([(p.row, r) for (_, p), r in zip(chunk, rollouts, strict=True)], verdicts)
        for (line, _), of_row, outcomes_of_row in zip(chunk, rollouts, judged, strict=True):
            numbers = [rollout.sample.number for rollout in of_row]
            outcomes[line, numbers] = [_outcome(name) for name in outcomes_of_row]
            tokens[line, numbers] = [rollout.sample.n_tokens for rollout in of_row]
            seconds[line, numbers] = [rollout.seconds for rollout in of_row]
    return outcomes, tokens, seconds, cut_at


def _outcome(name: str) -> int:
    if name in JUDGED:
        return CORRECT if name == "correct" else INCORRECT
    return TRUNCATED if name == "truncated" else UNJUDGED
