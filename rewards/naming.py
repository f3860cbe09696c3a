"""Which options a gold names: by label, number, letter, text or value, one or several, or why it names none.

The order decides: a label that the data set states; a number; the exact text of an option; a letter in any dress; the text or value
written otherwise; a letter with an explanation; several letters. A number may be an option's place from 0, from 1, or its text: where the
row does not say which and they name other options, only `option_base` decides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rewards.kinds._letters import letters_in
from rewards.kinds._words import normal, split_letter, unwrap, without_preface
from rewards.kinds.choice import Choice
from rewards.stored import Stored

OptionBase = int | Literal["text"] | None
MAX_LISTED = 26
"""Options with letters; those behind have numbers."""

EXPLAINED = re.compile(r"^\s*(?:answer\s*:?\s*)?\(?([A-Z])\)?(?:\s*[).:,：、]|\s*\n|\s*-(?=[\sA-Z])|\s*$)")
FOLLOWED = re.compile(r"^\s*([A-H])\s+\S+(?:\s+\S+){3,}")
"""A letter and a sentence without a mark between; `A` may be an article, so this counts only where the row has options."""
_WHOLE = re.compile(r"\d{1,4}(?:\.0+)?")
_ORDINAL = re.compile(r"(?:option|choice|answer|选项)\s*#?\s*(\d{1,2})\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unnamed:
    """Why a gold names no option: `gold_not_in_options` or `gold_ambiguous`, and what was found."""

    reason: str
    detail: str


def label_of(place: int) -> str:
    """The label of the option at a place from 0: a letter, behind Z a number.

    >>> label_of(1), label_of(26)
    ('B', '27')
    """
    return chr(ord("A") + place) if place < MAX_LISTED else str(place + 1)


def named_options(gold: str, options: Stored, base: OptionBase = None) -> list[int] | Unnamed:
    """The places of the options that a gold names, in order and without repeats.

    >>> named_options("(b)", Stored(["x", "y"], [])), named_options("A, B", Stored(["x", "y"], []))
    ([1], [0, 1])
    >>> named_options("1", Stored(["x", "y"], [])).reason
    'gold_ambiguous'
    """
    one = _one(gold, options, base)
    if one is None and (several := _several(gold, options)):
        return several
    if one is None:
        return Unnamed("gold_not_in_options", f"{gold[:80]!r} in {options.texts!r}"[:300])
    return one if isinstance(one, Unnamed) else [one]


def _one(gold: str, options: Stored, base: OptionBase) -> int | Unnamed | None:
    """The one option that a gold names; None where it names none, or several."""
    texts, labels = options
    bare = without_preface(unwrap(gold)).strip(" \t\n()[]{}.:：、。")
    there = [place for place, text in enumerate(texts) if text]
    if labels and base is None and [label.casefold() for label in labels].count(bare.casefold()) == 1:
        place = [label.casefold() for label in labels].index(bare.casefold())
        return place if place in there else None
    if match := _WHOLE.fullmatch(bare) or _ORDINAL.fullmatch(bare):
        return _numbered(int(float(match[1] if match.re is _ORDINAL else bare)), gold, options, base)
    if texts.count(gold) > 1:
        return None
    if gold in texts:
        return texts.index(gold)
    found = _read_letter(gold, texts)
    if found is None and (match := EXPLAINED.match(gold) or FOLLOWED.match(gold)):
        found = ord(match[1]) - ord("A")
        found = None if len(letters_in(gold)) > 1 else found
    return found if found in there else None


def _numbered(number: int, gold: str, options: Stored, base: OptionBase) -> int | Unnamed | None:
    """The option that a number names: at its place from `base`, or by its text; Unnamed where that is not certain."""
    texts, labels = options
    by_text = _by_text(gold, texts)
    if isinstance(base, int):
        place = number - base
        return place if 0 <= place < len(texts) and texts[place] else None
    are_numbers = bool(labels) and all(label.isdigit() for label in labels)
    if base == "text" or are_numbers:
        return by_text
    readings = {f"option_base: {start}": number - start for start in (0, 1) if 0 <= number - start < len(texts)}
    if by_text is not None and all(place == by_text for place in readings.values()):
        return by_text
    if by_text is not None:
        readings["option_base: text"] = by_text
    if not readings:
        return None
    meant = ", ".join(f"{option} reads {texts[place]!r}" for option, place in readings.items())
    return Unnamed("gold_ambiguous", f"the number {gold!r} of {len(texts)} options; gold.{meant}"[:300])


def _by_text(gold: str, texts: Sequence[str]) -> int | None:
    if texts.count(gold) == 1:
        return texts.index(gold)
    return None if gold in texts else Choice(choices=tuple(texts)).index(gold)


def _read_letter(gold: str, texts: Sequence[str]) -> int | None:
    """The option that a letter, or a text or value written otherwise, names; a text that is an option wins over a letter."""
    folded = [place for place, text in enumerate(texts) if text and normal(text) == normal(gold)]
    letter = split_letter(gold)
    if letter and not letter[1] and ord(letter[0]) - ord("A") < len(texts):
        return ord(letter[0]) - ord("A")
    if folded:
        return folded[0] if len(folded) == 1 else None
    return Choice(choices=tuple(texts)).index(gold)


def _several(gold: str, options: Stored) -> list[int]:
    """The options of `A, C`, `AC` or `①③`; [] where the gold names less than two, or one that is not there."""
    texts, labels = options
    names = letters_in(gold)
    own = [label.upper() for label in labels]
    if names and all(name in own for name in names):
        places = [own.index(name) for name in names]
    else:
        places = [ord(name) - ord("A") if name.isalpha() else -1 for name in names]
    is_there = all(0 <= place < len(texts) and texts[place] for place in places)
    return sorted(set(places)) if is_there and len(set(places)) > 1 else []
