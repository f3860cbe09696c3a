"""Multiple choice: a letter in any wrapper, an option's text, or both when they agree. Two options at once name
none.
"""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import field_validator

from rewards.kinds._base import Compare, Kind
from rewards.kinds.text import normal, unwrap
from rewards.verdict import Ruling, UnreadableGoldError

_LETTER = re.compile(
    r"^(?:(?:the\s+)?(?:correct\s+)?(?:answer|option|choice)\s*(?:is)?\s*:?\s*)?[\(\[{]?\s*([A-Za-z])\s*(?:[)\]}.:]+\s*(.*))?$",
    re.I | re.S,
)
_PRIMED = re.compile(r"^[\s$(]*[A-Z]'")
_ANOTHER = re.compile(r"^(?:or|and|,|;|/|&)(?:\W|$)|[\(\[][A-Z][)\]]|\b(?:or|and)\s+[A-Z]\b|(?:^|\s)[A-Z][).:](?:\s|$)")


def split_letter(answer: str) -> tuple[str, str] | None:
    """The letter that an answer names, upper case, and the text after it; None when it names none or more than one."""
    if _PRIMED.match(answer):
        return None
    match = _LETTER.match(" ".join(unwrap(answer).split()).strip(" \t\n$*`\"'.,;"))
    if not match:
        return None
    rest = (match.group(2) or "").strip()
    return None if _ANOTHER.search(rest) else (match.group(1).upper(), rest)


def letter_of(answer: str) -> str | None:
    """The letter that an answer names, whatever text follows it."""
    found = None if "mathbb" in answer else split_letter(answer)
    return found[0] if found else None


class Choice(Kind):
    """Options: the row's choices, in order; the first is A. Without them only letters can be judged."""

    kind: Literal["choice"] = "choice"
    choices: tuple[str, ...] = ()

    example: ClassVar[tuple[str, str]] = ("B", r"\text{(B)}")

    @field_validator("choices", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return tuple(str(item) for item in value) if isinstance(value, list | tuple) else value

    def index(self, answer: str) -> int | None:
        """Which option an answer names, None when it names none. A text that is an option wins over a letter: options may be letters."""
        bare = unwrap(answer).strip(" .()")
        if (
            re.fullmatch("[A-Z]", bare)
            and not {bare, f"({bare})"} & {unwrap(c) for c in self.choices}
            and ord(bare) - ord("A") < len(self.choices)
        ):
            return ord(bare) - ord(
                "A"
            )  # before texts: options like (a), (b), (c) in another order are not these letters
        texts = [_option_text(choice) for choice in self.choices]
        text = _option_text(answer)
        if texts.count(text) == 1:
            return texts.index(text)
        found = None if "mathbb" in answer else split_letter(answer)
        if found is None:
            return self._same_value(answer)
        index, rest = ord(found[0]) - ord("A"), normal(found[1])
        if not texts:
            return index
        return index if index < len(texts) and (not rest or rest == texts[index] or rest not in texts) else None

    def _same_value(self, answer: str) -> int | None:
        """The one option with the same mathematical value (142 and 142.0)."""
        from rewards.kinds.math import Math

        same = []
        for index, choice in enumerate(self.choices):
            try:
                if Math(symbolic=False).against(choice)(answer).outcome == "correct":
                    same.append(index)
            except UnreadableGoldError:
                continue
        return same[0] if len(same) == 1 else None

    def against(self, gold: str) -> Compare:
        wanted = self.index(gold)
        if wanted is None:
            raise UnreadableGoldError(f"the gold {gold!r} is none of the options {list(self.choices)!r}")
        return lambda answer: Ruling.of(self.index(answer) == wanted, "exact")


def _option_text(text: str) -> str:
    """An option without the letter that some data sets write in front of it."""
    return normal(re.sub(r"^\s*\(?[A-Z][).:]\s+", "", text))
