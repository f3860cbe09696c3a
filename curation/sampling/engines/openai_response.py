"""A server's answer as samples: read strictly, because a part of an answer must not become a sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, NonNegativeInt, ValidationError

from curation.sampling.engines.base import Sample
from curation.sampling.engines.openai_retry import IncompleteResponse, PromptRejected


class UncountedChoices(Exception):  # noqa: N818 - an outcome of an attempt
    """The server counts the tokens of all choices together, so nothing says how long each is."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The samples of one HTTP request."""

    samples: tuple[Sample, ...]
    prompt_tokens: int


class _Message(BaseModel):
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    """Where a server keeps the reasoning apart, under either name."""


class _Choice(BaseModel):
    index: NonNegativeInt
    message: _Message
    finish_reason: Literal["stop", "length", "content_filter", "tool_calls", "function_call"]
    token_ids: list[int] | None = None
    """vLLM's, on request."""


class _Usage(BaseModel):
    prompt_tokens: NonNegativeInt
    completion_tokens: NonNegativeInt


class _Completion(BaseModel):
    choices: list[_Choice]
    usage: _Usage


def read_answer(body: bytes, numbers: Sequence[int], seeds: Sequence[int]) -> Answer:
    """The samples `numbers` from a response body with one choice each.

    Raises:
        IncompleteResponse: the body is no completion, or not all of it.
        UncountedChoices: there are several, and no token ids of each.
        PromptRejected: the server's filter took a response away, or the model called a tool.
    """
    try:
        completion = _Completion.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise IncompleteResponse(f"{where}: {first['msg']}" if where else first["msg"]) from error
    choices = {choice.index: choice for choice in completion.choices}
    if len(choices) != len(completion.choices) or sorted(choices) != list(range(len(numbers))):
        raise IncompleteResponse(f"choices {[choice.index for choice in completion.choices]}, expected {len(numbers)}")
    if len(choices) > 1 and any(choice.token_ids is None for choice in choices.values()):
        raise UncountedChoices
    samples = [
        _sample(number, seed, choices[i], completion.usage)
        for i, (number, seed) in enumerate(zip(numbers, seeds, strict=True))
    ]
    return Answer(tuple(samples), completion.usage.prompt_tokens)


def _sample(number: int, seed: int, choice: _Choice, usage: _Usage) -> Sample:
    if choice.finish_reason == "content_filter":
        raise PromptRejected("the server's content filter")
    if choice.finish_reason not in ("stop", "length"):
        raise PromptRejected(f"{choice.finish_reason} instead of an answer")
    text = _text(choice.message)
    n_tokens = usage.completion_tokens if choice.token_ids is None else len(choice.token_ids)
    if n_tokens == 0 or not (text or _may_be_empty(choice, n_tokens)):
        raise IncompleteResponse(f"no text, {n_tokens} tokens")
    return Sample(number, text or "", choice.finish_reason, n_tokens, seed)


def _may_be_empty(choice: _Choice, n_tokens: int) -> bool:
    """Whether a response without text is whole: the end token alone, or tokens spent on reasoning that the provider keeps to itself."""
    if choice.finish_reason == "length":
        return True
    return choice.message.content is not None and (choice.token_ids is not None or n_tokens == 1)


def _text(message: _Message) -> str | None:
    """What the model wrote; reasoning that the server keeps apart goes back to where it was."""
    reasoning = message.reasoning_content or message.reasoning
    if not reasoning:
        return message.content
    return f"<think>{reasoning}</think>{message.content or ''}"
