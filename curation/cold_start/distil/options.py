"""The options of `cold_start.distil`, and the measurement that they ask for."""

from typing import Literal

from pydantic import Field, model_validator

from curation.core.plugins import Options
from curation.difficulty.pass_rate import PassRate
from curation.difficulty.stopping.until import Until
from curation.sampling.engines.base import AnyEngine, SamplingOptions
from curation.sampling.template import Template

Prompts = Literal["without_trace", "not_correct", "all"]
Keep = Literal["first", "shortest", "varied"]


class TeacherSampling(SamplingOptions):
    """How the teacher is sampled. The defaults are what DeepSeek asks for R1 (its model card, "Usage Recommendations")."""

    temperature: float = Field(default=0.6, ge=0)
    """0 is greedy: every sample of a prompt is then the same."""
    top_p: float = Field(default=0.95, gt=0, le=1)
    """Sample from the likeliest tokens that have this probability together; 1: from all."""
    max_tokens: int = Field(default=32_768, ge=1)
    """Longest response, its reasoning included. Raising it later resamples only the responses that were cut off."""


class Distil(Options):
    """A teacher that writes traces: it is sampled until a prompt has enough correct ones, and up to `k` of them become rows."""

    sampler: AnyEngine
    """The teacher. Reasoning that a server keeps in a field of its own goes back into `<think>`."""
    sampling: TeacherSampling = TeacherSampling()
    template: Template | None = None
    """The teacher's prompt; null: the manifest's `prompt_template`, which the rows have in any case."""
    prompts: Prompts = "without_trace"
    """Which rows get traces: those without one; `not_correct`: also those whose own is wrong, which goes; `all`: also those whose own is
    correct, which stays beside the others. Of several rows with one question one is sampled, unless `dedup.merge` is off."""
    keep: Keep = "first"
    """Which of the correct ones become rows: the `first`, those of fewest tokens, or those that differ most (farthest first)."""
    k: int = Field(default=1, ge=1)
    """Most traces of a prompt. The first is in the row itself, the others in rows of their own, `SOURCE_ID#trace2` and so on."""
    candidates: int | None = Field(default=None, ge=1)
    """Correct ones that are sampled for before `k` of them are chosen; null: `k` for `first`, twice `k` else."""
    n_max: int = Field(default=16, ge=1)
    """Most samples of a prompt."""
    give_up: float = Field(default=0.0, ge=0, lt=1)
    """A prompt is given up when its next sample is correct with less than this probability, by its samples and those of its source: 0.05
    spends about 20 samples on a trace at most. 0: no prompt is before `n_max`."""
    need_thinking: bool = True
    """Take only traces with a complete `<think>...</think>` and an answer behind it; false: also those without any tag."""
    max_unanswered: float = Field(default=0.05, ge=0, le=1)
    """The build stops, to go on when it is run again, where the teacher fails twice on more than this share of the prompts, and on more
    than three: it is down, or too slow for its timeout. What it fails on below that is dropped as `unjudged`; 1: all of it is."""
    max_tokens_total: int | None = Field(default=None, ge=1)
    """Tokens after which nothing more is sampled; the likeliest prompts go first. Looked at between batches. Within a budget one engine
    samples, whatever `run.engine_tasks`."""
    max_gpu_hours: float | None = Field(default=None, gt=0)
    """The same in hours of the sampler's GPUs, by the time that the samples took."""
    batch_prompts: int = Field(default=256, ge=1)
    """Prompts of `n_max` samples handed to the engine at once. Their responses are kept one by one, as they are finished."""

    @model_validator(mode="after")
    def _candidates_are_enough(self) -> "Distil":
        if self.wanted < self.k:
            raise ValueError(f"got candidates: {self.candidates} and k: {self.k}, expected at least as many candidates")
        if self.n_max < self.wanted:
            raise ValueError(
                f"got n_max: {self.n_max}, expected at least the {self.wanted} correct ones that are wanted"
            )
        return self

    @model_validator(mode="after")
    def _samples_differ(self) -> "Distil":
        if self.sampling.temperature == 0 and self.n_max > 1:
            raise ValueError(
                "got temperature: 0, under which all samples of a prompt are the same; expected n_max: 1 too"
            )
        return self

    @property
    def wanted(self) -> int:
        """Correct ones with which a prompt is done."""
        return self.candidates or (self.k if self.keep == "first" else min(2 * self.k, max(self.n_max, self.k)))

    @property
    def measurement(self) -> PassRate:
        """The same as a measurement of pass rates."""
        return PassRate(
            sampler=self.sampler,
            sampling=self.sampling,
            n=self.n_max,
            stopping=Until(correct=self.wanted, n_max=self.n_max, give_up=self.give_up),
            min_pass_rate=0.0,
            max_pass_rate=None,
            max_lost=1.0,
            max_unanswered=self.max_unanswered,
            max_tokens_total=self.max_tokens_total,
            max_gpu_hours=self.max_gpu_hours,
            batch_prompts=self.batch_prompts,
        )
