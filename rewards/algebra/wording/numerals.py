"""Numbers in words, English and Chinese: `twenty-six`, `two and a half`, `three quarters`, `twelfth`, 三百零五, 三分之二.

An ordinal is read as its number. Words of a scale (`million`, 万) multiply what stands before them.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from rewards.algebra.vocabulary import word_list, word_set
from rewards.algebra.wording import units

_UNITS = word_list("""
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen
""")
_TENS = word_list("""
    twenty thirty forty fifty sixty seventy eighty ninety
""")
UNITS = {word: value for value, word in enumerate(_UNITS)}
TENS = {word: 10 * value for value, word in enumerate(_TENS, 2)}
SMALL = UNITS | TENS | {"fourty": 40}
SCALES = {
    "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "quadrillion": 10**15,
    "gross": 144, "quintillion": 10**18, "sextillion": 10**21, "兆": 10**12, "千": 1000, "打": 12,
    "dozen": 12, "lakh": 10**5, "crore": 10**7, "mn": 10**6, "mln": 10**6, "bn": 10**9, "bln": 10**9, "tn": 10**12, "trn": 10**12,
    "万": 10**4, "亿": 10**8, "千万": 10**7, "百万": 10**6, "十万": 10**5, "十亿": 10**9, "百亿": 10**10, "千亿": 10**11, "万亿": 10**12,
}  # fmt: skip
SCALES |= {
    f"{word}s": SCALES[word]
    for word in ("hundred", "thousand", "million", "billion", "trillion", "dozen", "lakh", "crore")
}
LETTER_SCALES = {"k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
_ORDINAL_UNITS = word_list("""
    zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
    fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth
""")
ORDINALS = {word: value for value, word in enumerate(_ORDINAL_UNITS)}
ORDINALS |= {f"{word[:-1]}ieth": SMALL[word] for word in _TENS} | {
    "hundredth": 100,
    "thousandth": 1000,
    "millionth": 10**6,
}
PARTS = {f"{word}s": value for word, value in ORDINALS.items() if value > 2} | {
    "half": 2,
    "halves": 2,
    "quarter": 4,
    "quarters": 4,
}
_SINGULAR_PARTS = {word: value for word, value in ORDINALS.items() if value > 2} | {"half": 2, "quarter": 4}
_ARTICLES = word_set("a an")


class Found(NamedTuple):
    """A number, how many words it took, and whether it is an ordinal."""

    value: Fraction
    taken: int
    ordinal: bool = False


def is_scale(word: str) -> bool:
    """Return whether a word multiplies: `million`, `bn`, but not `MN`, which is a unit."""
    return word.lower() in SCALES and (len(word) > 3 or word == word.lower())


def read(words: Sequence[str]) -> Found | None:
    """Return the number at the start of lower-case words (digits are words as well); None where there is none."""
    if not words:
        return None
    if words[0] in _ARTICLES:
        return _of_article(words)
    if words[0] == "half":
        scale, taken = _scaled(words, 2 if words[1:2] and words[1] in _ARTICLES else 1)
        return Found(Fraction(scale, 2), taken)
    found = _cardinal(words)
    if found is None:
        return Found(Fraction(ORDINALS[words[0]]), 1, True) if words[0] in ORDINALS else None
    if found.ordinal:
        return found
    value, at = found.value, found.taken
    rest = words[at:]
    if (
        rest
        and value.denominator == 1
        and ((value != 1 and rest[0] in PARTS) or (value == 1 and rest[0] in _SINGULAR_PARTS) or rest[0] == "half")
    ):
        bottom = PARTS.get(rest[0]) or _SINGULAR_PARTS[rest[0]]
        return Found(value / bottom, at + 1)
    if rest and value > 1 and value.denominator == 1 and rest[0] in ("hundredth", "thousandth", "millionth"):
        return Found(value * ORDINALS[rest[0]], at + 1, True)
    if rest[:1] == ["and"] and (part := _part(rest[1:])) is not None and value.denominator == 1:
        value, at = value + part.value, at + 1 + part.taken
        scale, at = _scaled(words, at)
        return Found(value * scale, at)
    return Found(value, at)


def _of_article(words: Sequence[str]) -> Found | None:
    if words[1:2] and words[1] in SCALES:
        scale, taken = _scaled(words, 1)
        return Found(Fraction(scale), taken)
    if words[1:2] and words[1] in _SINGULAR_PARTS:
        return Found(Fraction(1, _SINGULAR_PARTS[words[1]]), 2)
    return Found(Fraction(1), 1) if words[1:2] and len(words[1]) > 2 and units.find(words[1]) else None  # an hour


def _part(words: Sequence[str]) -> Found | None:
    """Return the part behind `two and`: a half, two thirds."""
    if words[:1] and words[0] in ("a", "an", "one") and words[1:2] and words[1] in _SINGULAR_PARTS:
        return Found(Fraction(1, _SINGULAR_PARTS[words[1]]), 2)
    if words[:1] == ["half"]:
        return Found(Fraction(1, 2), 1)
    if len(words) > 1 and words[0] in SMALL and words[1] in PARTS and 0 < SMALL[words[0]] < PARTS[words[1]]:
        return Found(Fraction(SMALL[words[0]], PARTS[words[1]]), 2)
    return None


def _scaled(words: Sequence[str], at: int) -> tuple[int, int]:
    scale = 1
    while at < len(words) and words[at] in SCALES:
        scale *= SCALES[words[at]]
        at += 1
    return scale, at


def _cardinal(words: Sequence[str]) -> Found | None:
    """Return `two hundred and fifty thousand`, an ordinal at the end included. Two small numbers side by side are none."""
    total = group = Fraction(0)
    at, last, ordinal = 0, Fraction(10**18), False
    while at < len(words):
        word = words[at]
        joined = word == "and" and at > 0 and words[at - 1] in SCALES and words[at + 1 : at + 2]
        if joined and (words[at + 1] in SMALL or words[at + 1] in ORDINALS):
            at, word = at + 1, words[at + 1]
        if word in SMALL or (at == 0 and _is_digits(word)):
            value = Fraction(SMALL[word]) if word in SMALL else Fraction(word.replace(",", ""))
            if at and not value < last:
                break
            if at and not (last >= 100 or (last >= 20 and last % 10 == 0 and 0 < value < 10)):
                break
            group, last = group + value, value
        elif word in SCALES and at:
            scale = SCALES[word]
            if scale == 100:
                group, last = group * 100, Fraction(100)
            else:
                total = total + group * scale if group else total * scale
                group, last = Fraction(0), Fraction(scale)
        elif (
            word in ORDINALS
            and at
            and 0 < ORDINALS[word] < last
            and (last >= 100 or (last % 10 == 0 and ORDINALS[word] < 10))
        ):
            group, at, ordinal = group + ORDINALS[word], at + 1, True
            break
        else:
            break
        at += 1
    if at and words[at - 1] == "and":
        at -= 1
    return Found(total + group, at, ordinal) if at else None


def _is_digits(word: str) -> bool:
    return bool(re.fullmatch(r"\d[\d,]*(?:\.\d+)?|\.\d+", word))


_DIGITS = {c: v for v, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3}
_CHINESE_SCALES = {"十": 10, "百": 100, "千": 1000}
CHINESE = re.compile(
    "(?:负)?(?:[零一二两三四五六七八九十百千]+又)?[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?(?:分之[零一二两三四五六七八九十百千]+)?"
)


def chinese(text: str) -> Fraction | None:
    """Return the number of Chinese characters, 三百零五, 二点五, 三分之二; None where they are none."""
    if text.startswith("负"):
        inner = chinese(text[1:])
        return None if inner is None else -inner
    if "又" in text:
        first, rest = (chinese(piece) for piece in text.split("又", 1))
        return None if first is None or rest is None else first + rest
    if "分之" in text:
        bottom, top = (chinese(part) for part in text.split("分之", 1))
        return None if bottom is None or top is None or not bottom else top / bottom
    whole, _, part = text.partition("点")
    if part:
        value = chinese(whole)
        digits = "".join(str(_DIGITS[c]) for c in part)
        return None if value is None else value + Fraction(int(digits), 10 ** len(digits))
    if not whole:
        return None
    if len(whole) > 1 and all(c in _DIGITS for c in whole):  # 二〇二三
        return Fraction(int("".join(str(_DIGITS[c]) for c in whole)))
    total, group, digit = 0, 0, 0
    for c in whole:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif c in _CHINESE_SCALES:
            group, digit = group + (digit or 1) * _CHINESE_SCALES[c], 0
        elif c == "万":
            total, group, digit = total + (group + digit) * 10**4, 0, 0
        elif c == "亿":
            total, group, digit = (total + group + digit) * 10**8, 0, 0
        else:
            return None
    return Fraction(total + group + digit)
