r"""The options that a multiple-choice question lists inside its own text: one a line, or in a line as `(A) 3 (B) 4 (C) 5`."""

import re
import string

from curation.filters.open_ended import without_code
from curation.sources.formats.choices import listed_options
from rewards.gold import options_in as gold_options

_INLINE = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:\A|(?<=\s)|(?<=[$.?:;,)}]))\(([A-J])\)\s*",
        r"\$?\\(?:textbf|text|mathrm|mathbf)\s?\{\s?\(?([A-J])\)?[.:]?\s?\}(?:\\ |[ ~])*",
        r"(?:\A|(?<=\s)|(?<=[$.?:;)}]))([A-J])[.．、)]\s*(?=\S)",
    )
)
_LOWER = re.compile(r"^[ \t]*(?:\(([a-j])\)|([a-j])[.)])[ \t]+(?=\S)", re.MULTILINE)
_SEPARATOR = re.compile(r"(?:\\q?quad|\\[ ,;\\]|\$\\bullet\$|[\s,;~])+\Z")
MIN_OPTIONS = 3
"""In one line `A. B.` may be two initials; three letters in order are a list."""


def options_in(question: str) -> list[str]:
    r"""The options in order, from A; [] where the question lists none.

    >>> options_in("How many? (A) 3 (B) 4 (C) 5")
    ['3', '4', '5']
    """
    question = without_code(question)
    found = listed_options(question)
    for pattern in (*_INLINE, _LOWER):
        if not found:
            found = _in_order(pattern, question)
    return found if len(found) > 1 and all(found) and len(set(found)) == len(found) else []


def read_anew(choices: list[str] | None, before: str, after: str) -> list[str]:
    r"""The options of a question that was normalised, where it is the question they were read from and they come out otherwise; else [].

    What stood behind the last option was taken for a part of it.

    >>> read_anew(["3", r"4 Put your answer in \boxed{}."], "A. 3\nB. 4 Put your answer in \\boxed{}.", "A. 3\nB. 4")
    ['3', '4']
    """
    for finder in (gold_options, listed_options):
        if choices and finder(before) == choices:
            found = finder(after)
            return found if len(found) == len(choices) and found != choices else []
    return []


def _in_order(pattern: re.Pattern[str], question: str) -> list[str]:
    """What stands between the markers A, B, C, ..., taken from the last A on."""
    runs: list[list[re.Match[str]]] = [[]]
    for match in pattern.finditer(question):
        letter = next(group for group in match.groups() if group).upper()
        if letter == "A":
            runs.append([match])
        elif runs[-1] and letter == string.ascii_uppercase[len(runs[-1])]:
            runs[-1].append(match)
    markers = runs[-1]
    if len(markers) < MIN_OPTIONS:
        return []
    ends = [marker.start() for marker in markers[1:]] + [len(question)]
    texts = [question[marker.end() : end] for marker, end in zip(markers, ends, strict=True)]
    if "\n\n" in texts[-1].strip():
        return []
    return [_bare(text) for text in texts]


def _bare(text: str) -> str:
    """An option without what separated it from the next."""
    text = _SEPARATOR.sub("", text.strip()).lstrip(".: ")
    return text.removesuffix("$").strip() if text.count("$") == 1 and text.endswith("$") else text
