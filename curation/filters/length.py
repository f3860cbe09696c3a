"""Drop prompts that are too short to ask anything or too long to be one question.

The rule is Gopher's document length (Rae et al. 2021, arXiv 2112.11446, A1.1), on the characters of the question; the bounds are
ours: the longest prompt of MATH, AIME and GSM8K has under 5,000 characters.
"""

from typing import Literal

from pydantic import Field

from curation.filters.base import Filter, Judgement
from curation.row import Row


class Length(Filter):
    """Bounds on the characters of the question, white space at the ends not counted."""

    kind: Literal["length"] = "length"
    min_chars: int = Field(default=10, ge=0)
    max_chars: int = Field(default=20_000, ge=1)

    def judge(self, row: Row) -> Judgement:
        length = len(row.question.strip())
        if length < self.min_chars:
            return False, "prompt_too_short"
        return True if length <= self.max_chars else (False, "prompt_too_long")
