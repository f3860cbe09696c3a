"""Several right options: the set of options that an answer names must be the gold's, no more and no fewer."""

import re
from typing import ClassVar, Literal

from pydantic import field_validator

from rewards.kinds._base import Compare, Kind, Variants
from rewards.kinds._letters import letters_in
from rewards.kinds._words import normal
from rewards.kinds.choice import Choice
from rewards.verdict import Ruling, UnreadableGoldError

_SEPARATORS = re.compile(r"\s*(?:[,;、，；\n]|\band\b|[和及与])\s*", re.IGNORECASE)
_LABELLED = re.compile(r"(?:(?<=[\s,;、，；])|\A)[(（]?([A-Z])[)）.:：、]+\s*")
MAX_CHARS = 4_000


class Choices(Kind):
    """Options: the row's choices, in order; the first is A. Without them only letters can be judged."""

    kind: Literal["choices"] = "choices"
    choices: tuple[str, ...] = ()
    """The texts of the options, in order: the first is A. Empty: only letters can be judged."""

    example: ClassVar[tuple[str, str]] = ("A, C", r"\text{(C) and (A)}")

    @field_validator("choices", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return tuple(str(item) for item in value) if isinstance(value, list | tuple) else value

    def places(self, answer: str) -> frozenset[int] | None:
        """Return which options an answer names, by letters, texts or both where they agree; None where it says anything else."""
        if len(answer) > MAX_CHARS:
            return None
        labels = letters_in(answer)
        by_letters = frozenset(ord(label) - ord("A") if label.isalpha() else int(label) - 1 for label in labels)
        if by_letters and all(place < (len(self.choices) or 26) for place in by_letters):
            return by_letters
        found = self._labelled(answer) or self.listed(answer)
        if found or not self.choices or len(_LABELLED.findall(answer)) > 1:
            return found
        alone = Choice(choices=self.choices).index(answer)
        return None if alone is None else frozenset((alone,))

    def _labelled(self, answer: str) -> frozenset[int] | None:
        """Return the options of `A. red, C. blue`; None where a text is not that of its letter."""
        head, *parts = _LABELLED.split(answer)
        if head.strip() or not parts:
            return None
        places = [ord(letter) - ord("A") for letter in parts[::2]]
        texts = [normal(_SEPARATORS.sub(" ", text)) for text in parts[1::2]]
        wanted = [normal(_SEPARATORS.sub(" ", choice)) for choice in self.choices]
        fits = all(
            place < len(wanted) and text in ("", wanted[place]) for place, text in zip(places, texts, strict=True)
        )
        return frozenset(places) if fits else None

    def listed(self, answer: str) -> frozenset[int] | None:
        """Return the options that are listed by their texts, `red, blue`, whose texts may hold commas of their own."""
        texts = [normal(choice) for choice in self.choices]
        parts = [normal(part) for part in _SEPARATORS.split(answer) if part.strip()]
        words = [[normal(part) for part in _SEPARATORS.split(choice) if part.strip()] for choice in self.choices]
        places, start = set(), 0
        while start < len(parts):
            fitting = [p for p, option in enumerate(words) if option and parts[start : start + len(option)] == option]
            if not fitting or texts.count(texts[fitting[0]]) > 1:
                return None
            place = max(fitting, key=lambda p: len(words[p]))
            places.add(place)
            start += len(words[place])
        return frozenset(places) or None

    def against(self, gold: str) -> Compare:
        wanted = self.places(gold)
        if not wanted:
            raise UnreadableGoldError(f"the gold {gold!r} names none of the options {list(self.choices)!r}")
        return lambda answer: Ruling.of(self.places(answer) == wanted, "exact")

    def equivalents(self, gold: str) -> Variants:
        letters = letters_in(gold)
        if len(letters) < 2 or not all(map(str.isalpha, letters)):
            return
        yield "reordered", ", ".join(reversed(letters))
        yield "without commas", "".join(letters)
        yield "brackets", ", ".join(f"({letter})" for letter in letters)
        yield "words", " and ".join(letters)
        yield "text", f"\\text{{{gold}}}"

    def near_misses(self, gold: str) -> Variants:
        letters = letters_in(gold)
        others = [_letter(place) for place in range(min(len(self.choices) or 4, 26)) if _letter(place) not in letters]
        if not letters or not all(map(str.isalpha, letters)):
            return
        if len(letters) > 1:
            yield "one missing", ", ".join(letters[1:])
            yield "or", " or ".join(letters)
        if others:
            yield "one more", ", ".join(sorted([*letters, others[0]]))
            yield "another", ", ".join(sorted([*letters[1:], others[0]]))


def _letter(place: int) -> str:
    return chr(ord("A") + place)
