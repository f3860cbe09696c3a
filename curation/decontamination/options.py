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
    """The evaluation sets, and how similar a row must be to match. The thresholds were set on pairs of a public sample, which fall into two
    groups with little between them."""

    benchmarks: Annotated[tuple[AnySource, ...], AfterValidator(named_apart)]
    """The evaluation sets, at least one; sources as any other, of whose rows only the questions and images count."""
    action: Literal["drop", "flag"] = "drop"
    """`drop` drops contaminated rows, under `contaminated` or `contaminated_copy`; `flag` keeps them and notes the match in their
    provenance. Matches that are only possible are flagged in any case."""
    text: bool = True
    """Compare questions."""
    pictures: bool = True
    """Compare images."""
    second_opinion: SecondOpinion | None = None
    """An embedding model that confirms paraphrases which words and numbers leave open; null: words and numbers alone decide."""
    copies: bool = True
    """Whether contamination propagates to the other rows of a cluster of `dedup`."""
    min_containment: float = Field(default=0.48, gt=0, le=1)
    """Weighted share of an evaluation question's 3-grams that a row must have, where the row also has all of the question's numbers; where
    those are two or more, its single words may do instead."""
    min_containment_alone: float = Field(default=0.8, gt=0, le=1)
    """The same where the numbers say nothing. Llama 2 calls an item dirty from 0.8 of its tokens on (arXiv 2307.09288, A.6)."""
    min_evidence: float = Field(default=6.0, gt=0)
    """Shared 3-grams, each counted by its rarity (1 = nowhere else), below which a long row that holds a short question is unaffected."""
