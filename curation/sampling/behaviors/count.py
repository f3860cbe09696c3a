"""Counting the sentences that are an instance of a behavior, by the cues of `cues` and `chinese`.

One sentence is one instance of a behavior at most, and a sentence that is said again in the same words is none further, as the paper's
judge counts distinct instances (arXiv 2507.05255, appendix C). What stands in quotation marks, in a block quote or in a block of code is
somebody else's, and so is a sentence of the question.

Patterns are slow and few sentences need one: the words of a sentence say which cues there are to look for.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from curation.core.schema import BEHAVIORS
from curation.sampling.behaviors.chinese import CHINESE
from curation.sampling.behaviors.cues import CUES, Cue

ENDS = (b". ", b"? ", b"! ", b".) ")
HAN_ENDS = tuple(end.encode() for end in "。！？")
"""What ends a sentence beside a line's end and a tag."""
MAX_CHARS = 2_000
"""Of a sentence; what is behind is not looked at. A longer one is no prose."""
MIN_CHARS_OF_REPEATED = 16
"""Shorter sentences, such as "Wait, no.", are said again and meant anew."""
_NOT_OWN = {
    "```": re.compile(r"```.*?(?:```|\Z)", re.DOTALL),
    "\n>": re.compile(r"\n>[^\n]*"),
    '"': re.compile(r'"[^"\n]{1,400}"'),
    "“": re.compile(r"“[^”\n]{1,400}”"),
}
"""What another's words begin with -> those words."""
_TAG = re.compile(r"<[|/]{0,2}[A-Za-z_]+\|?>")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_HAN_LEADS = tuple(bytes([lead]) for lead in range(0xE4, 0xEA))
"""In UTF-8 the characters from U+4000 to U+9FFF begin with one of these bytes."""
_PLAIN = bytes.maketrans(
    bytes(byte for byte in range(128) if not chr(byte).islower() and byte != 10),
    bytes(
        ord(chr(byte).lower()) if chr(byte).isupper() else 32
        for byte in range(128)
        if not chr(byte).islower() and byte != 10
    ),
)
"""Every ASCII letter as a small one, every other ASCII character but a line's end as a space."""
_BITS = {name: 1 << number for number, name in enumerate(BEHAVIORS)}
Search = Callable[[str], object]


def _by_word() -> dict[bytes, tuple[tuple[int, Cue], ...]]:
    """Word -> the cues to look for where it is, each with the bit of its behavior."""
    found: dict[bytes, tuple[tuple[int, Cue], ...]] = {}
    for name in BEHAVIORS:
        for cue in CUES[name]:
            for word in sorted(cue.words):
                found[word.encode()] = (*found.get(word.encode(), ()), (_BITS[name], cue))
    return found


_CUES = _by_word()
_WORDS = frozenset(_CUES)


def count_behaviors(response: str, question: str = "") -> dict[str, int]:
    """How many sentences of a response are an instance of each behavior; those that it copies from the question are none.

    >>> {name: n for name, n in count_behaviors("It is 4. Wait, let me see the image again.").items() if n}
    {'backtracking': 1, 'visual_reflection': 1, 'mental_imagery': 1}
    """
    counts = dict.fromkeys(BEHAVIORS, 0)
    for _, names in instances(response, question):
        for name in names:
            counts[name] += 1
    return counts


def instances(response: str, question: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """The sentences that are an instance of some behavior, in their order, each with its behaviors."""
    text = _own(response)
    has_han = not response.isascii() and any(lead in text for lead in _HAN_LEADS)
    text = _split(text, has_han)
    seen = {one.decode().strip() for one in _split(_own(question), has_han).split(b"\n")} if question else set()
    has_none, cued = _WORDS.isdisjoint, _WORDS.intersection
    for line, plain in zip(text.split(b"\n"), text.translate(_PLAIN).split(b"\n"), strict=True):
        if has_none(words := plain.split()) and not has_han:
            continue
        sentence = line.decode().strip()
        if not (names := _names(sentence[:MAX_CHARS], cued(words), has_han)) or sentence in seen:
            continue
        if len(sentence) >= MIN_CHARS_OF_REPEATED:
            seen.add(sentence)
        yield sentence, names


def _own(text: str) -> bytes:
    """A text without what it quotes, as UTF-8."""
    if "’" in text:
        text = text.replace("’", "'")
    for mark, quoted in _NOT_OWN.items():
        if mark in text:
            text = quoted.sub(" ", text)
    if "<" in text:
        text = _TAG.sub("\n", text)
    return text.encode(errors="replace")


def _split(text: bytes, has_han: bool) -> bytes:
    """A sentence a line."""
    for end in (*ENDS, *HAN_ENDS) if has_han else ENDS:
        text = text.replace(end, end + b"\n")
    return text


def _names(sentence: str, words: frozenset[bytes], has_han: bool) -> tuple[str, ...]:
    small, found = sentence.lower(), 0
    for bit, search, but_not in _cues_of(words):
        if not found & bit and search(small) and not (but_not and but_not(small)):
            found |= bit
    if has_han and _HAN.search(sentence):
        for name, pattern in CHINESE.items():
            if pattern.search(sentence):
                found |= _BITS[name]
    return _names_of(found) if found else ()


@lru_cache(maxsize=65_536)
def _cues_of(words: frozenset[bytes]) -> tuple[tuple[int, Search, Search | None], ...]:
    """The cues to look for in a sentence with these words, each once."""
    cues = {id(cue): (bit, cue) for word in words for bit, cue in _CUES[word]}
    return tuple((bit, cue.pattern.search, cue.but_not.search if cue.but_not else None) for bit, cue in cues.values())


@lru_cache
def _names_of(found: int) -> tuple[str, ...]:
    return tuple(name for name in BEHAVIORS if found & _BITS[name])
