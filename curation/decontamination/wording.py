"""A question's wording: the stems of its words, and its numbers. Two wordings of one problem share the numbers and many stems, but hardly
three words in a row.

>>> wording = wording_of("ann buys twenty five pens and twice as many books".split())
>>> sorted(wording.stems), sorted(wording.numbers), sorted(wording.loose)
(['an', 'and', 'as', 'book', 'buy', 'many', 'pen'], ['#25'], ['#2'])
"""

from dataclasses import dataclass
from functools import lru_cache

import xxhash

from curation.decontamination.number_words import with_digits
from curation.decontamination.text import is_number

EVERYWHERE = frozenset({"0", "1", "2"})
"""Numbers that are in any question."""
LOOSE = {
    "once": "1", "single": "1", "twice": "2", "double": "2", "doubled": "2", "doubles": "2", "pair": "2", "pairs": "2", "both": "2",
    "half": "2", "halves": "2", "halved": "2", "thrice": "3", "triple": "3", "tripled": "3", "triples": "3", "third": "3", "thirds": "3",
    "quadruple": "4", "quarter": "4", "quarters": "4", "fourth": "4", "fourths": "4", "fifth": "5", "fifths": "5", "sixth": "6",
    "seventh": "7", "eighth": "8", "ninth": "9", "tenth": "10", "dozen": "12", "dozens": "12",
}  # fmt: skip
"""Words that may stand for a number of the other wording, and need not."""
NEGATIONS = frozenset({"no", "none", "neither", "nor", "never", "without", "except"})
"""Words that change a problem as a number does; "not" is as often said in other words."""
MIN_NUMBERS = 2
"""Different numbers without which a wording shows nothing: one in common is chance."""
_TOGETHER = 0x9E3779B97F4A7C15
_SUFFIXES = ("ings", "ing", "edly", "ied", "ies", "ers", "ed", "es", "ly", "er", "s", "e", "y")


@dataclass(frozen=True, slots=True)
class Wording:
    """What is compared of a question: the stems of its words, its numbers with a # before them, what other words may say of numbers, and
    whether one of them negates."""

    stems: frozenset[str]
    numbers: frozenset[str]
    loose: frozenset[str]
    negated: bool


def wording_of(words: list[str]) -> Wording:
    """The wording of a question's words."""
    of_kind: dict[str, set[str]] = {"#": set(), "=": set()}
    stems = set(_parts(words))
    for part in list(stems):
        if part[0] in of_kind:
            of_kind[part[0]].add(f"#{part[1:]}")
            stems.discard(part)
    return Wording(frozenset(stems), frozenset(of_kind["#"]), frozenset(of_kind["="]), not NEGATIONS.isdisjoint(words))


def part_keys(words: list[str]) -> tuple[set[int], int]:
    """The keys of its stems and of its numbers; and the key of all its numbers together, 0 where there are too few."""
    keys = set(map(_word_key, with_digits(words)))
    keys.discard(0)
    numbers = [key for key in keys if key & 1]
    return keys, sum(numbers) * _TOGETHER % 2**64 if len(numbers) >= MIN_NUMBERS else 0


@lru_cache(maxsize=1 << 16)
def _word_key(word: str) -> int:
    """The key of its part; 0 where that is only what may be a number."""
    part = _part(word)
    return 0 if part[0] == "=" else part_key(part)


@lru_cache(maxsize=1 << 16)
def part_key(part: str) -> int:
    """The key of a stem, even, or of a number with a # before it, odd."""
    return int(xxhash.xxh3_64_intdigest(part.encode(), seed=3)) & ~1 | (part[0] == "#")


def _parts(words: list[str]) -> set[str]:
    return set(map(_part, with_digits(words)))


def _part(word: str) -> str:
    """A number after #, what may be one after =, or else the stem."""
    if is_number(word):
        return f"={word}" if word in EVERYWHERE else f"#{word}"
    return f"={LOOSE[word]}" if word in LOOSE else stem(word)


def stem(word: str) -> str:
    """The word without its ending.

    >>> [stem(word) for word in ("purchased", "purchases", "stopping", "bus")]
    ['purchas', 'purchas', 'stop', 'bus']
    """
    if len(word) > 4 or (len(word) == 4 and word[-1] == "s" and word[-2] != "s"):
        ending = next((s for s in _SUFFIXES if word.endswith(s) and len(word) - len(s) >= 3), "")
        word = word.removesuffix(ending)
    return word[:-1] if len(word) > 2 and word[-1] == word[-2] else word
