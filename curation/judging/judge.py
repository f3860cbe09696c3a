"""A judge: a model that is asked about rows in a fixed form, through any engine, with every response in the rollout store.

    for reply in ask(questions, judge, prompt=PROMPT, parse=count_of, store_dir=run.rollouts, seed=1):
        reply.value                                   # what `parse` read, or None, and then `reply.failure` says why

An answer that cannot be read is never a value: what was unparsable, cut off, refused or failed is counted under its own name.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, NamedTuple, TypeVar, get_args

from pydantic import Field

from curation.core.attempts import smaller
from curation.core.chunks import chunks
from curation.core.errors import UnansweredError
from curation.core.plugins import Options
from curation.core.row import Message
from curation.sampling.engines.base import AnyEngine, Request, SamplingOptions
from curation.sampling.rollouts.rollout import Setting
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.sample_cached import CachedSampler, SampleResult
from curation.sampling.template import template_hash

T = TypeVar("T")
Failure = Literal["unparsable", "truncated", "refused", "failed"]
FAILURES: tuple[Failure, ...] = get_args(Failure)
MOST_FAILED = 0.05
"""Share of the questions that may stay without an answer for reasons of the engine, though one always may. Where more do, the engine is
down, and a build that went on would leave its rows unjudged."""
DETAIL_CHARS = 120


class Judge(Options):
    """A model that is asked about rows, and how."""

    engine: AnyEngine
    """Which model, and what runs it."""
    sampling: SamplingOptions = SamplingOptions(temperature=0.0, max_tokens=2048)
    """One response a question, greedy by default. What is longer than `max_tokens`, reasoning included, is cut off and no answer."""
    batch_prompts: int = Field(default=256, ge=1)
    """Questions handed to the engine at once. Their answers are kept one by one, as they are finished."""

    def setting(self, prompt: str) -> Setting:
        """What its answers to questions made from the text `prompt` are draws of.

        Raises:
            SamplingError: the model cannot be identified.
        """
        model, revision = self.engine.identity()
        return Setting(model, revision, template_hash(prompt), self.sampling.temperature, self.sampling.top_p)


class Question(NamedTuple):
    """What a judge is asked. `key` is the id of the row; images are encoded bytes."""

    key: str
    messages: tuple[Message, ...]
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """What came of a question: a value, or the failure and what is known of it. `text` is the whole response, empty where there is none."""

    value: T | None
    text: str = ""
    failure: Failure | None = None
    detail: str = ""


def ask(
    questions: Iterable[Question],
    judge: Judge,
    *,
    prompt: str,
    parse: Callable[[str], T | None],
    store_dir: Path,
    seed: int,
    report: Callable[[CachedSampler], None] = lambda sampler: None,
) -> Iterator[Reply[T]]:
    """A reply to every question, in their order. `prompt` is the text that all of them were made from; `parse` reads what a response says
    behind its reasoning, and returns None where that is not in the form that was asked for.

    A question that the engine failed on is asked once more; a few that stay without an answer are replies that say so.

    Raises:
        SamplingError: the engine cannot start or failed, on more than `MOST_FAILED` of the questions; what was answered is in the store.
    """
    with opened(judge, prompt, store_dir) as sampler:
        for result in answers(questions, judge, sampler, seed, report):
            yield _reply(result, parse)


@contextmanager
def opened(judge: Judge, prompt: str, store_dir: Path) -> Iterator[CachedSampler]:
    """The judge with the store of its answers; its engine starts when first needed."""
    with (
        RolloutStore(store_dir) as store,
        CachedSampler(judge.engine, judge.sampling, judge.setting(prompt), store) as sampler,
    ):
        yield sampler


def answers(
    questions: Iterable[Question],
    judge: Judge,
    sampler: CachedSampler,
    seed: int,
    report: Callable[[CachedSampler], None],
) -> Iterator[SampleResult]:
    """What came of every question, in their order, through a judge that is open.

    Raises:
        SamplingError: see `ask`.
    """
    n_asked = n_failed = 0
    sampler.report = lambda: report(sampler)
    for batch in chunks(questions, smaller(judge.batch_prompts)):
        results = _answers([Request(one.key, one.messages, one.images, (0,), seed) for one in batch], sampler)
        failed = [result.failed for result in results if result.failed]
        n_asked, n_failed = n_asked + len(batch), n_failed + len(failed)
        if failed and (n_failed == n_asked or _is_much(len(failed), len(batch)) or _is_much(n_failed, n_asked)):
            raise UnansweredError(f"{n_failed} of {n_asked} questions stay unanswered: {failed[0]}")
        report(sampler)
        yield from results


def _answers(requests: list[Request], sampler: CachedSampler) -> list[SampleResult]:
    """What came of the requests, those that failed asked once more."""
    results = sampler.ask(requests)
    if again := [i for i, result in enumerate(results) if result.failed]:
        for i, result in zip(again, sampler.ask([requests[i] for i in again]), strict=True):
            results[i] = result
    return results


def _is_much(failed: int, of: int) -> bool:
    return failed > max(1, MOST_FAILED * of)


def _reply(result: SampleResult, parse: Callable[[str], T | None]) -> Reply[T]:
    if not result.rollouts:
        return Reply(None, failure="refused" if result.refused else "failed", detail=result.refused or result.failed)
    sample = result.rollouts[0].sample
    if sample.finish_reason == "length":
        return Reply(None, sample.text, "truncated", f"cut off after {sample.n_tokens} tokens")
    answer = said(sample.text)
    value = None if answer is None else parse(answer)
    if value is None:
        what = "reasoning without an end" if answer is None else repr(answer[:DETAIL_CHARS])
        return Reply(None, sample.text, "unparsable", what)
    return Reply(value, sample.text)


def said(text: str) -> str | None:
    """What a response says behind its reasoning; None where that has no end, and what stands in it is no answer.

    >>> said("<think>4? No, 5.</think> 5"), said("5"), said("<think>4?")
    ('5', '5', None)
    """
    answer = text.rpartition("</think>")[2]
    return None if "<think>" in answer else answer.strip()


def tally(replies: Iterable[Reply[T]]) -> Counter[str]:
    """How many replies have a value, as `answered`, and how many failed in which way."""
    return Counter(reply.failure or "answered" for reply in replies)
