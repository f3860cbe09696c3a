"""Words behind a value that take it back: `6 (incorrect)`, `24 is false`, `81, which cannot be right`, `11（错误）`."""

import re

from rewards.algebra.vocabulary import word_set
from rewards.algebra.wording.phrases import unspelled

DENIALS = word_set("""
    not isn't aren't wasn't cannot can't couldn't doesn't don't won't shouldn't never nor neither
    wrong wrongly incorrect incorrectly false untrue invalid impossible mistaken mistake contradiction contradictory contradicts
    absurd nonsense unreasonable implausible unlikely doubtful inconsistent rejected extraneous discarded guess unsure uncertain
""")
"""Words that say that the value beside them is not the answer."""
_HAN = re.compile("错误|有误|错了|不对|不正确|不成立|不可能|不符合|不合题意|舍去|矛盾|不是|猜测|^错$")
_OFF = re.compile(r"\btoo (?:large|small|big|high|low|long|short|great)\b|\bis (?:off|(?:an? )?error)\b")
_SUBJECT = re.compile(r"^(?:which|so|note|see)\b")
_NEGATED = re.compile(
    r"\b(?:not|cannot|can't|isn't|doesn't|never)\s+(?:(?:be|seem|look|make|work|a|an|the|possibly|really|quite|one|of)\s+)*"
    r"(?:right|correct|possible|true|valid|allowed|acceptable|reasonable|sensible|plausible|consistent|integer|whole|options?"
    r"|choices?|sense|work|answer|happen|fit|match|hold)\b"
)
_BAD = re.compile(
    r"\b(?:is|seems|looks|appears|must be|sounds|be)\s+(?:(?:a|an|clearly|obviously|definitely|probably|also|to|be)\s+)*"
    r"(?:wrong|incorrect|false|untrue|invalid|impossible|mistaken|mistake|contradiction|contradictory|absurd|nonsense|unreasonable"
    r"|implausible|unlikely|doubtful|inconsistent|extraneous|rejected)\b|\bcontradicts\b"
)


def takes_back(words: list[str]) -> bool:
    """Return whether words beside a value say that it is not the answer, or that nobody knows."""
    text = unspelled(" ".join(words))
    return not DENIALS.isdisjoint(text.split()) or (_OFF if text.isascii() else _HAN).search(text) is not None


def denies(note: str) -> bool:
    """Return whether a note says that the value is not the answer: about it, not about what it was derived from.

    >>> denies("which cannot be right"), denies("which is impossible"), denies("since 11 is not possible")
    (True, True, False)
    """
    text = unspelled(note)
    about = _SUBJECT.match(text) is not None and (_NEGATED.search(text) or _BAD.search(text))
    return bool(about) or _HAN.search(text) is not None
