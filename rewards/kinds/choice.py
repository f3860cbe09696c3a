"""Multiple choice: a letter in any wrapper, or an option's text."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import field_validator

from rewards.kinds._base import Compare, Kind
from rewards.kinds.text import normal
from rewards.verdict import Ruling, UnreadableGoldError

_LETTER = re.compile(r"^\(?([A-Za-z])(?:\)|\.|:|,)?(?:\s+(.*))?$", re.DOTALL)


class Choice(Kind):
    """Options: the row's choices, in order; the first is A."""

    kind: Literal["choice"] = "choice"
    choices: tuple[str, ...] = ()

    example: ClassVar[tuple[str, str]] = ("B", r"\text{(B)}")

    @field_validator("choices", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return [str(item) for item in value] if isinstance(value, list | tuple) else value

    def index(self, answer: str) -> int | str | None:
        """Which option an answer names: its index, its letter without options, None when it names none."""
        text = normal(answer)
        texts = [normal(choice) for choice in self.choices]
        if text in texts:
            return texts.index(text)
        match = _LETTER.match(text)
        if not match or (match.group(2) and texts and match.group(2) not in texts):
            return None
        index = ord(match.group(1)) - ord("a")
        if not texts:
            return index
        if index >= len(texts) or (match.group(2) and texts[index] != match.group(2)):
            return None
        return index

    def against(self, gold: str) -> Compare:
        wanted = self.index(gold)
        if wanted is None:
            raise UnreadableGoldError(f"the gold {gold!r} is none of the options {list(self.choices)!r}")
        return lambda answer: Ruling.of(self.index(answer) == wanted, "exact")
