"""A row as the flags look at it: what several of them ask for is read once."""

import json
from dataclasses import dataclass
from functools import cached_property

from curation.core.row import Row

OF_OPTIONS = ("choice", "choices")
"""Kinds whose gold is the letter of an option, or the letters of several."""


@dataclass
class View:
    """A row that was read, and its number among those of its source."""

    row: Row
    number: int = 0

    @cached_property
    def question(self) -> str:
        """What the user says, in all turns."""
        return "\n".join(message.content for message in self.row.prompt if message.role == "user")

    @cached_property
    def gold(self) -> str:
        return self.row.answer.strip()

    @cached_property
    def choices(self) -> list[str]:
        """The texts of the options that the gold is judged with; empty where there are none."""
        if self.row.answer_options == "{}":
            return []
        found = json.loads(self.row.answer_options).get("choices")
        return [str(choice) for choice in found] if isinstance(found, list) else []

    @property
    def is_choice(self) -> bool:
        return self.row.answer_kind in OF_OPTIONS

    @cached_property
    def texts(self) -> list[str]:
        """The question and its options, and the gold where it is text of its own."""
        in_words = self.row.answer_kind in ("math", "text", "number")
        return [self.question, *self.choices, *([self.gold] if in_words and self.gold else [])]
