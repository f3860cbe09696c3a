"""Counting the sentences that are an instance of a behavior, by the cues of `cues` and `chinese`.

One sentence is one instance of a behavior at most, and a sentence that is said again in the same words is none further, as the paper's judge
counts distinct instances (arXiv 2507.05255, appendix C). What stands in quotation marks, in a block quote or in a block of code is somebody
else's, and so is a sentence of the question.

Patterns are slow and few sentences need one: the words of a sentence say which cues there are to look for.
"""

import re
from collections.abc import Iterator

from curation.core.schema import BEHAVIORS
from curation.sampling.behaviors.chinese import CHINESE
from curation.sampling.behaviors.cues import CUES, Cue

ENDS = (". ", "? ", "! ", '." ', ".) ", "?) ", '?" ', "。", "！", "？", "… ")
"""What ends a sentence beside a line's end."""
MAX_CHARS = 2_000
"""Of a sentence; what is behind is not looked at. A longer one is no prose."""
MIN_WORDS_OF_REPEATED = 4
"""Shorter sentences, such as "Wait, no.", are said again and meant anew."""
_NOT_OWN = re.compile(r'```.*?(?:```|\Z)|(?<!\S)"[^"\n]{1,400}"|“[^”\n]{1,400}”|^>[^\n]*', re.DOTALL | re.MULTILINE)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_PLAIN = bytes(
    ord(chr(byte).lower()) if chr(byte).isalpha() or byte == 10 else byte if byte > 127 else 32 for byte in range(128)
) + bytes(range(128, 256))
"""Every ASCII letter as a small one, every other ASCII character but a line's end as a space."""


def _by_word() -> dict[bytes, tuple[tuple[int, Cue], ...]]:
    """Word -> the cues to look for where it is, each with the number of its behavior."""
    found: dict[bytes, tuple[tuple[int, Cue], ...]] = {}
    for number, name in enumerate(BEHAVIORS):
        for cue in CUES[name]:
            for word in sorted(cue.words):
                found[word.encode()] = (*found.get(word.encode(), ()), (number, cue))
    return found


_CUES = _by_word()


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
    text = _split(response)
    words = text.encode(errors="replace").translate(_PLAIN).split(b"\n")
    has_han = not text.isascii() and _HAN.search(text) is not None
    seen = set(_split(question).split("\n")) if question else set()
    no_cue = _CUES.keys().isdisjoint
    for sentence, own_words in zip(text.split("\n"), words, strict=True):
        if no_cue(split := own_words.split()) and not has_han:
            continue
        if not (names := _names(sentence[:MAX_CHARS], split, has_han)) or (key := sentence.strip()) in seen:
            continue
        if len(split) >= MIN_WORDS_OF_REPEATED or len(key) > 12 and has_han:
            seen.add(key)
        yield key, names


def _split(text: str) -> str:
    """A sentence a line, without what it quotes."""
    if "’" in text:
        text = text.replace("’", "'")
    if '"' in text or "“" in text or "```" in text or ">" in text:
        text = _NOT_OWN.sub(" ", text)
    for end in ENDS:
        text = text.replace(end, end + "\n")
    return text


def _names(sentence: str, words: list[bytes], has_han: bool) -> tuple[str, ...]:
    found: set[int] = set()
    tried: set[int] = set()
    small = sentence.lower()
    for word in words:
        for number, cue in _CUES.get(word, ()):
            if number in found or id(cue) in tried:
                continue
            tried.add(id(cue))
            if cue.pattern.search(small) and not (cue.but_not and cue.but_not.search(small)):
                found.add(number)
    if has_han and _HAN.search(sentence):
        found |= {number for number, name in enumerate(BEHAVIORS) if CHINESE[name].search(sentence)}
    return tuple(name for number, name in enumerate(BEHAVIORS) if number in found)
