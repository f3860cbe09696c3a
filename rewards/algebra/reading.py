"""The readings of a text, most likely first: more than one only where print itself is ambiguous (`1,234`, `2,74`,
`10:30`, `12 m`, `h(x+1)`, `\\log`).
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from rewards.algebra.clean import clean
from rewards.algebra.lexer import tokens
from rewards.algebra.parser.answer import AnswerParser
from rewards.algebra.shapes import said_twice
from rewards.algebra.tree import Node, TooBigError, has, num, replace
from rewards.algebra.vocabulary import ParseError, number
from rewards.algebra.wording import dates, said
from rewards.algebra.wording.numerals import LETTER_SCALES
from rewards.algebra.wording.spoken import spoken

MAX_CACHED_CHARS = 200
MAX_SHORT_CHARS = 60
"""Longer texts are no time and no number with a unit."""
_INTEGERS = re.compile(r"\\mathbb\s*\{?[ZN]\}?|\binteger|\\in\s*Z\b")
_NATURAL = re.compile("natural|positive|non-?negative", re.IGNORECASE)
_NATURALS = re.compile(r"\\mathbb\s*\{?(?:N|Z\}?\s*\^\s*\{?\+)|\\in\s*N\b")


class Reading(NamedTuple):
    """One way to read a text: the object, and the note that followed it."""

    node: Node
    note: str = ""

    @property
    def is_natural(self) -> bool:
        r"""Return whether the integers that the note declares are not negative: `k \in \mathbb{N}`."""
        return _NATURAL.search(self.note) is not None


_DECIMAL_COMMA = re.compile(r"^(-?)(0,\d+|\d+,\d{2}|\d+,\d{4,}|\d{1,3}(?:\.\d{3})+,\d+)$")
_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf|mbox)\s*\{([^{}]*)\}")
_MAY_BE_TIME = re.compile("[:点时]|[mM][.}]*$|clock|noon|night|morning|evening")
_CLOCK = re.compile(r"^\d+\s*:\s*\d+$")  # a time of 24 hours, or a ratio
_GLUED = re.compile(r"^(\d+(?:\.\d+)?)([KkMB])$")  # 3.5M, which could be a product as well
_FEET = re.compile(r"^(\d+)\s*'\s*(\d+(?:\.\d+)?)\s*(?:\"|'')?$")
_COMPOUND = re.compile(r"^(?:\d+(?:\.\d+)? ?[A-Za-z]{1,12}[ ,]*(?:and )?){2,4}$")
_UNIT = re.compile(r"([A-Za-z]+)(?=[ ,]|$)")


def read(raw: str) -> tuple[Reading, ...]:
    """Return the readings of an answer, empty when it is none that the parser knows. TooBigError over a cap."""
    return _cached(raw) if len(raw) <= MAX_CACHED_CHARS else _readings(raw)


def is_digits(text: str) -> bool:
    """Whether a text is a short whole number without a sign.

    >>> is_digits("42"), is_digits("-42"), is_digits("4 2"), is_digits("\u0664")
    (True, False, False, False)
    """
    return len(text) <= MAX_SHORT_CHARS and text.isascii() and text.isdigit()


def _readings(raw: str) -> tuple[Reading, ...]:
    text = clean(raw)
    if not text:
        return ()
    if is_digits(text):  # as most are: it has but this reading
        return (Reading(number(text)),)
    readings = _read(text)
    if "," in text:
        bare = text.replace("\\$", "").strip()
        if _DECIMAL_COMMA.match(bare):
            readings += _read(bare.replace(".", "").replace(",", "."))
        if re.search(r"\d,\d{3}", text):
            readings += _read(text, thousands=False)
    if len(text) <= MAX_SHORT_CHARS:
        readings = _otherwise(text, readings)
    if readings and "log" in text:  # a logarithm without a base is natural or decimal
        readings.append(readings[0]._replace(node=replace(readings[0].node, _decimal)))
    if readings and (value := said_twice(readings[0].node)):
        readings.insert(0, readings[0]._replace(node=value))
    if readings and "=" not in text and has(readings[0].node, "apply"):
        readings += _read(text, applies=False)
    return tuple(dict.fromkeys(readings))


def _otherwise(text: str, readings: list[Reading]) -> list[Reading]:
    """Return the readings of a short text, with those as a time and as a value with its unit."""
    if _MAY_BE_TIME.search(text) and (time := _time(text)):
        readings = [time] if time.node.digits and not _CLOCK.match(text) else [time, *readings]
    if not text[0].isdigit():
        return readings
    if match := _FEET.match(text):
        return _read(f"{match[1]}\\text{{ feet }}{match[2]}\\text{{ inches}}")
    if _COMPOUND.match(text):
        readings += _read(_UNIT.sub(r"\\text{ \1} ", text))
    if match := _GLUED.match(text):
        scale = LETTER_SCALES[match.group(2).lower()]
        readings.append(Reading(Node("num", (), Fraction(match.group(1)) * scale)))
    return readings


def _time(text: str) -> Reading | None:
    """Return a time of day; `digits` of its node: 0 where the half of the day is not said."""
    plain = " ".join(_TEXT.sub(r" \1 ", text).split())
    found = dates.time(plain)
    if found is None or found.second or not (found.half or ":" in plain):
        return None
    return Reading(Node("time", (), f"{found.hour % 12 or 12}:{found.minute:02}", ("", "am", "pm").index(found.half)))


_cached = lru_cache(maxsize=2048)(_readings)


def _decimal(node: Node) -> Node | None:
    if node.op != "call" or node.value != "log" or len(node.args) != 1:
        return None
    return Node("call", (replace(node.args[0], _decimal), num(10)), "log")


def _read(text: str, *, thousands: bool = True, applies: bool = True) -> list[Reading]:
    try:
        parser = AnswerParser(spoken(tokens(text, thousands=thousands)), applies=applies)
        node = parser.answer()
    except ParseError:
        return []
    except RecursionError:
        raise TooBigError("nested too deeply") from None
    notes = (" integer" if _INTEGERS.search(text) else "") + (" natural" if _NATURALS.search(text) else "")
    readings = [Reading(node, parser.note + notes)]
    if parser.is_spaced and (measured := said.with_letters_as_units(node)) != node:
        readings.append(readings[0]._replace(node=measured))
    return readings
