"""Samples of rows by an engine of ovr-curate, through the rollout store, with their verdicts."""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from curation.core.errors import SamplingError
from curation.core.plugins import known_plugins
from curation.core.row import Row
from curation.sampling.engines.base import Engine, Request, SamplingOptions
from curation.sampling.rollouts.rollout import Setting
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore, judge_rollouts
from curation.sampling.sample_cached import CachedSampler, Sampled, SampleResult
from training.data.shards import SAMPLING
from training.evaluation.results import RowResult, row_result

REPORT_S = 10.0


class Sampling(SamplingOptions):
    """How responses are drawn, and how many of each row."""

    max_tokens: int = Field(ge=1)
    n_samples: int = Field(default=4, ge=1)
    seed: int = 0
    batch_size: int = Field(default=1024, ge=1)
    """Responses asked of the engine at once; what a crash loses at most."""

    @property
    def options(self) -> SamplingOptions:
        return SamplingOptions(**self.model_dump(include=set(SAMPLING)))


def make_engine(kind: str, model: str, options: Sequence[str]) -> Engine:
    """The engine of a model; `options` are `NAME=VALUE`, the value as in YAML.

    Raises:
        ValueError: the engine has no such option, needs another one, or the value is of the wrong type.
    """
    engine = known_plugins(Engine)[kind]
    try:
        given = {name: yaml.safe_load(value) for name, _, value in (option.partition("=") for option in options)}
    except yaml.YAMLError as error:
        raise ValueError(f"--engine_option: a value is not YAML: {error}") from error
    known = sorted(engine.model_fields.keys() - {"kind", "model"})
    if unknown := sorted(given.keys() - set(known)):
        raise ValueError(f"--engine_option: engine {kind!r} has no option {unknown[0]!r}; known: {', '.join(known)}")
    try:
        return engine(model=model, **given)
    except ValidationError as error:
        raise ValueError(f"--engine_option {first_error(error)}") from error


def first_error(error: ValidationError) -> str:
    """The first of pydantic's errors in one line."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}, got {first['input']!r}"


def setting_of(engine: Engine, sampling: Sampling, template: str) -> Setting:
    """What the store finds the samples by."""
    model, revision = engine.identity()
    return Setting(model, revision, template, sampling.temperature, sampling.top_p)


class Progress:
    """A line on standard error every ten seconds while responses are sampled."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._last = time.monotonic()

    def __call__(self, n_rows: int, sampled: Sampled) -> None:
        if time.monotonic() - self._last < REPORT_S:
            return
        self._last = time.monotonic()
        line = f"{self.name}: {n_rows:,} rows done; {sampled.responses:,} responses, {sampled.tokens:,} tokens, {sampled.speed:,.0f}/s"
        print(line, file=sys.stderr, flush=True)


def evaluate(
    engine: Engine,
    setting: Setting,
    rows_of: Callable[[str], Iterable[Row]],
    kinds: Sequence[str],
    sampling: Sampling,
    folder: Path,
) -> dict[str, list[RowResult]]:
    """What a model answered on the rows of every kind. The engine starts once; kind k draws the samples from k n to (k + 1) n, so that
    rows that are the same in two kinds are not the same samples. The rollouts in `folder` are those of one seed.

    Raises:
        SamplingError: the engine failed; what was sampled before is in the store.
    """
    found: dict[str, list[RowResult]] = {}
    with (
        RolloutStore(folder) as store,
        VerdictStore(folder / "verdicts") as verdicts,
        CachedSampler(engine, sampling.options, setting, store) as sample,
    ):
        for at, kind in enumerate(kinds):
            results = found.setdefault(kind, [])
            progress = Progress(f"eval {engine.model}" + (f", {kind} images" if len(kinds) > 1 else ""))
            sample.report = lambda r=results, p=progress: p(len(r), sample.sampled)  # type: ignore[misc]
            numbers = tuple(range(at * sampling.n_samples, (at + 1) * sampling.n_samples))
            rows = iter(rows_of(kind))
            while batch := list(islice(rows, max(1, sampling.batch_size // sampling.n_samples))):
                answers = sample([Request(row.id, row.prompt, row.images, numbers, sampling.seed) for row in batch])
                _check(answers)
                pairs = [(row, answer.rollouts) for row, answer in zip(batch, answers, strict=True)]
                judged = judge_rollouts(pairs, verdicts)
                results += [row_result(row, some, sampling.n_samples) for row, some in zip(batch, judged, strict=True)]
    return found


def _check(results: Sequence[SampleResult]) -> None:
    """Report prompts that the engine refused; it would refuse them again.

    Raises:
        SamplingError: the engine failed on some prompts, which another run would ask again.
    """
    if failed := [one.failed for one in results if one.failed]:
        message = f"{len(failed)} of {len(results)} prompts failed, the first: {failed[0]}"
        raise SamplingError(f"{message}; the same command samples only what is missing")
    if refused := [one.refused for one in results if one.refused]:
        print(f"eval: {len(refused)} of {len(results)} prompts refused, the first: {refused[0]}", file=sys.stderr)
