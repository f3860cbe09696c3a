"""The pass rate of every prompt: responses sampled once and judged (`rl.difficulty` in a manifest).

The paper removes "the overly trivial and the infeasible" without saying how; open-r1 takes 8 samples, Skywork-OR1 16
and keeps 1 to 15 right, ORZ 64 of its own policy. Here a stopping rule says how many each prompt gets, and several models may take turns:
what the first could not decide goes to the next.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import ConfigDict, Field, model_validator

from curation.core.attempts import smaller
from curation.core.plugins import ByKind, Options
from curation.core.row import Difficulty, Sampler
from curation.difficulty.budget import Budget
from curation.difficulty.outcomes import Bools, Bounds, Decision, Ints, Truncated
from curation.difficulty.rounds import LEVELS, Judge, Refusal, Results, Rounds, Rows, Work, outcomes_of
from curation.difficulty.stopping.base import Stopping
from curation.difficulty.stopping.fixed import Fixed
from curation.sampling.engines.base import AnyEngine, Engine, SamplingOptions
from curation.sampling.rollouts.rollout import Setting
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore
from curation.sampling.sample_cached import CachedSampler
from curation.sampling.template import template_hash

Undecided = Literal["trivial", "infeasible", "truncated", "unjudged", "all_samples"]


class PassRate(Options):
    """How difficulty is measured, and which prompts are kept."""

    model_config = ConfigDict(json_schema_extra=lambda schema: schema["required"].remove("sampler"))  # or `samplers`

    sampler: AnyEngine
    samplers: tuple[AnyEngine, ...] = ()
    """Instead of `sampler`: several models, the cheapest first; `pass_on` says what goes to the next one."""
    pass_on: tuple[Undecided, ...] = ("infeasible", "truncated", "all_samples")
    """What a model has not decided: drops for these reasons, and prompts that got all samples before the stopping rule was sure."""
    sampling: SamplingOptions = SamplingOptions()
    n: int = Field(default=8, ge=1)
    """Samples of a prompt: as many under `fixed`, at most so many under `exact`. Under `bayes` it is the yardstick: decisions are as often
    right as those of `n` samples of every prompt, and one prompt gets up to `stopping.n_max`, by default 4 times `n`."""
    stopping: Annotated[Stopping, ByKind(Stopping)] = Fixed()
    """When a prompt has been sampled enough: `fixed` (at `n`), `exact` (at `n` or before) or `bayes` (while it pays, also beyond `n`).
    After `exact` and `bayes` the `pass_rate` is the mean of the posterior, beside the raw `share`."""
    min_pass_rate: float | None = Field(default=0.0, ge=0, le=1)
    """Keep only above it (exclusive): 0.0 drops what was never solved; null keeps that too."""
    max_pass_rate: float | None = Field(default=1.0, ge=0, le=1)
    """Keep only below it (exclusive): 1.0 drops what was always solved; null keeps that too."""
    truncated: Truncated = "unjudged"
    """What a response that was cut off counts as: out of the pass rate, or wrong as it is in training."""
    max_lost: float = Field(default=0.5, ge=0, le=1)
    """A prompt is dropped as `truncated` or `unjudged` when more than this share of its samples was; 1: when none was judged."""
    max_unanswered: float = Field(default=0.05, ge=0, le=1)
    """The build stops, to go on when it is run again, where the engine fails twice on more than this share of the prompts, and on more than
    three: it is down, or too slow for its timeout. What it fails on below that is dropped as `unjudged`; 1: all of it is."""
    max_tokens_total: int | None = Field(default=None, ge=1)
    """Tokens after which nothing more is sampled, all prompts and models together; the most informative prompts go first. Looked at between
    batches: the last (`batch_prompts` times `n` samples) may go beyond. Within a budget one engine samples, whatever `run.engine_tasks`."""
    max_gpu_hours: float | None = Field(default=None, gt=0)
    """The same in hours of the sampler's GPUs, by the time that the samples took."""
    batch_prompts: int = Field(default=256, ge=1)
    """Prompts of `n` samples handed to the engine at once. Their responses are kept one by one, as they are finished."""

    @model_validator(mode="before")
    @classmethod
    def _sampler_is_the_first(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("samplers") and "sampler" not in given:
            return {**given, "sampler": given["samplers"][0]}
        return given

    @model_validator(mode="after")
    def _samplers_begin_with_it(self) -> "PassRate":
        if self.samplers and self.samplers[0] != self.sampler:
            raise ValueError("got `sampler` and `samplers`, expected one of them")
        return self

    @model_validator(mode="after")
    def _bounds_leave_room(self) -> "PassRate":
        low, high = self.min_pass_rate, self.max_pass_rate
        if low is not None and high is not None and low >= high:
            raise ValueError(f"min_pass_rate {low} is not below max_pass_rate {high}: no prompt could stay")
        return self

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The models in their order."""
        return self.samplers or (self.sampler,)

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.n, self.min_pass_rate, self.max_pass_rate, self.truncated, self.max_lost)

    @property
    def budget(self) -> Budget:
        seconds = self.max_gpu_hours * 3600 / self.sampler.gpus if self.max_gpu_hours else None
        return Budget(self.max_tokens_total, seconds)

    @property
    def prompts_at_once(self) -> int:
        """Prompts of a batch: fewer where the task ran out of memory before, but within a budget, which is spent batch by batch."""
        has_budget = self.max_tokens_total is not None or self.max_gpu_hours is not None
        return self.batch_prompts if has_budget else smaller(self.batch_prompts)


class Measured(NamedTuple):
    """One prompt's result."""

    row_id: str
    difficulty: Difficulty
    decision: Decision


def measure(
    rows: Rows,
    options: PassRate,
    store_dir: Path,
    seed: int,
    template: str,
    *,
    report: Callable[[CachedSampler, Rounds], None] = lambda sampler, rounds: None,
    judge: Judge = outcomes_of,
    refused: Sequence[Mapping[int, Refusal]] = (),
) -> Iterator[Measured]:
    """Yield the difficulty of every row and what it means for the row, in the rows' order. Rows are read once a round; `report` is called
    after every batch and with every sign of life of the engine; `judge` says what came of a sample; `refused` has for every model what is
    known of it (see `Rounds`).

    Raises:
        SamplingError: the engine cannot start or failed; what was measured before is in the store.
        ValueError: the template is none, or a verifier's kind or options are wrong.
    """
    groups, budget = number_sources(row.source for row in rows), options.budget
    wanted, decider = np.ones(len(rows), bool), np.zeros(len(rows), np.int8)
    results: list[Results] = []
    with RolloutStore(store_dir) as store, VerdictStore(store_dir / "verdicts") as verdicts:
        for number, engine in enumerate(options.engines):
            setting = setting_of(engine, options.sampling, template)
            known = refused[number] if refused else {}
            rounds = Rounds(rows, wanted, groups, options.stopping, options.bounds, budget, known)
            with CachedSampler(engine, options.sampling, setting, store) as sampler:
                sampler.report = partial(report, sampler, rounds)
                work = Work(
                    sampler,
                    verdicts,
                    template,
                    seed,
                    options.prompts_at_once,
                    options.n,
                    sampler.report,
                    judge,
                    options.max_unanswered,
                )
                rounds.run(work)
            decider[wanted & (rounds.drawn > 0)] = number
            results.append(rounds.results(sampler_of(setting, options.sampling)))
            wanted, groups = passed_on(wanted, groups, results[-1], options)
        for i, row in enumerate(rows):
            yield Measured(row.id, *results[decider[i]].of(i))


def passed_on(wanted: Bools, groups: Ints, results: Results, options: PassRate) -> tuple[Bools, Ints]:
    """Which prompts go to the next model, and their groups: by those so far and by how often this one was right."""
    levels = np.unique(groups * LEVELS + results.levels, return_inverse=True)[1]
    return wanted & results.is_one_of(options.pass_on), levels


def number_sources(sources: Iterable[str]) -> Ints:
    """The number of every row's source, in the order of their first rows."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(source, len(numbers)) for source in sources], np.int64)


def setting_of(engine: Engine, sampling: SamplingOptions, template: str) -> Setting:
    """What an engine's samples are draws of.

    Raises:
        SamplingError: the model cannot be identified.
    """
    model, revision = engine.identity()
    return Setting(model, revision, template_hash(template), sampling.temperature, sampling.top_p)


def sampler_of(setting: Setting, sampling: SamplingOptions) -> Sampler:
    """The same as a row's `difficulty.sampler`."""
    return Sampler(**{name: getattr(setting, name) for name in Setting.__slots__}, max_tokens=sampling.max_tokens)
