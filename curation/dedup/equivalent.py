"""Whether two near questions are equivalent: they differ in typos, small words and an instruction at either end alone.

A high similarity does not make a duplicate: "the area of the rectangle ..." and "the perimeter of the rectangle ..." share all
shingles but two. So every word in which two questions differ has to be excused.
"""

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

SMALL_WORDS = frozenset(
    """
    a an the of in on at to for by with is are be that which this these those its it as what how find compute calculate determine
    evaluate please value following given let suppose there so thus now here show problem question solve answer we you
    """.split()  # noqa: SIM905 - a word list reads better as text
)
"""Words that may be added, left out and exchanged anywhere."""
MIN_TYPO_LETTERS = 4
MIN_UNKNOWN_TYPO_LETTERS = 7
"""Letters of a word in which one may be wrong. In short words one letter makes another word (balls, bells), so there the one word has
to be known and the other unknown."""


def are_equivalent(one: Sequence[str], other: Sequence[str], known: Callable[[str], bool]) -> bool:
    """Whether every difference is excused: at the head or the tail of the text words may be added or left out (not changed), elsewhere
    small words only, and a word may be misspelt by a letter. Facts (`#3`) are never excused. `known` says of a word that the corpus
    uses it."""
    # Equal heads and tails are cut first: SequenceMatcher is quadratic, and only what is cut says where an end of the text is.
    head = _common(one, other)
    one, other = one[head:], other[head:]
    tail = _common(one[::-1], other[::-1])
    one, other = one[: len(one) - tail], other[: len(other) - tail]
    for tag, i, j, k, n in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        at_an_end = (head == i == k == 0) or (tail == 0 and j == len(one) and n == len(other))
        if tag != "equal" and not _excused(one[i:j], other[k:n], at_an_end, known):
            return False
    return True


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


def _excused(one: Sequence[str], other: Sequence[str], at_an_end: bool, known: Callable[[str], bool]) -> bool:
    removed = [word for word in one if word not in SMALL_WORDS]
    added = [word for word in other if word not in SMALL_WORDS]
    if any(word[0] == "#" for word in (*removed, *added)):
        return False
    if not removed or not added:
        return at_an_end or removed == added
    if len(removed) != len(added):
        return False
    return all(a == b or is_typo(a, b, known) for a, b in zip(removed, added, strict=True))


def is_typo(one: str, other: str, known: Callable[[str], bool]) -> bool:
    """Whether the one is the other with a letter too many, too few or wrong, or two neighbours swapped, or with a plural's s.

    >>> [is_typo(a, b, {"balls", "bells", "circle"}.__contains__) for a, b in (("card", "cards"), ("circle", "cicrle"), ("balls", "bells"))]
    [True, True, False]
    """
    if len(one) > len(other):
        one, other = other, one
    if len(one) < MIN_TYPO_LETTERS or not (one.isalpha() and other.isalpha()) or not _one_letter_apart(one, other):
        return False
    if one + "s" == other:
        return True
    if known(one) or known(other):
        return not (known(one) and known(other))
    return len(one) >= MIN_UNKNOWN_TYPO_LETTERS and one[0] == other[0]


def _one_letter_apart(one: str, other: str) -> bool:
    """`one` is not the longer."""
    i = _common(one, other)
    if len(one) < len(other):
        return one[i:] == other[i + 1 :]
    return one[i + 1 :] == other[i + 1 :] or (
        one[i : i + 2] == other[i : i + 2][::-1] and one[i + 2 :] == other[i + 2 :]
    )
