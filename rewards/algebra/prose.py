"""Sentences against answers: prose is not compared as mathematics, whichever numbers are in it."""

import re

MAX_WORDS = 12
"""An answer of more words, in sentences, is an explanation."""

PROOF = re.compile(
    r"^\W*(?:proof\b|(?:we (?:will )?)?(?:prove|show|disprove|verify) (?:that|the|this|or)\b|q\.?e\.?d)", re.IGNORECASE
)
_COMMAND = re.compile(r"\\(?:begin|end)\s*\{[a-z]+\*?\}|\\[A-Za-z]+|[{}$]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SAID = """
the that is are was be been it its this there these of for from to in on by as at with which we so then thus
hence therefore because since if when have has can must let where and or not their they each
"""
_FUNCTION_WORDS = frozenset(_SAID.split())
_SENTENCES = re.compile(r"[a-z)}$\d]\s*[.;]\s+(?:thus|therefore|hence|so|then)\b", re.IGNORECASE)


def is_prose(text: str) -> bool:
    """Return whether a cleaned text is an explanation or a task, not an answer.

    >>> is_prose("There are 30 people in the hall, and each of them shakes hands with the 29 others."), is_prose("30 people")
    (True, False)
    """
    if len(text) < 12:
        return False
    if PROOF.match(text):
        return True
    words = _WORD.findall(_COMMAND.sub(" ", text).casefold())
    said = sum(word in _FUNCTION_WORDS for word in words)
    return said >= 3 and (len(words) > MAX_WORDS or (len(words) > 6 and _SENTENCES.search(text) is not None))
