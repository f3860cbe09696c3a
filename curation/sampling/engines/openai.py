"""Any server that speaks OpenAI's chat completions: `vllm serve`, SGLang, a provider.

Each sample is asked for in a request of its own, with its own seed, so that it is here as soon as it is finished.
Short ones are finished soon after one another: vLLM, which gives the choices of one request consecutive seeds, is
asked for several of those at once, unless it counts the tokens of all of them together alone. Whether a seed makes a
draw repeatable is the server's business: vLLM's does.
What does not arrive whole is asked for again; what never arrives is `failed`, never an empty sample.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, Literal, TypeVar

from pydantic import Field, JsonValue

from curation.core.errors import SamplingError, UnansweredError, first_line
from curation.sampling.engines.base import (
    Engine,
    Request,
    Response,
    SamplingOptions,
    Underway,
    consecutive,
    sample_seed,
)
from curation.sampling.engines.conversation import served_conversation
from curation.sampling.engines.openai_response import Answer, UncountedChoices, read_answer
from curation.sampling.engines.openai_retry import FatalError, PromptRejected, RetriesExhausted, with_retries
from curation.sampling.identity import options_digest

T = TypeVar("T")
Messages = list[dict[str, Any]]
Answers = asyncio.Queue[tuple[int, Response | Exception]]
"""What came of requests for so many samples."""

_NEUTRAL: dict[str, JsonValue] = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
"""Where they are left out, vLLM and SGLang take the model's generation_config, which would change what is measured."""
_OURS = ("vllm", "sglang")
_CONCURRENCY, _CONCURRENCY_OF_OURS = 64, 512
_CONNECTIONS = 64
_SHORT = 128
"""Tokens that take no more than seconds."""
_UNDERWAY_S = 1.0
_MAX_EXHAUSTED = 3
"""Requests whose retries are exhausted, none being answered meanwhile, after which the rest of a batch is not sent."""


class OpenAI(Engine):
    """A model on a server; nothing runs here."""

    kind: Literal["openai"] = "openai"
    model: str
    """The name that the server knows it by."""
    revision: str | None = None
    """What the weights are called in the rollout store; what the server says of them when null."""
    max_model_len: int | None = Field(default=None, ge=1)
    """Longest prompt and response together, tokens, as the server was started; null where only the server knows."""
    base_url: str
    """Up to and with /v1."""
    api_key_env: str | None = None
    """The environment variable that holds the key; no key is sent when null."""
    concurrency: int | None = Field(default=None, ge=1)
    """Responses under way at once. null: 64, and 512 of a vLLM or SGLang server, which keeps waiting what it has no room for."""
    request_timeout_s: float = Field(default=600, gt=0)
    """One attempt, from the first byte sent to the last received."""
    max_retries: int = Field(default=6, ge=0)
    """Further attempts for a request that failed."""
    extra_body: dict[str, JsonValue] = Field(default_factory=dict)
    """Further fields of every request, for what a server needs beyond the standard. What is sampled with others is of another revision."""

    def identity(self) -> tuple[str, str]:
        """The model's name and `revision`, or what the server calls the weights it serves under that name. `extra_body` is part of the
        revision.
        """
        revision = self._served_revision() if self.revision is None else self.revision
        return self.model, f"{revision}+{options_digest(self.extra_body)}" if self.extra_body else revision

    def _served_revision(self) -> str:
        with self.open() as session:
            root = str(session.card.get("root") or "unstated")
        return os.path.basename(root.rstrip("/")) if os.path.isabs(root) else root

    @contextmanager
    def open(self) -> Iterator["OpenAISession"]:
        with asyncio.Runner() as runner:
            session = OpenAISession(self, runner)
            try:
                session.find_model()
                yield session
            finally:
                runner.run(session.close())

    def client(self) -> Any:
        """A client of the library, with connections of its own."""
        from openai import AsyncOpenAI

        key = "none" if self.api_key_env is None else os.environ.get(self.api_key_env)
        if not key:
            raise SamplingError(f"engine 'openai' found no key in the environment variable {self.api_key_env!r}")
        return AsyncOpenAI(base_url=self.base_url, api_key=key, max_retries=0, timeout=self.request_timeout_s)


class OpenAISession:
    """Clients of one server. `card` is what the server says about the model, {} where it says nothing."""

    def __init__(self, engine: OpenAI, runner: asyncio.Runner) -> None:
        self.engine = engine
        self._clients = [engine.client()]
        self.card: dict[str, Any] = {}
        self._runner = runner
        self._slots = asyncio.Semaphore(1)
        self._where = f"engine 'openai' at {engine.base_url}"
        self._exhausted_in_a_row = 0
        self._exhausted = self._fatal = ""
        self._ever_answered = False
        self._counts_choices = True

    def find_model(self) -> None:
        """Ask the server which models it has; not every server has a list.

        Raises:
            SamplingError: it is not there, refuses the key, or is one of those that have a list and has not the model.
        """
        try:
            cards = self._runner.run(self._retried(self._cards))
        except (PromptRejected, FatalError, RetriesExhausted) as error:
            if str(error).startswith(("404", "405")):
                self._admit(self.engine.concurrency or _CONCURRENCY)
                return
            raise SamplingError(f"{self._where}: {error}") from error
        self.card = next((card for card in cards if card.get("id") == self.engine.model), {})
        self._admit(self.engine.concurrency or (_CONCURRENCY_OF_OURS if self._is_ours() else _CONCURRENCY))
        if not self.card and any(card.get("owned_by") in _OURS for card in cards):
            known = ", ".join(sorted(repr(card.get("id")) for card in cards))
            raise SamplingError(f"{self._where} has no model {self.engine.model!r}; known: {known}")

    def _admit(self, concurrency: int) -> None:
        """Let so many requests be under way at once. A client looks at all of its connections for every request, so each has few."""
        self._slots = asyncio.Semaphore(concurrency)
        self._clients += [self.engine.client() for _ in range(1, -(-concurrency // _CONNECTIONS))]

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients:
            await client.close()

    def _retried(self, attempt: Callable[[], Awaitable[T]]) -> Coroutine[Any, Any, T]:
        return with_retries(attempt, self.engine.max_retries, self.engine.request_timeout_s)

    async def _cards(self) -> list[dict[str, Any]]:
        response = await self._clients[0].models.with_raw_response.list()
        try:
            return [card for card in json.loads(response.content)["data"] if isinstance(card, dict)]
        except (ValueError, TypeError, KeyError):
            return []

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response | Underway]:
        """See `Session.generate`."""
        self._exhausted_in_a_row, self._fatal = 0, ""
        answers: Answers = asyncio.Queue()
        tasks = self._runner.run(self._begin(requests, options, answers))
        withheld: list[Response] = []
        answered = False
        try:
            left = sum(len(request.sample_numbers) for request in requests)
            while left:
                parts = self._runner.run(_next_of(answers))
                if not parts:
                    yield Underway(0)
                for n_samples, part in parts:
                    left -= n_samples
                    if isinstance(part, Exception):
                        raise part
                    if part.samples:
                        answered = True
                        yield part
                    else:
                        withheld.append(part)
        finally:
            self._runner.run(_end(tasks))
        yield from self._without_samples(requests, withheld, answered)

    def _without_samples(
        self, requests: Sequence[Request], responses: list[Response], answered: bool
    ) -> Iterator[Response]:
        """What was refused or failed.

        Raises:
            UnansweredError: that is all there is, or the server refuses whatever it is asked.
        """
        reasons = {response.refused for response in responses}
        all_refused = {response.key for response in responses} == {request.key for request in requests}
        if not self._ever_answered and len(requests) > 1 and all_refused and len(reasons) == 1 and "" not in reasons:
            raise UnansweredError(f"{self._where} refuses every prompt: {(reason := reasons.pop())}", reason)
        if responses and not answered and all(response.failed for response in responses):
            raise UnansweredError(responses[0].failed)
        yield from responses

    async def _begin(
        self, requests: Sequence[Request], options: SamplingOptions, answers: Answers
    ) -> "list[asyncio.Task[None]]":
        """A task for every HTTP request, which puts what comes of it into `answers`."""
        at_once = self._speaks_vllm() and options.temperature > 0 and options.max_tokens <= _SHORT
        return [
            asyncio.create_task(self._respond(request, messages, numbers, options, answers))
            for request in requests
            for messages in [cache(partial(served_conversation, request))]
            for numbers in consecutive(request.sample_numbers, None if at_once else 1)
        ]

    async def _respond(
        self, request: Request, messages: Callable[[], Messages], numbers: Sequence[int], options: SamplingOptions,
        answers: Answers,
    ) -> None:  # fmt: skip
        """One HTTP request, or one for each number where the server does not say how long each sample is. `messages` encodes the images
        when it is first called.
        """
        response: Response | Exception
        try:
            answer = await self._ask(request, messages, numbers, options)
            response = Response(request.key, answer.samples, answer.prompt_tokens)
        except UncountedChoices:
            self._counts_choices = False
            each = (self._respond(request, messages, (number,), options, answers) for number in numbers)
            await asyncio.gather(*each)
            return
        except (PromptRejected, ValueError) as error:
            response = Response(request.key, (), 0, refused=first_line(error))
        except (RetriesExhausted, FatalError) as error:
            response = Response(request.key, (), 0, failed=f"{self._where}: {error}")
        except Exception as error:  # it is raised where the answers are waited for
            response = error
        await answers.put((len(numbers), response))

    async def _ask(
        self, request: Request, messages: Callable[[], Messages], numbers: Sequence[int], options: SamplingOptions
    ) -> Answer:
        async with self._slots:
            if self._fatal:
                raise FatalError(self._fatal)
            if self._exhausted_in_a_row >= _MAX_EXHAUSTED:
                raise RetriesExhausted(f"not sent, the server answers no request: {self._exhausted}")
            if len(numbers) > 1 and not self._counts_choices:
                raise UncountedChoices
            seeds = [sample_seed(request.seed, request.key, number) for number in numbers]
            body = self._body(messages(), seeds, options)

            try:
                answer = await self._whole_answer(body, numbers, seeds)
            except FatalError as error:
                self._fatal = str(error)
                raise
            except RetriesExhausted as error:
                self._exhausted_in_a_row, self._exhausted = self._exhausted_in_a_row + 1, str(error)
                raise
            self._exhausted_in_a_row, self._ever_answered = 0, True
            return answer

    async def _whole_answer(self, body: dict[str, Any], numbers: Sequence[int], seeds: Sequence[int]) -> Answer:
        """The server's answer; one that ends with the model's context where the server refuses to begin it."""
        try:
            return await self._post(body, numbers, seeds)
        except PromptRejected as error:
            if (room := await self._room(body, error)) < 1:
                raise
        return await self._post(body | {"max_tokens": room}, numbers, seeds)

    async def _room(self, body: dict[str, Any], refusal: PromptRejected) -> int:
        """Tokens from the end of the prompt to the end of the context, which vLLM up to 0.31 wants to hold the whole limit;
        0 for any other refusal. A response of one token has the length of the prompt in its usage.
        """
        length = self.card.get("max_model_len")
        if not isinstance(length, int) or "you requested" not in str(refusal):
            return 0
        answer = await self._post(body | {"n": 1, "max_tokens": 1}, (0,), (body["seed"],))
        return length - answer.prompt_tokens

    async def _post(self, body: dict[str, Any], numbers: Sequence[int], seeds: Sequence[int]) -> Answer:
        async def attempt() -> Answer:
            client = self._clients[seeds[0] % len(self._clients)]
            response = await client.chat.completions.with_raw_response.create(**body)
            return read_answer(response.content, numbers, seeds)

        return await self._retried(attempt)

    def _body(self, messages: Messages, seeds: Sequence[int], options: SamplingOptions) -> dict[str, Any]:
        extra: dict[str, JsonValue] = {}
        if self._is_ours():
            extra |= _NEUTRAL
        if self._speaks_vllm():
            extra |= {"return_token_ids": True}
        return {
            "model": self.engine.model,
            "messages": messages,
            "n": len(seeds),
            "seed": seeds[0],
            "temperature": options.temperature,
            "top_p": options.top_p,
            "max_tokens": self._max_tokens(options),
            "extra_body": extra | self.engine.extra_body,
        }

    def _max_tokens(self, options: SamplingOptions) -> int:
        """vLLM cuts a response off at the end of the model's context, but refuses a limit beyond all of it."""
        length = self.card.get("max_model_len")
        return min(options.max_tokens, length) if isinstance(length, int) and length > 0 else options.max_tokens

    def _is_ours(self) -> bool:
        """Whether the server runs for us, as vLLM and SGLang do, and no provider's."""
        return self.card.get("owned_by") in _OURS

    def _speaks_vllm(self) -> bool:
        return self.card.get("owned_by") == "vllm"


async def _next_of(answers: Answers) -> list[tuple[int, Response | Exception]]:
    """The answers that are there, at least one unless none comes for a second."""
    try:
        async with asyncio.timeout(_UNDERWAY_S):
            found = [await answers.get()]
    except TimeoutError:
        return []
    while not answers.empty():
        found.append(answers.get_nowait())
    return found


async def _end(tasks: "list[asyncio.Task[None]]") -> None:
    """End the tasks that are not done, which nobody waits for any more."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
