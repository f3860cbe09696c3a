"""A judge: a model that is asked about rows in a fixed form, through any engine, with every response in the rollout store.

    for reply in ask(questions, judge, prompt=PROMPT, parse=count_of, store_dir=run.rollouts, seed=1):
        reply.value                                   # what `parse` read, or None, and then `reply.failure` says why

An answer that cannot be read is never a value: what was unparsable, cut off, refused or failed is counted under its own name.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, NamedTuple, TypeVar

from pydantic import Field

from curation.core.chunks import chunks
from curation.core.plugins import Options
from curation.core.row import Message
from curation.sampling.engines.base import AnyEngine, Request, SamplingOptions
from curation.sampling.rollouts.rollout import Setting
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.sample_cached import CachedSampler, SampleResult
from curation.sampling.template import template_hash

T = TypeVar("T")
Failure = Literal["unparsable", "truncated", "refused", "failed"]


class Judge(Options):
    """A model that is asked about rows, and how."""

    engine: AnyEngine
    sampling: SamplingOptions = SamplingOptions(temperature=0.0, max_tokens=2048)
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

    Raises:
        SamplingError: the engine cannot start or failed; what was answered before is in the store.
    """
    with (
        RolloutStore(store_dir) as store,
        CachedSampler(judge.engine, judge.sampling, judge.setting(prompt), store) as sampler,
    ):
        sampler.report = lambda: report(sampler)
        for batch in chunks(questions, judge.batch_prompts):
            requests = [Request(one.key, one.messages, one.images, (0,), seed) for one in batch]
            results = sampler(requests)
            if again := [i for i, result in enumerate(results) if result.failed]:
                for i, result in zip(again, sampler([requests[i] for i in again]), strict=True):
                    results[i] = result
            report(sampler)
            yield from (_reply(result, parse) for result in results)


def _reply(result: SampleResult, parse: Callable[[str], T | None]) -> Reply[T]:
    if not result.rollouts:
        return Reply(None, failure="refused" if result.refused else "failed", detail=result.refused or result.failed)
    sample = result.rollouts[0].sample
    if sample.finish_reason == "length":
        return Reply(None, sample.text, "truncated", f"cut off after {sample.n_tokens} tokens")
    value = parse(sample.text.rpartition("</think>")[2].strip())
    return Reply(value, sample.text, "unparsable" if value is None else None)


def tally(replies: Iterable[Reply[T]]) -> Counter[str]:
    """How many replies have a value, as `answered`, and how many failed in which way."""
    return Counter(reply.failure or "answered" for reply in replies)
