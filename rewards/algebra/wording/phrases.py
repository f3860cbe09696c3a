"""Phrases among the tokens of an answer."""

import re
from collections.abc import Sequence
from typing import Any

from rewards.algebra.token import Token
from rewards.algebra.vocabulary import word_set

CURRENCIES = frozenset(("$", "EUR", "GBP", "CNY", "INR", "USD"))
COPULAS = word_set("is are be must can was were")
STOPS = (",", ";", "and", "or", "(", ")", "[", "]", "\\{", "\\}", "{", "}")
_SPELLED = re.compile(r"(?<![a-z])[a-z](?: [a-z])+(?![a-z])")
Phrases = dict[str, list[tuple[tuple[str, ...], Any]]]


def by_first(phrases: dict[tuple[str, ...], Any]) -> Phrases:
    """Return phrases by their first word, longest first."""
    found: Phrases = {}
    for words in sorted(phrases, key=len, reverse=True):
        found.setdefault(words[0], []).append((words, phrases[words]))
    return found


def word_of(token: Token) -> str:
    """Return the word that a token is, in small letters; what no word is equal to where it is none."""
    return token.text.lower() if token.kind == "text" or token.text in ("and", "or", "a") else "\0"


def is_phrase(tokens: Sequence[Token], at: int, words: Sequence[str]) -> bool:
    """Return whether these words stand at a place."""
    return at + len(words) <= len(tokens) and all(word_of(tokens[at + i]) == word for i, word in enumerate(words))


def starts_value(token: Token) -> bool:
    """Return whether a value may begin with a token."""
    return token.kind in ("num", "sym", "cmd") or token.text in ("(", "{", "-", "\\{")


def unspelled(text: str) -> str:
    """Return a text in small letters, one space between words, with the short words whole that the lexer took for products.

    >>> unspelled("times h e r age")
    'times her age'
    """
    return _SPELLED.sub(lambda m: m.group().replace(" ", ""), " ".join(text.casefold().split()))
