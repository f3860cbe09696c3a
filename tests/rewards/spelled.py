"""Whole numbers in words: English, Chinese, ordinals."""

from __future__ import annotations

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_DIGITS = "零一二三四五六七八九"


def english(n: int, *, joined: bool = False) -> str:
    """Spell a number below a million; `joined` puts the `and` of British English behind the hundred."""
    if n < 20:
        return _SMALL[n]
    if n < 100:
        return _TENS[n // 10] + (f"-{_SMALL[n % 10]}" if n % 10 else "")
    size, name = (100, "hundred") if n < 1000 else (1000, "thousand")
    head, rest = f"{english(n // size, joined=joined)} {name}", n % size
    if not rest:
        return head
    return f"{head} {'and ' if joined and rest < 100 else ''}{english(rest, joined=joined)}"


def chinese(n: int) -> str:
    """Spell a number below a hundred million in characters."""
    if n >= 10_000:
        rest = n % 10_000
        return chinese(n // 10_000) + "万" + ("零" if 0 < rest < 1_000 else "") + (chinese(rest) if rest else "")
    text, gap = "", False
    for place, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = n // place % 10
        if digit:
            text += (
                ("零" if gap and text else "")
                + ("" if digit == 1 and place == 10 and not text else _DIGITS[digit])
                + name
            )
        gap = digit == 0
    return text or "零"


def ordinal(n: int) -> str:
    """Write `21st`, `12th`, `103rd`."""
    return f"{n}{'th' if n % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"
