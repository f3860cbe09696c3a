"""Samples of a prompt by their numbers: from the store where it has them, else from the engine, which starts when first needed."""

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import NamedTuple

from curation.core.errors import SamplingError, UnansweredError
from curation.sampling.engines.base import (
    Engine,
    Request,
    Response,
    SamplingOptions,
    Session,
    Underway,
    gathered,
    unanswered,
)
from curation.sampling.rollouts.rollout import Rollout, Setting, prompt_hash, response_limit
from curation.sampling.rollouts.store import RolloutStore, under_limit
from curation.sampling.rollouts.writer import RolloutWriter


class SampleResult(NamedTuple):
    """The samples of one request; where there are fewer than were asked for, `refused` or `failed` says why (see `Response`)."""

    rollouts: list[Rollout]
    refused: str = ""
    failed: str = ""


@dataclass
class Sampled:
    """What a run has sampled: `tokens` of finished responses, `underway` of others; `found` responses came from the store."""

    responses: int = 0
    found: int = 0
    tokens: int = 0
    underway: int = 0
    seconds: float = 0.0

    @property
    def speed(self) -> float:
        """Tokens per second."""
        return (self.tokens + self.underway) / self.seconds if self.seconds else 0.0


class CachedSampler:
    """Requests in, rollouts out. A response is in the store within seconds of being finished, whatever becomes of the others. `report` is
    called with every sign of life of the engine.
    """

    def __init__(
        self,
        engine: Engine,
        sampling: SamplingOptions,
        setting: Setting,
        store: RolloutStore,
        report: Callable[[], None] = lambda: None,
    ) -> None:
        self.engine, self.sampling, self.setting, self.store = engine, sampling, setting, store
        self.report = report
        self.sampled = Sampled()
        self._session: Session | None = None
        self._known: Request | None = None
        self._writer = RolloutWriter(store)
        self._exit = ExitStack()

    def __enter__(self) -> "CachedSampler":
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()

    def __call__(self, requests: Sequence[Request]) -> list[SampleResult]:
        """For every request the samples of its `sample_numbers`, in their order.

        Raises:
            UnansweredError: the engine answered none of those that are missing.
            SamplingError: it failed; what was finished before is in the store.
        """
        results, answers = self._answered(requests)
        if answers and all(answer.failed for answer in answers):
            raise UnansweredError(unanswered(answers))
        return results

    def _answered(self, requests: Sequence[Request]) -> tuple[list[SampleResult], list[Response]]:
        """What there is of every request, and what the engine said of those that are missing."""
        prompts = [prompt_hash(request) for request in requests]
        held = self.held(prompts)
        numbers: dict[str, set[int]] = {}
        for prompt, request in zip(prompts, requests, strict=True):
            numbers.setdefault(prompt, set()).update(k for k in request.sample_numbers if k not in held[prompt])
            self.sampled.found += sum(k in held[prompt] for k in request.sample_numbers)
        by_prompt = dict(
            zip(reversed(prompts), reversed(requests), strict=True)
        )  # of two of one prompt the first draws
        wanted = {
            prompt: replace(by_prompt[prompt], sample_numbers=tuple(sorted(missing)))
            for prompt, missing in numbers.items()
            if missing
        }
        answers = self._sample(wanted, held) if wanted else {}
        results = [_result(request, held[p], answers.get(p)) for p, request in zip(prompts, requests, strict=True)]
        return results, list(answers.values())

    def ask(self, requests: Sequence[Request], few: float = math.inf) -> list[SampleResult]:
        """The same; where the engine answered none of those that are missing, they say why.

        Raises:
            UnansweredError: it is down: it failed on more than `few` of them, or refuses them all, and does not answer a prompt either
                that it has answered before.
            SamplingError: it failed; what was finished before is in the store.
        """
        try:
            results, answers = self._answered(requests)
            lost = [answer for answer in answers if answer.failed]
            error = UnansweredError(unanswered(answers)) if lost and len(lost) == len(answers) else None
        except UnansweredError as raised:
            error = raised
            found = zip(requests, self.look_up(requests), strict=True)
            results = [_without_answer(request, held, error) for request, held in found]
        self._known = next(filter(None, map(_as_known, requests, results)), self._known)
        n_lost = sum(bool(result.failed or result.refused) for result in results)
        if error and (error.refused or n_lost > few) and not self._answers_what_is_known():
            raise error
        return results

    def _answers_what_is_known(self) -> bool:
        """Whether the engine answers a prompt that it has answered before; the response is not kept."""
        if self._known is None or self._session is None:
            return False
        try:
            parts = list(self._session.generate([self._known], self.sampling))
        except UnansweredError:
            return False
        return any(isinstance(part, Response) and part.samples for part in parts)

    def look_up(self, requests: Sequence[Request]) -> list[list[Rollout]]:
        """The samples of every request that the store has."""
        prompts = [prompt_hash(request) for request in requests]
        held = self.held(prompts)
        return [
            [held[prompt][k] for k in request.sample_numbers if k in held[prompt]]
            for prompt, request in zip(prompts, requests, strict=True)
        ]

    def held(self, prompts: Sequence[str]) -> dict[str, dict[int, Rollout]]:
        """What the store has of the prompts (see `prompt_hash`), by sample number."""
        return self.store.load(self.setting, prompts, self.sampling.max_tokens, self.engine.max_model_len)

    def _sample(self, wanted: dict[str, Request], held: dict[str, dict[int, Rollout]]) -> dict[str, Response]:
        """Sample what is missing, put it into the store and into `held`; returns the answer to every prompt."""
        answers: dict[str, Response] = {}
        if self._session is None:
            self._session = self._exit.enter_context(self.engine.open())
            self._exit.enter_context(self._writer)
        for batch in _apart(wanted):
            self._writer.begin()
            responses = self._generate(self._session, batch, self._writer)
            for rollout in self._writer.flush():
                # A server that does not keep to the limit gets the response that the store will find.
                held[rollout.prompt][rollout.sample.number] = under_limit(rollout, rollout.max_tokens) or rollout
            answers |= dict(zip(batch, responses, strict=True))
        return answers

    def _generate(self, session: Session, batch: dict[str, Request], writer: RolloutWriter) -> list[Response]:
        """What the engine says of every prompt; the samples go to `writer` when they come."""
        requests, done = list(batch.values()), self.sampled
        prompts = {request.key: prompt for prompt, request in batch.items()}
        missing = {request.key: set(request.sample_numbers) for request in requests}
        before, start = done.seconds, time.perf_counter()
        parts: list[Response] = []
        for part in session.generate(requests, self.sampling):
            if isinstance(part, Underway):
                done.underway = part.tokens
            else:
                _check(part, missing)
                parts.append(replace(part, samples=()))
                tokens = sum(sample.n_tokens for sample in part.samples)
                done.responses, done.tokens = done.responses + len(part.samples), done.tokens + tokens
                done.underway = max(done.underway - tokens, 0)
                writer.add(self._rollouts(prompts[part.key], part))
            writer.underway = done.underway
            done.seconds = before + time.perf_counter() - start
            self.report()
        done.underway = writer.underway = 0
        # A copy of the engine that was lost says so of its whole share: what it had finished has not failed.
        responses = [one if missing[one.key] else replace(one, failed="") for one in gathered(requests, parts)]
        for response in responses:
            if (left := missing[response.key]) and not (response.refused or response.failed):
                raise SamplingError(f"engine gave no samples {tuple(sorted(left))} of {response.key!r}")
        return responses

    def _rollouts(self, prompt: str, part: Response) -> list[Rollout]:
        limit = response_limit(self.sampling.max_tokens, self.engine.max_model_len, part.prompt_tokens)
        return [
            Rollout(prompt, part.key, self.setting, limit, sample, part.prompt_tokens, seconds=0.0)
            for sample in part.samples
        ]


def _apart(wanted: dict[str, Request]) -> list[dict[str, Request]]:
    """The requests in batches of different keys, which is what tells an engine's answers apart; nearly always one."""
    batches: list[dict[str, Request]] = []
    seen: Counter[str] = Counter()
    for prompt, request in wanted.items():
        number, seen[request.key] = seen[request.key], seen[request.key] + 1
        batches += [{}] if number == len(batches) else []
        batches[number][prompt] = request
    return batches


def _result(request: Request, held: dict[int, Rollout], answer: Response | None) -> SampleResult:
    """What there is of a request. Of a prompt that the engine has refused nothing counts: what it gave before is chance."""
    if answer is not None and answer.refused:
        return SampleResult([], refused=answer.refused)
    rollouts = [held[k] for k in request.sample_numbers if k in held]
    return SampleResult(rollouts, failed=answer.failed if answer else "")


def _as_known(request: Request, result: SampleResult) -> Request | None:
    """One sample of a request that has all."""
    is_whole = bool(result.rollouts) and not (result.refused or result.failed)
    return replace(request, sample_numbers=request.sample_numbers[:1]) if is_whole else None


def _without_answer(request: Request, held: list[Rollout], error: UnansweredError) -> SampleResult:
    """What there is of a request, where the engine answered none of a batch."""
    if len(held) == len(request.sample_numbers):
        return SampleResult(held)
    return SampleResult([], refused=error.refused) if error.refused else SampleResult(held, failed=str(error))


def _check(part: Response, missing: dict[str, set[int]]) -> None:
    """Make sure that a part answers what was asked and is still missing."""
    numbers = {sample.number for sample in part.samples}
    if part.key not in missing or not numbers <= missing[part.key] or len(numbers) < len(part.samples):
        got = f"samples {tuple(sample.number for sample in part.samples)} of {part.key!r}"
        raise SamplingError(f"engine gave {got}, expected some of {tuple(sorted(missing.get(part.key, ())))}")
    missing[part.key] -= numbers
