"""Numbers in words, as digits: "twenty five" is 25, "two hundred and six" 206, "3 million" 3000000."""

from rewards.algebra.wording.numerals import TENS, UNITS

_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_NUMBERS = UNITS | TENS
_ALL = _NUMBERS.keys() | _SCALES.keys()


def with_digits(words: list[str]) -> list[str]:
    """The words with numbers as digits.

    >>> with_digits("two hundred and six of twenty five and one".split())
    ['206', 'of', '25', 'and', '1']
    """
    if _ALL.isdisjoint(words):
        return words
    result: list[str] = []
    end = 0
    for at in [i for i, word in enumerate(words) if word in _ALL]:
        if at < end:
            continue
        start = at - 1 if words[at] in _SCALES and at > end and words[at - 1].isdecimal() else at
        value, n_words = _number(words, start)
        result += [*words[end:start], words[start] if value is None else str(value)]
        end = start + n_words
    return result + words[end:]


def _number(words: list[str], start: int) -> tuple[int | None, int]:
    """The number that begins at a word and how many words it has; None for a word that begins none, or for digits that stand alone."""
    total, group, room, i = 0, 0, 0, start
    # `room` is what may still be added to the group: after "twenty" less than ten, after "hundred" less than a hundred.
    while i < len(words):
        word = words[i]
        if word in _NUMBERS and (i == start or 0 < _NUMBERS[word] < room):
            group += _NUMBERS[word]
            room = 10 if word in TENS else 0
        elif i == start and word.isdecimal() and word.isascii() and len(word) <= 12:
            group, room = int(word), 0
        elif word == "hundred":
            group, room = max(group, 1) * 100, 100
        elif word in _SCALES:
            total, group, room = total + max(group, 1) * _SCALES[word], 0, 1000
        elif not (word == "and" and room >= 100 and i + 1 < len(words) and 0 < _NUMBERS.get(words[i + 1], 0) < room):
            break
        i += 1
    if i == start or (i == start + 1 and words[start] not in _ALL):
        return None, 1
    return total + group, i - start
