"""What a licence is called: one name for all spellings of an SPDX identifier, and what it asks of who uses a row.

The list of identifiers is that of `packaging`. Rows keep the wording of their source; pages, cards and gates go by the name.
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

UNKNOWN = "unknown"
MAX_CHARS = 300
"""A longer text is a licence's own, or no licence."""
_OPERATORS = re.compile(r"(\b(?:AND|OR|WITH)\b|[()])", re.IGNORECASE)
_NOISE = re.compile(r"\b(?:the|licen[cs]e|version)\b(?!-)|\bv(?=\d)", re.IGNORECASE)
ASKED = {
    "non-commercial": re.compile(r"\bnc\b|non.?commercial|research only", re.IGNORECASE),
    "no derivatives": re.compile(r"\bnd\b|no.?deriv", re.IGNORECASE),
    "share-alike": re.compile(r"\bsa\b|share.?alike|odbl|cdla.sharing|gpl", re.IGNORECASE),
}
"""A condition -> the licences that have it; share-alike with copyleft."""


@cache
def licence_name(stated: str) -> str:
    """The SPDX expression that is meant; the words themselves where none is, `unknown` where there are none.

    >>> [licence_name(text) for text in ("mit", "apache 2.0", "CC BY-SA 4.0", "Apache License, Version 2.0", "mit and cc_by_4.0")]
    ['MIT', 'Apache-2.0', 'CC-BY-SA-4.0', 'Apache-2.0', 'MIT AND CC-BY-4.0']
    >>> licence_name("My  own licence"), licence_name(" "), licence_name("Unknown")
    ('My own licence', 'unknown', 'unknown')
    """
    words = " ".join(stated.split()) or UNKNOWN
    if words.casefold() == UNKNOWN:
        return UNKNOWN
    if len(words) > MAX_CHARS:
        return words
    try:
        return canonicalize_license_expression(" ".join(map(_identifier, _OPERATORS.split(words))))
    except (InvalidLicenseExpression, MemoryError, RecursionError):  # what the parser says of brackets in brackets
        return words


def _identifier(words: str) -> str:
    return "-".join(re.split(r"[\s,_]+", _NOISE.sub(" ", words).strip(" ,_")))


def by_name(counts: Mapping[str, int]) -> dict[str, int]:
    """Rows by the licence's name, of rows by its wording; most rows first."""
    named = Counter[str]()
    for stated, n in counts.items():
        named[licence_name(stated)] += n
    return dict(sorted(named.items(), key=lambda item: (-item[1], item[0])))


def asks(licence: str, condition: str) -> bool:
    """Whether a licence has a condition of `ASKED`.

    >>> asks("CC BY-NC-SA 4.0", "non-commercial"), asks("CC-BY-NC-SA-4.0", "share-alike"), asks("MIT", "share-alike")
    (True, True, False)
    """
    return bool(ASKED[condition].search(licence_name(licence)))
