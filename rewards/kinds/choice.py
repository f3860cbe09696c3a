"""Multiple choice: a letter in any wrapper, an option's text, or both when they agree. Two options at once name
none.
"""

import re
from typing import ClassVar, Literal

from pydantic import field_validator

from rewards.algebra.wording.dates import date, time
from rewards.kinds._base import Compare, Kind, Variants
from rewards.kinds._words import bare, normal, same_words, split_letter, unwrap, without_lead
from rewards.kinds.math import Math
from rewards.verdict import Ruling, UnreadableGoldError

_JOINS = re.compile(r"\b(?:or|only|not|nor|but|except|neither)\b|[或仅只]")
"""Words that options differ by; `and` is a comma."""
_APART = re.compile(
    r"(?:(?:the\s+)?(?:option|choice|answer)\s+)?\(?([A-Z])\)?\s*[-\u2013\u2014,:]\s*(\S.*)", re.IGNORECASE | re.DOTALL
)
_BEHIND = re.compile(r"(\S.*?)(?:\s*[(\[\uff08]([A-Z])[)\]\uff09]|,\s*([A-Z]))\.?", re.DOTALL)
"""`mercury (C)`, `mercury, C`."""
_DENIES = frozenset(
    ("not", "no", "wrong", "incorrect", "false", "isnt", "never", "neither", "nor", "except", "but", "or")
)
_EXPLAINS = re.compile(
    r"(?:because|since|as|due|which|that|it|so|for|given|therefore|thus|由于|因为|因此|所以)\b|[因由所]", re.IGNORECASE
)
_WORDS_ALONE = re.compile(r"[^\d\\^_=<>+]+")


MAX_CHARS = 400
"""Longest answer in which a letter is looked for in front of a text or behind one."""


class Choice(Kind):
    """Options: the row's choices, in order; the first is A. Without them only letters can be judged."""

    kind: Literal["choice"] = "choice"
    choices: tuple[str, ...] = ()
    """The texts of the options, in order: the first is A. Empty: only letters can be judged."""

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
        if plain.isdecimal() and plain not in texts and 26 < int(plain[:4]) <= len(texts):
            return int(plain[:4]) - 1  # options behind Z have numbers
        exact = self._exact(answer)
        if exact is not None or texts.count(normal(answer)) == 1:
            return texts.index(normal(answer)) if exact is None else exact
        found = None if "mathbb" in answer else split_letter(answer) or self._apart(answer)
        if found is None:
            return self._of_text(answer)
        place, rest = ord(found[0]) - ord("A"), found[1]
        is_option = place < len(texts) or not texts
        return place if is_option and (not normal(rest) or self._agrees(place, rest)) else None

    def _apart(self, answer: str) -> tuple[str, str] | None:
        """Return the letter and the text of `B - duck` and `B, duck`; None where the letter is none of the options'."""
        found = _APART.fullmatch(unwrap(answer)) if len(answer) <= MAX_CHARS else None
        is_option = found is not None and ord(found[1].upper()) - ord("A") < len(self.choices)
        return (found[1].upper(), found[2]) if found and is_option else None

    def _of_text(self, text: str) -> int | None:
        """Return the one option that a text is, in whatever notation; None where it is none, or a letter stands behind another one."""
        if len(text) <= MAX_CHARS and (match := _BEHIND.fullmatch(unwrap(text))):
            place = ord(match[2] or match[3]) - ord("A")
            return place if self._of_text(match[1]) == place else None
        if (exact := self._exact(text)) is not None:
            return exact
        texts = [_option_text(choice) for choice in self.choices]
        if texts.count(_option_text(text)) == 1:
            return texts.index(_option_text(text))
        same = self._same_value(text)
        return self._same_words(text) if same is None else same

    def _exact(self, text: str) -> int | None:
        """Return the one option that a text is, case and punctuation included: titles and greetings differ in nothing else."""
        plain = [" ".join(unwrap(choice).split()) for choice in self.choices]
        said = " ".join(unwrap(text).split())
        return plain.index(said) if said and plain.count(said) == 1 else None

    def _agrees(self, place: int, text: str) -> bool:
        """Return whether a text behind a letter is its option, says it among other words, or says why: it denies nothing, states
        no other value and names no other option.
        """
        words = bare(text).split()
        own = set(bare(self.choices[place]).split()) if self.choices else set[str]()
        denies = bool(_DENIES & set(words) - own)
        if not self.choices:
            return not denies
        named = self._of_text(text)
        if named is not None or denies:
            return named == place
        if same_words(self.choices[place], text):
            return True  # another option has the same words, in other case
        if _EXPLAINS.match(text.strip()):
            return True
        said = set(words)
        others = [set(bare(choice).split()) for at, choice in enumerate(self.choices) if at != place]
        is_part = said < own and not any(said <= other for other in others)
        is_whole = own < said and not any(other <= said for other in others if not other <= own)
        return bool(_WORDS_ALONE.fullmatch(text)) and (is_part or is_whole)

    def _same_words(self, answer: str) -> int | None:
        """Return the one option with the same words, articles and punctuation aside."""
        said = without_lead(answer)
        day, moment = date(unwrap(said)), time(unwrap(said))
        same = [
            index
            for index, choice in enumerate(map(_option_text, self.choices))
            if (bare(choice) and same_words(choice, said))
            or (day and day == date(choice))
            or (moment and moment == time(choice))
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
