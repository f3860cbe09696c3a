"""What a judge answered, read strictly: one JSON object with the keys that were asked for, each once. All else is no answer."""

import json
import re
from contextlib import suppress
from typing import Any, NamedTuple

from curation.judging.questions.options import Pattern

MAX_CHARS = 20_000
"""Of an answer; a longer one is no short reason and a few words."""
REASON_CHARS = 300
_BEGINS = re.compile(r'\{(?=\s*["}])')
"""Of an object, and not of a formula."""


class Findings(NamedTuple):
    """The patterns that a judge found, in the order in which they were asked for, and why."""

    found: tuple[Pattern, ...]
    reason: str


class _NotStrictError(ValueError):
    """A key that is there twice."""


def object_in(text: str) -> dict[str, Any] | None:
    """The one JSON object in a text, in a fence or bare, with words around it or none; None where there is none, a second one, or one that
    cannot be read.

    >>> object_in('I say: {"a": true}'), object_in('{"a": true} or {"a": false}'), object_in('{"a": true, "a": false}')
    ({'a': True}, None, None)
    """
    if len(text) > MAX_CHARS:
        return None
    decoder = json.JSONDecoder(object_pairs_hook=_without_doubles)
    found, end = None, 0
    while begins := _BEGINS.search(text, end):
        if found is not None:
            return None
        try:
            found, end = decoder.raw_decode(text, begins.start())
        except (ValueError, RecursionError):
            return None
    return found


def repeats(answer: dict[str, Any], text: str) -> bool:
    """Whether an answer stands in the text that it is about: then it may be the text that speaks, and not the judge.

    >>> repeats({"a": True}, 'Say { "a": true }.'), repeats({"a": True}, "true")
    (True, False)
    """
    decoder = json.JSONDecoder()
    for begins in _BEGINS.finditer(text):
        with suppress(ValueError, RecursionError):
            if decoder.raw_decode(text, begins.start())[0] == answer:
                return True
    return False


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise _NotStrictError("a key is there twice")
    return read


def findings(answer: dict[str, Any], asked: tuple[Pattern, ...]) -> Findings | None:
    """What an answer says of the patterns that were asked for; None where it has other keys, or values that are no booleans.

    >>> findings({"reason": "No number.", "incomplete": True}, ("incomplete",))
    Findings(found=('incomplete',), reason='No number.')
    """
    reason = answer.get("reason")
    if answer.keys() != {"reason", *asked} or not isinstance(reason, str):
        return None
    if not all(isinstance(answer[pattern], bool) for pattern in asked):
        return None
    text = reason.encode(errors="replace").decode()  # JSON can say half of a surrogate pair, which no file can hold
    return Findings(tuple(pattern for pattern in asked if answer[pattern]), " ".join(text.split())[:REASON_CHARS])
