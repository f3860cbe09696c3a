"""The pass rate of every prompt: n responses, sampled once and judged (`rl.difficulty` in a manifest).

The paper removes "the overly trivial and the infeasible" without saying how; open-r1 takes 8 samples, Skywork-OR1 16
and keeps 1 to 15 right, ORZ 64 of its own policy. Here n is fixed, and the prompts go through in fixed chunks in
their order: a resumed run samples the same batches as one that was never interrupted.
"""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from curation.errors import SamplingError
from curation.plugins import plugin_union
from curation.row import Difficulty, Row, Sampler
from curation.sampling.difficulty import Decision, Truncated, decide, difficulty
from curation.sampling.engine import Engine, Request, Response, SamplingOptions, Session
from curation.sampling.rollout import Rollout, Setting, prompt_hash, response_limit
from curation.sampling.store import RolloutStore, missing
from curation.sampling.template import apply_to_messages, template_hash
from rewards import make_verifier

if TYPE_CHECKING:
    AnyEngine = Engine
else:
    AnyEngine = plugin_union(Engine)


class PassRate(BaseModel):
    """How difficulty is measured, and which prompts stay."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sampler: AnyEngine
    sampling: SamplingOptions = SamplingOptions()
    n: int = Field(default=8, ge=1)
    """Samples per prompt."""
    min_pass_rate: float | None = Field(default=0.0, ge=0, le=1)
    """Keep only above it (exclusive): 0.0 drops what was never solved; null keeps that too."""
    max_pass_rate: float | None = Field(default=1.0, ge=0, le=1)
    """Keep only below it (exclusive): 1.0 drops what was always solved; null keeps that too."""
    truncated: Truncated = "unjudged"
    """What a response that was cut off counts as: out of the pass rate, or wrong as it is in training."""
    batch_prompts: int = Field(default=256, ge=1)
    """Prompts handed to the engine at once; what a crash loses at most."""

    @model_validator(mode="after")
    def _bounds_leave_room(self) -> "PassRate":
        low, high = self.min_pass_rate, self.max_pass_rate
        if low is not None and high is not None and low >= high:
            raise ValueError(f"min_pass_rate {low} is not below max_pass_rate {high}: no prompt could stay")
        return self


class Measured(NamedTuple):
    """One prompt's result."""

    row_id: str
    difficulty: Difficulty
    decision: Decision


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a measurement stands after a chunk. Tokens are those sampled by this run, not those found in the store;
    `outcomes` counts the judged samples of all prompts so far by outcome."""

    prompts_done: int
    total: int | None
    tokens: int
    tokens_per_s: float
    outcomes: Mapping[str, int]


def measure(
    rows: Iterable[Row],
    options: PassRate,
    store_dir: Path,
    seed: int,
    template: str,
    *,
    total: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[Measured]:
    """Yield the difficulty of every row and what it means for the row, in the rows' order.

    Raises:
        SamplingError: the engine cannot start or failed; what was measured before is in the store.
        ValueError: the template is none, or a verifier's kind or options are wrong.
    """
    sampling = options.sampling
    model, revision = options.sampler.identity()
    setting = Setting(model, revision, template_hash(template), sampling.temperature, sampling.top_p)
    sampler = Sampler(**{name: getattr(setting, name) for name in Setting.__slots__}, max_tokens=sampling.max_tokens)
    outcomes: Counter[str] = Counter()
    done = 0
    with RolloutStore(store_dir) as store, _Sampling(options, setting, store) as sampled:
        for chunk in _chunks(rows, options.batch_prompts):
            requests = [Request(row.id, apply_to_messages(template, row.prompt), row.images, (), seed) for row in chunk]
            results = []
            for row, (rollouts, refused) in zip(chunk, sampled(requests), strict=True):
                counts = judge(row, rollouts)
                outcomes += counts
                stop_reason = f"refused: {refused}" if refused else "fixed"
                measured = difficulty(counts, options.n, options.truncated, sampler, stop_reason)
                decision = decide(measured, options.n, options.min_pass_rate, options.max_pass_rate, options.truncated)
                results.append(Measured(row.id, measured, decision))
            done += len(chunk)
            if progress is not None:
                progress(Progress(done, total, sampled.tokens, sampled.tokens_per_s, dict(outcomes)))
            yield from results


def judge(row: Row, rollouts: Iterable[Rollout]) -> Counter[str]:
    """The outcomes of a row's responses, counted."""
    verifier = make_verifier(row.answer, row.answer_kind, row.answer_options)
    return Counter(
        verifier.judge(rollout.sample.text, truncated=rollout.sample.finish_reason == "length").outcome
        for rollout in rollouts
    )


class _Sampling:
    """Requests in, rollouts out: from the store where it has them, else from the engine, which starts when first
    needed.
    """

    def __init__(self, options: PassRate, setting: Setting, store: RolloutStore) -> None:
        self.options = options
        self.setting = setting
        self.store = store
        self.tokens = 0
        self.seconds = 0.0
        self._session: Session | None = None
        self._exit = ExitStack()

    def __enter__(self) -> "_Sampling":
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()

    @property
    def tokens_per_s(self) -> float:
        return self.tokens / self.seconds if self.seconds else 0.0

    def __call__(self, requests: Sequence[Request]) -> list[tuple[list[Rollout], str]]:
        """For every request its samples 0 to n-1 and, where the engine refused the prompt, what it said."""
        prompts = [prompt_hash(request) for request in requests]
        max_tokens, max_model_len = self.options.sampling.max_tokens, self.options.sampler.max_model_len
        held = self.store.load(self.setting, prompts, max_tokens, max_model_len)
        wanted = {}
        for prompt, request in zip(prompts, requests, strict=True):
            if numbers := missing(held[prompt], self.options.n):
                wanted[prompt] = replace(request, sample_numbers=numbers)
        responses, seconds_per_token = self._generate(list(wanted.values()))
        refused = {prompt: response.refused for prompt, response in zip(wanted, responses, strict=True)}
        rollouts = [
            Rollout(
                prompt=prompt,
                prompt_id=response.key,
                setting=self.setting,
                max_tokens=response_limit(max_tokens, max_model_len, response.prompt_tokens),
                sample=sample,
                prompt_tokens=response.prompt_tokens,
                seconds=seconds_per_token * sample.n_tokens,
            )
            for prompt, response in zip(wanted, responses, strict=True)
            for sample in response.samples
        ]
        self.store.append(rollouts)
        for rollout in rollouts:
            held[rollout.prompt][rollout.sample.number] = rollout
        return [([held[p][k] for k in sorted(held[p]) if k < self.options.n], refused.get(p, "")) for p in prompts]

    def _generate(self, requests: list[Request]) -> tuple[list[Response], float]:
        """The engine's responses and what a token of them took, in seconds."""
        if not requests:
            return [], 0.0
        if self._session is None:
            self._session = self._exit.enter_context(self.options.sampler.open())
        start = time.perf_counter()
        responses = self._session.generate(requests, self.options.sampling)
        seconds = time.perf_counter() - start
        for request, response in zip(requests, responses, strict=True):
            _check(request, response)
        tokens = sum(sample.n_tokens for response in responses for sample in response.samples)
        self.tokens += tokens
        self.seconds += seconds
        return responses, seconds / max(tokens, 1)


def _check(request: Request, response: Response) -> None:
    """Make sure that the response answers the request in full.

    Raises:
        SamplingError: another prompt's response, or not the samples that were asked for.
    """
    numbers = tuple(sample.number for sample in response.samples)
    expected = () if response.refused else request.sample_numbers
    if (response.key, numbers) != (request.key, expected):
        got = f"samples {numbers} of {response.key!r}"
        raise SamplingError(f"engine gave {got}, expected {expected} of {request.key!r}")


def _chunks(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
