"""Dates and times of day in the notations that answers use. A date that could be read in two ways (03/04/2020) is none.

Not `dateutil`: its parser takes the parts that a text leaves out from today, and one of the two readings where there are
two.
"""

import re
from typing import NamedTuple

from rewards.algebra.vocabulary import word_list

_MONTHS = word_list("jan feb mar apr may jun jul aug sep oct nov dec")
_FULL = word_list("january february march april may june july august september october november december")
_MONTH = rf"(?P<month>{'|'.join(_FULL)}|sept|{'|'.join(_MONTHS)})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_NAMED = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_MONTH}\s+{_DAY}(?:\s*,\s*|\s+){_YEAR}",
        rf"(?:the\s+)?{_DAY}(?:\s+of)?[\s-]+{_MONTH}(?:\s*,\s*|[\s-]+){_YEAR}",
        rf"{_YEAR}[\s,]+{_MONTH}\s+{_DAY}",
        rf"{_MONTH}\s+{_DAY}",
        rf"(?:the\s+)?{_DAY}(?:\s+of)?\s+{_MONTH}",
        rf"{_MONTH}(?:\s*,\s*|\s+(?:of\s+)?){_YEAR}",
        r"(?P<year>\d{4})\s*[-/.]\s*(?P<month>\d{1,2})\s*[-/.]\s*(?P<day>\d{1,2})",
        r"(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]",
        r"(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月",
        r"(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]",
    )
]
_SLASHED = re.compile(r"(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})")
_TIME = re.compile(
    r"(\d{1,2})(?:(?:\s*:\s*|\.)(\d\d))?(?:[:.](\d\d))?\s*(?:([ap])\.?\s*m\.?|(o'clock))?(?:\s+([ap])\.?\s*m\.?)?",
    re.IGNORECASE,
)
_CHINESE_TIME = re.compile(
    "(上午|早上|早晨|凌晨|下午|晚上|傍晚|中午)?\\s*(\\d{1,2})\\s*[点时]钟?\\s*(?:(\\d{1,2})\\s*分?|(半)|整)?"
)
_MORNING = re.compile(r" in the morning$", re.IGNORECASE)
_EVENING = re.compile(r" (?:in the (?:afternoon|evening)|at night)$", re.IGNORECASE)
_NAMED_TIMES = {"noon": "pm", "midnight": "am"}


class Clock(NamedTuple):
    """A time of day; `half` is "am", "pm", or "" where an hour of 1 to 12 is written without it, which is then taken for morning."""

    hour: int
    minute: int
    second: int
    half: str


def date(text: str) -> tuple[int | None, int, int | None] | None:
    """Return year, month and day of a text that is a date and nothing else; year or day are None where it has none.

    >>> date("July 4, 1776"), date("the 4th of July"), date("03/04/2020"), date("May flowers")
    ((1776, 7, 4), (None, 7, 4), None, None)
    """
    bare = text.strip(" .,;")
    for pattern in _NAMED:
        if match := pattern.fullmatch(bare):
            found = {"year": None, "day": None, **match.groupdict()}
            month = str(found["month"]).lower()
            number = int(month) if month.isdigit() else _MONTHS.index(month[:3]) + 1
            day = int(found["day"]) if found["day"] else None
            if not 1 <= number <= 12 or (day is not None and not 1 <= day <= 31):
                return None
            return int(found["year"]) if found["year"] else None, number, day
    if match := _SLASHED.fullmatch(bare):
        first, second, year = (int(group) for group in match.groups())
        if first > 12 >= second or (second > 12 >= first) or first == second:
            day, month_number = (first, second) if first > 12 else (second, first)
            return (year, month_number, day) if 1 <= day <= 31 and month_number else None
    return None


def time(text: str) -> Clock | None:
    """Return the time of day that a text is, and nothing else.

    >>> time("3:00 PM"), time("15:00") == time("3 pm"), time("8:45"), time("3")
    (Clock(hour=15, minute=0, second=0, half='pm'), True, Clock(hour=8, minute=45, second=0, half=''), None)
    """
    bare = _EVENING.sub(" PM", _MORNING.sub(" AM", text.strip(" ,;")))
    name = bare.casefold().removeprefix("12:00 ").removeprefix("12 ")
    if name in _NAMED_TIMES:
        return Clock(12 if name == "noon" else 0, 0, 0, _NAMED_TIMES[name])
    if match := _CHINESE_TIME.fullmatch(bare):
        half = "" if not match[1] else "am" if match[1] in ("上午", "早上", "早晨", "凌晨") else "pm"
        return _clock(int(match[2]), 30 if match[4] else int(match[3] or 0), 0, half)
    match = _TIME.fullmatch(bare)
    if match is None or not any(match.group(2, 4, 5, 6)) or ("." in bare[:3] and not (match[4] or match[6])):
        return None
    half = {"a": "am", "p": "pm", "": ""}[(match[4] or match[6] or "").lower()]
    return _clock(int(match[1]), int(match[2] or 0), int(match[3] or 0), half)


def _clock(hour: int, minute: int, second: int, half: str) -> Clock | None:
    if minute > 59 or second > 59 or hour > 23 or (half and not 1 <= hour <= 12):
        return None
    if half:
        return Clock(hour % 12 + 12 * (half == "pm"), minute, second, half)
    return Clock(hour, minute, second, "" if 1 <= hour <= 12 else "pm" if hour > 12 else "am")
