"""Dates and times of day in the notations that answers use. A date that could be read in two ways (03/04/2020) is none."""

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
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
    r"(\d{1,2})(?:[:.](\d\d))?(?:[:.](\d\d))?\s*(?:([ap])\.?\s*m\.?|o'clock)?(?:\s+([ap])\.?\s*m\.?)?", re.IGNORECASE
)
_CHINESE_TIME = re.compile("(上午|早上|凌晨|下午|晚上|中午)?\\s*(\\d{1,2})\\s*[点时]\\s*(?:(\\d{1,2})\\s*分|(半)|整)?")


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


def time(text: str) -> tuple[int, int, int] | None:
    """Return hour (0 to 23), minute and second of a text that is a time of day and nothing else.

    >>> time("3:00 PM"), time("15:00"), time("12:00 AM"), time("3 pm"), time("3")
    ((15, 0, 0), (15, 0, 0), (0, 0, 0), (15, 0, 0), None)
    """
    bare = text.strip(" ,;")
    if bare.casefold().removeprefix("12 ").removeprefix("12:00 ") in ("noon", "midnight"):
        return (12 if "noon" in bare.casefold() else 0), 0, 0
    if (match := _CHINESE_TIME.fullmatch(bare)) is not None:
        half, hour_text, minute_text, is_half = match.groups()
        hour = int(hour_text) + (12 if half in ("下午", "晚上") and int(hour_text) < 12 else 0)
        return (hour, 30 if is_half else int(minute_text or 0), 0) if hour < 24 else None
    match = _TIME.fullmatch(bare)
    if (
        match is None
        or not (match[2] or match[4] or match[5] or "o'clock" in bare.lower())
        or ("." in bare[:3] and not (match[4] or match[5]))
    ):
        return None
    hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    which = (match[4] or match[5] or "").lower()
    if which and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + 12 * (which == "p") if which else hour
    return (hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None
