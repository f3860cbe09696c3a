"""The options of `cold_start.behaviors`."""

from typing import Literal, get_args

from pydantic import Field, model_validator

from curation.core.plugins import Options
from curation.core.schema import BEHAVIORS
from curation.judging.judge import Judge

Behavior = Literal[
    "backtracking", "subgoal_setting", "verification", "backward_chaining", "visual_reflection", "visual_divide_and_conquer",
    "visual_verification", "goal_driven_visual_tracing", "mental_imagery",
]  # fmt: skip
NAMES: tuple[Behavior, ...] = get_args(Behavior)
assert NAMES == BEHAVIORS


class Behaviors(Options):
    """The behaviors of traces. Lexical cues count them in any case, into the column `behaviors`; a judge counts them too where there is
    one."""

    judge: Judge | None = None
    """A model that counts the instances of one behavior at a time (arXiv 2507.05255, appendix C), into the column `behaviors_judged`.
    There a behavior is null where the judge gave no count or was not asked; an answer without a count is never 0. null: no model is
    asked."""
    asked: tuple[Behavior, ...] = NAMES
    """What the judge is asked about, a question each."""
    sample: int | None = Field(default=None, ge=1)
    """Traces that the judge sees, chosen by the seed and their ids; null: all."""

    @model_validator(mode="after")
    def _the_rest_needs_a_judge(self) -> "Behaviors":
        if self.judge is None and self.sample is not None:
            raise ValueError(f"got `sample: {self.sample}` without `judge`; expected both: cues count every trace")
        if not self.asked or len(set(self.asked)) < len(self.asked):
            raise ValueError(f"asked: got {list(self.asked)}, expected one behavior or more, each once")
        return self
