"""What asking a judge will cost, from the answers that the store holds: those of a pilot, or of a run that was interrupted."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import numpy as np

from curation.core.chunks import chunks
from curation.difficulty.cost import SamplingCost
from curation.difficulty.estimate import Estimate, Ranges
from curation.difficulty.forecast import Forecast
from curation.judging.judge import Judge, Question, Reply, ask
from curation.sampling.engines.base import Request
from curation.sampling.rollouts.rollout import prompt_hash
from curation.sampling.rollouts.store import RolloutStore

CHUNK = 2_048
REPLICATES = 400
SPEED_SPREAD = 0.15
"""Of the logarithm: what a part of a run tells of the speed of all of it."""


@dataclass(frozen=True)
class NotKnownYet:
    """The cost of what no stage before has found out. `why`: what is not known, and until when."""

    why: str
    is_known: bool = False

    def line(self, gpu_hour_price: float | None) -> str:
        return self.why


def asking_cost(
    questions: Callable[[], Iterable[Question]],
    n: int,
    judge: Judge,
    *,
    prompt: str,
    store_dir: Path,
    seed: int,
    pilot: int | None = None,
    parse: Callable[[str], object | None] = lambda text: text,
) -> SamplingCost:
    """What asking all of at most `n` questions costs, of which the store may have some. With `pilot`, so many of them, evenly spread, are
    asked first; the build finds their answers.

    Raises:
        SamplingError: the engine cannot start, or a segment of the store is damaged.
    """
    unknown = SamplingCost(n, (n, n), None)
    if not n or (pilot is None and not store_dir.is_dir()):
        return unknown
    notes: tuple[str, ...] = ()
    if pilot:
        chosen = np.zeros(n, bool)
        chosen[np.linspace(0, n - 1, min(n, pilot)).astype(int)] = True
        replies = list(
            ask(compress(questions(), chosen), judge, prompt=prompt, parse=parse, store_dir=store_dir, seed=seed)
        )
        notes = tuple(_notes(replies))
    keys, tokens, seconds = _held(questions(), judge, prompt, store_dir, seed)
    told = tokens >= 0
    if not told.any():
        return SamplingCost(len(keys), (len(keys), len(keys)), None, notes=notes)
    forecast = _forecast(len(keys), tokens[told].astype(float), float(seconds[told].sum()))
    return SamplingCost(
        len(keys), (len(keys), len(keys)), forecast, judge.engine.hardware(), int(told.sum()), notes
    )  # fmt: skip


def _held(
    questions: Iterable[Question], judge: Judge, prompt: str, store_dir: Path, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every different question a key, the tokens of its answer (-1: there is none) and its seconds."""
    setting = judge.setting(prompt)
    parts = [(np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0))]
    with RolloutStore(store_dir) as store:
        for chunk in chunks(questions, CHUNK):
            hashes = list(dict.fromkeys(prompt_hash(Request(q.key, q.messages, q.images, (0,), seed)) for q in chunk))
            found = store.measure(setting, hashes, judge.sampling.max_tokens, judge.engine.max_model_len)
            first = found.numbers == 0
            tokens, seconds = np.full(len(hashes), -1), np.zeros(len(hashes))
            tokens[found.places[first]], seconds[found.places[first]] = found.tokens[first], found.seconds[first]
            parts.append((np.array([int(one[:16], 16) for one in hashes], np.uint64), tokens, seconds))
    keys, tokens, seconds = (np.concatenate(column) for column in zip(*parts, strict=True))
    different = np.unique(keys, return_index=True)[1]
    return keys[different], tokens[different], seconds[different]


def _forecast(n: int, tokens: np.ndarray, seconds: float) -> Forecast:
    """Of `n` questions those that are answered tell by their tokens, resampled, and their seconds."""
    told, held = len(tokens), float(tokens.sum())
    resampled = np.random.default_rng(0).choice(tokens, (REPLICATES, told)).mean(1) * (n - told)
    nothing, left = Estimate(0, 0, 0), n - told
    to_come = Ranges(told, 0.0)(resampled).within(left, np.inf) if left else nothing
    hours = Ranges(told, SPEED_SPREAD)(resampled).times(seconds / max(held, 1)) if left else nothing
    total = Estimate(*(held + number for number in to_come))
    exact = [Estimate(number, number, number) for number in (n, told, held, left)]
    return Forecast(exact[0], total, exact[1], exact[2], exact[3], to_come, hours, nothing, nothing)


def _notes(replies: list[Reply[object]]) -> Iterator[str]:
    """How many answers of the pilot say nothing, by the way in which they failed."""
    for failure, count in Counter(reply.failure for reply in replies if reply.failure).most_common():
        detail = next(reply.detail for reply in replies if reply.failure == failure)
        yield f"{count:,} of the {len(replies):,} questions of the pilot: {failure}, such as {detail}"
