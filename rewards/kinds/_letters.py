"""Several option letters at once, in every dress: `A, C`, `AC`, `(A) and (C)`, `A、C`, `答案：AC`, `①③`."""

import re

from rewards.kinds._words import unwrap, without_preface

_JOINS = re.compile(r"[\s,;、&+/和及与]+|\band\b|(?<=[)\]])(?=[(\[])|(?<=[A-Z])\.(?=[A-Z])", re.IGNORECASE)
_ONE = re.compile(r"[(\[{\"']*([A-Za-z]|[①-⑳])[)\]}\"'.:]*")
_RUN = re.compile(r"[(\[]?([A-Z]{2,26}|[①-⑳]{2,20})[)\].]?")
_AROUND = re.compile(
    r"^(?:(?:only|both)\s+|仅|只有)+|(?:\s*only|\s+(?:is|are)\s+(?:correct|right|true))+$", re.IGNORECASE
)
MAX_CHARS = 400


def letters_in(text: str) -> list[str]:
    """The labels that a text names, in its order; [] where it says anything else. Circled numbers are numbers.

    >>> letters_in("A and C"), letters_in("答案：BD"), letters_in("①③"), letters_in("A or C")
    (['A', 'C'], ['B', 'D'], ['1', '3'], [])
    """
    if len(text) > MAX_CHARS or (text.isascii() and text.isdigit()):
        return []
    bare = without_preface(unwrap(text).strip(" \n\t*$`。.")).strip(" \n\t[]{}\\")
    bare = _AROUND.sub("", bare)
    if (match := _RUN.fullmatch(bare)) and len(set(match[1])) == len(match[1]):
        return [_label(letter) for letter in match[1]]
    matches = [_ONE.fullmatch(part) for part in _JOINS.split(bare) if part]
    labels = [_label(match[1]) for match in matches if match]
    return labels if len(labels) == len(matches) else []


def _label(letter: str) -> str:
    return str(ord(letter) - ord("①") + 1) if "①" <= letter <= "⑳" else letter.upper()
