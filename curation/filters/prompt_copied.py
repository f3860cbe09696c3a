r"""Drop traces that copy their prompt: as the answer's beginning, again and again, or with the instruction around it.

To restate what is asked is good reasoning, so one quotation in a thought stays. What counts: the whole question in the answer, the whole
question as the first words of the thought, or more than `max_copies` of it in the thought. Compared is the text without white space and
dollar signs. The lower bound of 50 characters is Lee et al.'s (arXiv 2107.06499, 4.1: exact substrings of 50 tokens) cut to letters, for a
question is short: a shorter one ("What is 1 + 1?") is repeated by anyone who answers it.
"""

import re
from typing import ClassVar, Literal

from pydantic import Field

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.text.traces import parts_of

_SPACING = re.compile(r"[\s$*_>#]+|\\[,;:!()\[\] ]")
_MIN_WORDS = 8
"""A command, a formula or a title has fewer, and who answers names it."""


class PromptCopied(Filter):
    """The question, word for word, in the trace."""

    kind: Literal["prompt_copied"] = "prompt_copied"
    of_traces: ClassVar[bool] = True
    remedies: ClassVar[dict[str, str]] = {
        "prompt_in_answer": "min_chars",
        "prompt_begins_thought": "min_chars",
        "prompt_again_and_again": "min_chars, max_copies",
    }
    min_chars: int = Field(default=50, ge=10)
    """Characters of the question, white space not counted, from which on a copy counts."""
    max_copies: int = Field(default=2, ge=1)
    """Copies in the thought that stay."""

    def judge(self, row: Row) -> Judgement:
        asked = folded(row.question).rstrip(".?!:：。？")
        if len(asked) < self.min_chars or not row.completion:
            return True
        if row.question.isascii() and len(row.question.split()) < _MIN_WORDS:
            return True
        if not all(word in row.completion for word in _words(row.question)):
            return True
        thought, answer, _ = parts_of(row.completion)
        if asked in folded(answer):
            return False, "prompt_in_answer"
        thought = folded(thought)
        if thought.startswith(asked):
            return False, "prompt_begins_thought"
        copies = thought.count(asked)
        return True if copies <= self.max_copies else (False, "prompt_again_and_again", f"{copies} times")


def folded(text: str) -> str:
    """The text without white space, marks of Markdown and delimiters of formulas."""
    return _SPACING.sub("", text)


def _words(question: str) -> list[str]:
    """The longest words of the question: no copy is without them, and to look for them is fast."""
    return sorted((word.strip(".,;:?!。，？") for word in _SPACING.split(question)), key=len)[-12:]
