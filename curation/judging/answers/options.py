"""What a manifest says of the model verifier: `rl.judge_answers` and `cold_start.judge_answers`."""

from typing import Literal

from pydantic import Field, model_validator

from curation.core.plugins import Options
from curation.judging.judge import Judge

OfTraces = Literal["unreadable_gold", "cannot_judge"]
OfSuspects = Literal["suspect_gold", "doubtful_gold", "unread_answer"]


class JudgeLimits(Options):
    """What `ovr-curate certify --judge` lets pass before a model's word counts: shares of the probes of a kind."""

    max_hacks: float = Field(default=0.0, ge=0, le=1)
    """Share of each kind of hack that may be taken for right. A phrase that opens the judge once opens it a million times
    (arXiv 2507.08794)."""
    max_false_positives: float = Field(default=0.05, ge=0, le=1)
    """Share of the near misses that may be taken for right."""
    max_false_negatives: float = Field(default=0.25, ge=0, le=1)
    """Share of the right answers that may not be taken for right, those whose reply cannot be read among them: what is lost is rows."""


class JudgeAnswers(Options):
    """A model that says whether two answers are the same, where the rules cannot. Off by default."""

    judge: Judge
    """The model and how it is asked."""
    votes: Literal[1, 3, 5] = 1
    """Each is two questions, one for either order of the answers, in a wording of its own; more than half of the votes decide."""
    certificate: str = ""
    """The file of `ovr-curate certify --judge` for this model, prompt and options. Without one the verdicts change no row."""
    trust: bool = False
    """Act on the verdicts of a judge that was not certified."""

    @property
    def acts(self) -> bool:
        """Whether a verdict changes what becomes of a row."""
        return False

    @model_validator(mode="after")
    def _acts_with_a_certificate(self) -> "JudgeAnswers":
        if self.acts and not self.certificate and not self.trust:
            raise ValueError(
                "acts on a model's word without a `certificate`; expected the file that `ovr-curate certify DIR --judge MANIFEST` "
                "writes, `on_correct: mark` or `trust: true`"
            )
        return self


class JudgeTraces(JudgeAnswers):
    """A model that judges the answers of traces which the rules cannot judge: `verified` stays `cannot_judge`, the model's word is in the
    column `judge_verdict`. Off by default.
    """

    of: tuple[OfTraces, ...] = Field(default=("unreadable_gold", "cannot_judge"), min_length=1)
    """What is asked about: traces whose gold the rules cannot read, and those that they could not decide, or not in time."""
    on_correct: Literal["keep", "mark"] = "keep"
    """`keep`: what the model calls correct stays, what it calls wrong ends; `keep_verified` decides on all else. `mark`: it decides on all,
    and the verdict is noted."""

    @property
    def acts(self) -> bool:
        return self.on_correct == "keep"


class JudgeSuspects(JudgeAnswers):
    """A model that says whether what most samples of a prompt end in is the gold in other words. It makes no row fit for training, whose
    reward is the rule's: it finds those in which the reward is wrong. Off by default.
    """

    of: tuple[OfSuspects, ...] = Field(default=("suspect_gold", "doubtful_gold", "unread_answer"), min_length=1)
    """The marks of `triage` that are asked about."""
    on_correct: Literal["drop", "mark"] = "drop"
    """`drop`: a row that is still there ends as `rule_missed` where the model takes the samples' answer for the gold: the reward calls it
    wrong. `mark`: the verdict is noted."""

    @property
    def acts(self) -> bool:
        return self.on_correct == "drop"
