"""Samples of a prompt by their numbers: from the store where it has them, else from the engine, which starts when first needed."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import NamedTuple

from curation.core.errors import SamplingError
from curation.sampling.engines.base import Engine, Request, Response, SamplingOptions, Session, unanswered
from curation.sampling.rollouts.rollout import Rollout, Setting, prompt_hash, response_limit
from curation.sampling.rollouts.store import RolloutStore


class SampleResult(NamedTuple):
    """The samples of one request; where there are fewer than were asked for, `refused` or `failed` says why (see `Response`)."""

    rollouts: list[Rollout]
    refused: str = ""
    failed: str = ""


class CachedSampler:
    """Requests in, rollouts out. `tokens` and `seconds` are what this run sampled, not what it found."""

    def __init__(self, engine: Engine, sampling: SamplingOptions, setting: Setting, store: RolloutStore) -> None:
        self.engine, self.sampling, self.setting, self.store = engine, sampling, setting, store
        self.tokens = 0
        self.seconds = 0.0
        self._session: Session | None = None
        self._exit = ExitStack()

    def __enter__(self) -> "CachedSampler":
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()

    def __call__(self, requests: Sequence[Request]) -> list[SampleResult]:
        """For every request the samples of its `sample_numbers`, in their order."""
        prompts = [prompt_hash(request) for request in requests]
        held = self.held(prompts)
        numbers: dict[str, set[int]] = {}
        for prompt, request in zip(prompts, requests, strict=True):
            numbers.setdefault(prompt, set()).update(k for k in request.sample_numbers if k not in held[prompt])
        by_prompt = dict(zip(prompts, requests, strict=True))
        wanted = {
            prompt: replace(by_prompt[prompt], sample_numbers=tuple(sorted(missing)))
            for prompt, missing in numbers.items()
            if missing
        }
        refused, failed = self._sample(wanted, held)
        return [
            SampleResult(
                [held[p][k] for k in request.sample_numbers if k in held[p]], refused.get(p, ""), failed.get(p, "")
            )
            for p, request in zip(prompts, requests, strict=True)
        ]

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

    def _sample(
        self, wanted: dict[str, Request], held: dict[str, dict[int, Rollout]]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Sample what is missing, put it into the store and into `held`; returns what was refused and what failed, and why."""
        responses, seconds_per_token = self._generate(list(wanted.values()))
        rollouts = [
            Rollout(
                prompt=prompt,
                prompt_id=response.key,
                setting=self.setting,
                max_tokens=response_limit(self.sampling.max_tokens, self.engine.max_model_len, response.prompt_tokens),
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
        answers = dict(zip(wanted, responses, strict=True))
        if answers and all(response.failed for response in responses):
            raise SamplingError(unanswered(responses))
        return {p: answer.refused for p, answer in answers.items()}, {p: answer.failed for p, answer in answers.items()}

    def _generate(self, requests: list[Request]) -> tuple[list[Response], float]:
        """The engine's responses and what a token of them took, in seconds."""
        if not requests:
            return [], 0.0
        if self._session is None:
            self._session = self._exit.enter_context(self.engine.open())
        start = time.perf_counter()
        responses = self._session.generate(requests, self.sampling)
        seconds = time.perf_counter() - start
        for request, response in zip(requests, responses, strict=True):
            _check(request, response)
        tokens = sum(sample.n_tokens for response in responses for sample in response.samples)
        self.tokens += tokens
        self.seconds += seconds
        return responses, seconds / max(tokens, 1)


def _check(request: Request, response: Response) -> None:
    """Make sure that the response answers the request in full, or says why not."""
    numbers = tuple(sample.number for sample in response.samples)
    expected = () if response.refused else request.sample_numbers
    if response.failed:
        expected = tuple(number for number in expected if number in numbers)
    if (response.key, numbers) != (request.key, expected):
        got = f"samples {numbers} of {response.key!r}"
        raise SamplingError(f"engine gave {got}, expected {expected} of {request.key!r}")
