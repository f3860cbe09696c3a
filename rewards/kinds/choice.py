"""Multiple choice: a letter in any wrapper, an option's text, or both when they agree. Two options at once name
none.
"""

import re
from typing import ClassVar, Literal

from pydantic import field_validator

from rewards.kinds._base import Compare, Kind, Variants
from rewards.kinds._dates import date, time
from rewards.kinds._words import bare, normal, same_words, split_letter, unwrap, without_lead
from rewards.kinds.math import Math
from rewards.verdict import Ruling, UnreadableGoldError

_JOINS = re.compile(r"\b(?:and|or|only|not|nor|but|except|neither|both)\b|[和与或仅只且]")
"""Words that options differ by."""
_APART = re.compile(
    r"(?:(?:the\s+)?(?:option|choice|answer)\s+)?\(?([A-Z])\)?\s*[-\u2013\u2014,:]\s*(\S.*)", re.IGNORECASE | re.DOTALL
)


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
        """Return which option an answer names, None when it names none.

        A text that is an option wins over a letter, because options may be letters themselves.
        """
        plain = unwrap(answer).strip(" .()")
        if (
            re.fullmatch("[A-Z]", plain)
            and not {plain, f"({plain})"} & {unwrap(c) for c in self.choices}
            and ord(plain) - ord("A") < len(self.choices)
        ):
            # before texts: options like (a), (b), (c) in another order are not these letters
            return ord(plain) - ord("A")
        texts = [_option_text(choice) for choice in self.choices]
        text = _option_text(answer)
        if plain.isdecimal() and plain not in texts and 26 < int(plain[:4]) <= len(texts):
            return int(plain[:4]) - 1  # options behind Z have numbers
        found = None if "mathbb" in answer else split_letter(answer)
        if texts.count(text) == 1:
            place = texts.index(text)
            names = found is not None and normal(found[1]) == text and ord(found[0]) - ord("A") != place
            return None if names and normal(answer) not in texts else place
        apart = _APART.fullmatch(unwrap(answer)) if found is None else None
        if apart and (place := ord(apart[1].upper()) - ord("A")) < len(texts):
            return place if same_words(self.choices[place], apart[2]) else None
        if found is None:
            same = self._same_value(answer)
            return self._same_words(answer) if same is None else same
        index, rest = ord(found[0]) - ord("A"), normal(found[1])
        if not texts:
            return index
        return index if index < len(texts) and (not rest or rest == texts[index] or rest not in texts) else None

    def _same_words(self, answer: str) -> int | None:
        """Return the one option with the same words, articles and punctuation aside."""
        said = without_lead(answer)
        moment = date(unwrap(said)) or time(unwrap(said))
        same = [
            index
            for index, choice in enumerate(map(_option_text, self.choices))
            if (bare(choice) and same_words(choice, said)) or (moment and moment in (date(choice), time(choice)))
        ]
        return same[0] if len(same) == 1 else None

    def _same_value(self, answer: str) -> int | None:
        """Return the one option with the same mathematical value (142 and 142.0)."""
        same = []
        joins = set(_JOINS.findall(answer.casefold()))
        for index, choice in enumerate(self.choices):
            try:
                if (
                    joins == set(_JOINS.findall(choice.casefold()))
                    and Math(symbolic=False).against(choice)(answer).outcome == "correct"
                ):
                    same.append(index)
            except UnreadableGoldError:
                continue
        return same[0] if len(same) == 1 else None

    def against(self, gold: str) -> Compare:
        wanted = self.index(gold)
        if wanted is None:
            raise UnreadableGoldError(f"the gold {gold!r} is none of the options {list(self.choices)!r}")
        return lambda answer: Ruling.of(self.index(answer) == wanted, "exact")

    def equivalents(self, gold: str) -> Variants:
        if not re.fullmatch(r"[A-Z]", gold):
            return
        yield "brackets", f"({gold})"
        yield "full stop", f"{gold}."
        yield "text", f"\\text{{{gold}}}"
        if (index := ord(gold) - ord("A")) < len(self.choices):
            option = self.choices[index]
            if not re.search(r"\b[A-Z]\b", option):
                yield "letter and text", f"({gold}) {option}"
            if self.choices.count(option) == 1 and not re.fullmatch(r"\(?[A-Z]\)?", option.strip()):
                yield "option text", option

    def near_misses(self, gold: str) -> Variants:
        if not re.fullmatch(r"[A-Z]", gold):
            return
        other = chr(ord("A") + (ord(gold) - ord("A") + 1) % max(2, len(self.choices) or 4))
        both = f"{min(gold, other)} or {max(gold, other)}"
        options = {choice.strip() for choice in self.choices}
        for how, text in (("neighbour", other), ("both", both), ("all", "A, B, C, D")):
            if text not in options:  # options may themselves be letters
                yield how, text


def _option_text(text: str) -> str:
    """Return an option without the letter that some data sets write in front of it."""
    return normal(re.sub(r"^\s*\(?[A-Z][).:]\s+", "", text))
