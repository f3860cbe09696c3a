"""The manifest: a YAML file that says what to build, as typed models with every default.

    name: tiny
    seed: 7
    rl:
      sources:
        - {kind: visual_puzzles, count: 100}
      difficulty:
        sampler: {kind: vllm, model: $OVR_MODEL}

`$NAME`, `${NAME}` and `${NAME:-default}` stand for environment variables, a leading `~` for the home folder; a relative `path` is
relative to the manifest. `!include FILE` stands for what the file holds; in a list, for the items of the list it holds.
Mistakes are named with their key:

    manifests/x.yaml: rl.sources[2].kind: unknown kind 'tabel'; known: iconqa, reasoning_gym, table, ...; did you mean 'table'?

`plugins: [my_module]` names Python modules, installed or beside the manifest, whose kinds it can use.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PrivateAttr, field_validator, model_validator

from curation.cold_start.behaviors.options import Behaviors
from curation.cold_start.distil import Distil
from curation.cold_start.loss.options import LossOptions
from curation.cold_start.verify.options import Verify
from curation.core.plugins import ByKind, Options
from curation.core.row import Config
from curation.core.run_options import RunOptions
from curation.core.stage import Stage
from curation.decontamination.options import Decontaminate
from curation.dedup import Dedup
from curation.difficulty.pass_rate import PassRate
from curation.difficulty.triage.marks import Triage
from curation.filters.base import AnyFilter
from curation.images import ImageOptions
from curation.judging.answers.options import JudgeLimits, JudgeSuspects, JudgeTraces
from curation.judging.questions.options import Questions
from curation.mixture import Mixture
from curation.normalise import Normalise
from curation.release.licences import Release
from curation.sampling.template import Template
from curation.sources.base import AnySource, named_apart

BOXED = "{question}\n\nPlease reason step by step, and put your final answer within \\boxed{}."
"""The instruction of Qwen2.5's own evaluation; the paper's reward reads the same box (3.2)."""


class Section(Options):
    """What both configs have."""

    sources: Annotated[tuple[AnySource, ...], AfterValidator(named_apart)]
    """The data sets, at least one; each under a `name` of its own."""
    normalise: Normalise = Normalise()
    pictures: ImageOptions = ImageOptions()
    decontaminate: Decontaminate | None = None
    """The evaluation sets whose items must not be in the set; null: nothing is compared."""
    filters: tuple[AnyFilter, ...] = ()
    """What looks at one row alone and drops it under a reason, in the order given."""
    questions: Questions | None = None
    """A model that is asked what the filters' rules miss in a question; null: none is asked."""
    stages: tuple[Annotated[Stage, ByKind(Stage)], ...] = ()
    """Stages of your own, each behind the one that its `after` names."""
    dedup: Dedup = Dedup()
    mixture: Mixture = Mixture()
    """How many rows of which group, and their weights."""
    splits: dict[str, float] = Field(default_factory=dict)
    """Held-back splits and their shares, above 0 and together at most 1: `{test: 0.1}`. The rest is `train`; `{test: 1}` leaves none, as
    an evaluation set wants it. The seed and a row's id alone decide, so a row stays in its split when others come or go; shares are met
    on average, not to the row."""

    @field_validator("stages")
    @classmethod
    def _stages_are_from_outside(cls, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        for stage in stages:
            if type(stage).__module__.startswith("curation."):
                raise ValueError(f"got the stage {stage.kind!r}, which is in the plan by itself; expected one of yours")
        return stages

    @field_validator("splits")
    @classmethod
    def _splits_leave_a_rest(cls, splits: dict[str, float]) -> dict[str, float]:
        if bad := [split for split in splits if not re.fullmatch(r"\w+", split)]:
            raise ValueError(f"got the split {bad[0]!r}, expected letters, digits and underscores")
        if "train" in splits or any(share <= 0 for share in splits.values()) or sum(splits.values()) > 1:
            raise ValueError(f"got {splits}, expected positive shares that add up to 1 at most, without `train`")
        return splits


class ColdStart(Section):
    """The linguistic cold-start corpus: text-only traces whose answers were verified."""

    keep_verified: tuple[Literal["correct", "correct_without_box", "wrong", "cannot_judge", "no_gold"], ...] = (
        "correct",
        "correct_without_box",
    )
    """The verdicts on a trace with which its row stays; others drop as `verified_VERDICT`. `correct`: the gold is in its box;
    `correct_without_box`: it has no box, and its last sentence states the gold; `wrong`: its answer is another, or it has none;
    `cannot_judge`: the verifier could not read the gold or not decide in time; `no_gold`: the row has no gold."""
    verify: Verify = Verify()
    """Boxes for traces that are correct without one, and a cap on those that nothing could judge."""
    distil: Distil | None = None
    """A teacher that writes traces for prompts without one; without it such rows are dropped as `no_completion`."""
    judge_answers: JudgeTraces | None = None
    """A model that is asked about the traces that the rules cannot judge; null: none is."""
    behaviors: Behaviors = Behaviors()
    """What a judge counts beside the cues, which fill the column `behaviors` of every trace."""
    loss: LossOptions | None = None
    """A light language model that reads every trace, and where abnormal losses are cut; null: none does."""

    @model_validator(mode="after")
    def _goes_by_no_image(self) -> "ColdStart":
        if "image_need" in self.mixture.columns:
            raise ValueError("`mixture` goes by 'image_need', which only `rl` has")
        return self

    @model_validator(mode="after")
    def _what_is_capped_is_kept(self) -> "ColdStart":
        kept = {"cannot_judge", "no_gold"} & set(self.keep_verified) or self.judge_answers
        if self.verify.max_unjudged is not None and not kept:
            raise ValueError(
                f"got `verify: {{max_unjudged: {self.verify.max_unjudged:g}}}` and `keep_verified` without 'cannot_judge'"
                " and 'no_gold'; expected one of them there: nothing else is capped"
            )
        return self


class Rl(Section):
    """The multimodal RL set: text and images, answers that a rule can judge."""

    difficulty: PassRate | None = None
    """How pass rates are measured and which rows stay; without it no engine is started and `difficulty` is null."""
    triage: Triage = Triage()
    """What is looked for among the measured prompts: wrong golds, images that no question needs."""
    judge_answers: JudgeSuspects | None = None
    """A model that is asked whether what samples agree on is the gold in other words; null: none is."""

    @model_validator(mode="after")
    def _suspects_are_found(self) -> "Rl":
        if self.difficulty is None and self.judge_answers:
            raise ValueError(
                "got `judge_answers` without `difficulty`; expected both: it is asked about what samples agree on"
            )
        return self

    @model_validator(mode="after")
    def _triage_has_something_measured(self) -> "Rl":
        if self.difficulty is None and self.triage != Triage():
            raise ValueError("got `triage` without `difficulty`; expected both: it looks among the measured prompts")
        return self

    @model_validator(mode="after")
    def _has_no_traces(self) -> "Rl":
        if of_traces := [column for column in ("verified", "behavior") if column in self.mixture.columns]:
            raise ValueError(f"`mixture` goes by {of_traces[0]!r}, which only `cold_start` has")
        return self

    @model_validator(mode="after")
    def _the_need_of_images_is_measured(self) -> "Rl":
        if "image_need" in self.mixture.columns and not self.triage.images:
            raise ValueError(
                "`mixture` goes by 'image_need', which `triage: {images: [blank, swapped]}` measures; it is not there"
            )
        return self


class Certify(Options):
    """What `ovr-curate certify` lets pass: shares of the judged cases of a source and kind."""

    max_false_negatives: float = Field(default=0.01, ge=0, le=1)
    """Share of the restyled golds that may be called wrong."""
    max_false_positives: float = Field(default=0.0, ge=0, le=1)
    """Share of the near misses that may be called right: a model would learn them."""
    max_rows: int | None = Field(default=500, ge=1)
    """Rows of each source and kind, chosen by the seed; null takes all."""
    judge: JudgeLimits = JudgeLimits()
    """What `ovr-curate certify --judge` lets pass, and a build that acts on a model's word asks again."""


class Manifest(Options):
    """A whole build."""

    name: str = Field(pattern=r"^[\w.-]+$")
    """What the shards and the lock call the build."""
    plugins: tuple[str, ...] = ()
    """Python modules whose kinds of sources, filters, stages, engines, stopping rules and rewards can be named: installed, or in `root`."""
    root: str = ""
    """The folder in which modules of `plugins` are that are not installed; by default that of the manifest."""
    seed: int = Field(default=0, ge=0)
    """All that is random comes from it and the rows' ids: puzzles, samples, the mixture's choice, splits."""
    prompt_template: Template = BOXED
    """Wrapped around the question when shards are written and responses are sampled; must hold `{question}`."""
    rows_per_shard: int = Field(default=20_000, ge=1)
    """Most rows of a Parquet file of the set."""
    cold_start: ColdStart | None = None
    """The linguistic cold-start corpus: text-only traces whose answers were verified. At least one of it and `rl` is asked for."""
    rl: Rl | None = None
    """The multimodal RL set: text and images, answers that a rule can judge."""
    certify: Certify = Certify()
    """What `ovr-curate certify` lets pass. A build reads `judge` of it alone, where it has `judge_answers`."""
    release: Release | None = None
    """The licences that a published set may have; without it nothing is checked."""

    run: RunOptions = RunOptions()
    """Where and how widely the build runs; no byte of the shards depends on it."""

    _written: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def written(self) -> dict[str, str]:
        """A place of this machine -> how the file wrote it, with its variables, relative to its folder."""
        return self._written

    @model_validator(mode="after")
    def _has_a_section(self) -> "Manifest":
        if self.cold_start is None and self.rl is None:
            raise ValueError("nothing to build: expected a section `cold_start`, `rl` or both")
        return self

    @property
    def sections(self) -> dict[Config, ColdStart | Rl]:
        """Config name -> section, in build order."""
        both: dict[Config, ColdStart | Rl | None] = {"cold_start": self.cold_start, "rl": self.rl}
        return {name: section for name, section in both.items() if section}
