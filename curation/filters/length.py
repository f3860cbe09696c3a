"""Drop prompts that are too short to ask anything or too long to be one question, and traces outside bounds.

The rule is Gopher's document length (Rae et al. 2021, arXiv 2112.11446, A1.1), on characters; the bounds are ours: the longest prompt of
MATH, AIME and GSM8K has under 5,000 characters. Beside an image a word can be a question ("Perimeter?"), and a
Han, kana or hangul sign counts three of the fewest. For tokens see `token_budget`.
"""

import re
from typing import ClassVar, Literal

from pydantic import Field

from curation.core.row import Row
from curation.filters.base import Filter, Judgement

_WORD_SIGNS = re.compile("[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
"""Signs that say as much as two or three letters."""


class Length(Filter):
    """Bounds on the characters of the question and of the completion, white space at the ends not counted."""

    kind: Literal["length"] = "length"
    remedies: ClassVar[dict[str, str]] = {
        "prompt_too_short": "min_chars, min_chars_with_picture",
        "prompt_too_long": "max_chars",
        "completion_too_short": "min_completion_chars",
        "completion_too_long": "max_completion_chars",
    }
    min_chars: int = Field(default=10, ge=0)
    """Fewest characters of a question without images, a Han, kana or hangul sign counted as three; 0: any."""
    min_chars_with_picture: int = Field(default=3, ge=0)
    """The same of a question with images."""
    max_chars: int = Field(default=20_000, ge=1)
    """Most characters of a question."""
    min_completion_chars: int = Field(default=0, ge=0)
    """Fewest characters of a completion, for rows that have one."""
    max_completion_chars: int | None = Field(default=None, ge=1)
    """Most characters of a completion; null: any."""

    def judge(self, row: Row) -> Judgement:
        length, completion = len(row.question.strip()), len(row.completion.strip())
        if length + 2 * len(_WORD_SIGNS.findall(row.question[: self.min_chars])) < (
            self.min_chars_with_picture if row.images else self.min_chars
        ):
            return False, "prompt_too_short"
        if length > self.max_chars:
            return False, "prompt_too_long"
        if completion and completion < self.min_completion_chars:
            return False, "completion_too_short"
        if self.max_completion_chars is not None and completion > self.max_completion_chars:
            return False, "completion_too_long"
        return True
