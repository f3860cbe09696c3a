"""What a manifest says about decontamination.

    decontaminate:
      action: drop
      benchmarks:
        - {kind: table, name: math500, hub: HuggingFaceH4/MATH-500, split: test, fields: {question: problem, id: unique_id}}

A benchmark is an ordinary source; of its rows only the question and the pictures count.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from curation.plugins import plugin_union
from curation.sources.base import Source

if TYPE_CHECKING:
    AnySource = Source
else:
    AnySource = plugin_union(Source)


class Decontaminate(BaseModel):
    """The evaluation sets, and how much likeness convicts. The thresholds were set on the public sample, see `decide`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    benchmarks: tuple[AnySource, ...]
    action: Literal["drop", "flag"] = "drop"
    """flag keeps convicted rows and notes the conviction in their provenance."""
    text: bool = True
    pictures: bool = True
    copies: bool = True
    """Whether the near duplicates of a convicted row are convicted with it."""
    min_containment: float = Field(default=0.5, gt=0, le=1)
    """Weighted share of an evaluation question's 3-grams that a row must have, where the row also has all of the question's numbers."""
    min_containment_alone: float = Field(default=0.8, gt=0, le=1)
    """The same where the numbers say nothing. Llama 2 calls an item dirty from 0.8 of its tokens on (arXiv 2307.09288, A.6)."""
    min_evidence: float = Field(default=6.0, gt=0)
    """Shared 3-grams, each counted by its rarity (1 = nowhere else), below which a long row that holds a short question is innocent."""

    @field_validator("benchmarks")
    @classmethod
    def _names_are_unique(cls, benchmarks: tuple[Source, ...]) -> tuple[Source, ...]:
        if not benchmarks:
            raise ValueError("got no benchmark, expected at least one")
        names = [benchmark.name for benchmark in benchmarks]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two benchmarks are named {twice[0]!r}; give one of them another `name`")
        return benchmarks
