"""What a manifest says about decontamination.

    decontaminate:
      action: drop
      benchmarks:
        - {kind: table, name: math500, hub: HuggingFaceH4/MATH-500, split: test, fields: {question: problem, id: unique_id}}

A benchmark is an ordinary source; of its rows only the question and the images count.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from curation.core.plugins import Options
from curation.decontamination.second_opinion import SecondOpinion
from curation.sources.base import AnySource, named_apart


class Decontaminate(Options):
    """The evaluation sets, and how similar a row must be to match. The thresholds were set on the public sample, see `text_matcher`."""

    benchmarks: Annotated[tuple[AnySource, ...], AfterValidator(named_apart)]
    action: Literal["drop", "flag"] = "drop"
    """flag keeps contaminated rows and notes the match in their provenance."""
    text: bool = True
    pictures: bool = True
    second_opinion: SecondOpinion | None = None
    """An embedding model that confirms paraphrases which words and numbers leave open."""
    copies: bool = True
    """Whether contamination propagates to the near duplicates of a row."""
    min_containment: float = Field(default=0.48, gt=0, le=1)
    """Weighted share of an evaluation question's 3-grams that a row must have, where the row also has all of the question's numbers."""
    min_containment_alone: float = Field(default=0.8, gt=0, le=1)
    """The same where the numbers say nothing. Llama 2 calls an item dirty from 0.8 of its tokens on (arXiv 2307.09288, A.6)."""
    min_evidence: float = Field(default=6.0, gt=0)
    """Shared 3-grams, each counted by its rarity (1 = nowhere else), below which a long row that holds a short question is unaffected."""
