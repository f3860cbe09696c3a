"""Options of multiple-choice rows: find them in a question, list them under it, and read which one the gold means."""

import ast
import json
import re
import string
from collections.abc import Sequence
from typing import Any

_MARKER = re.compile(r"^[ \t]*(?:\(([A-J])\)|([A-J])(?:\)\.|[.):：．、]))[ \t]*", re.MULTILINE)
_BLANK = re.compile(r"\n\s*\n")


def as_options(value: Any) -> list[str]:
    """Options as a data set stores them - a list, a dict {A: ...}, a list or dict written as JSON or Python text - as plain texts.

    >>> as_options("['7', 9]")
    ['7', '9']
    """
    if isinstance(value, str) and value.strip()[:1] in ("[", "{"):
        value = _parsed(value.strip())
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value) if value[key] is not None]
    if not isinstance(value, list | tuple):
        return []
    return [str(option).strip() for option in value]


def listed_options(question: str) -> list[str]:
    """The options that a question lists itself, one a line as `A. ...`, `(A) ...` or `A: ...`, in order from A; else [].

    What follows the last one after a blank line is no part of it.

    >>> listed_options("Which one?\\nA. red\\nB. blue\\n\\nAnswer with a letter.")
    ['red', 'blue']
    """
    found: list[tuple[int, int]] = []
    for match in _MARKER.finditer(question):
        letter = match[1] or match[2]
        if letter == string.ascii_uppercase[len(found)]:
            found.append(match.span())
    ends = [start for start, _ in found[1:]] + [len(question)]
    if len(found) < 2:
        return []
    *options, last = (question[begin:end].strip() for (_, begin), end in zip(found, ends, strict=True))
    return [*options, last if any(map(_BLANK.search, options)) else _BLANK.split(last)[0]]


def list_options(question: str, options: Sequence[str]) -> str:
    """The question with its options below it, one a line."""
    lines = [f"{letter}. {option}" for letter, option in zip(string.ascii_uppercase, options, strict=False)]
    return question.rstrip() + "\n" + "\n".join(lines)


def read_letter(gold: Any, options: Sequence[str]) -> str | None:
    """The letter of the option that a gold means: its exact text, its letter, or the same text or number written otherwise.

    None where no option fits, or more than one.

    >>> read_letter(5, ["7", "5.0"]), read_letter("(b)", ["7", "5"]), read_letter("9", ["7", "5"])
    ('B', 'B', None)
    """
    text = str(gold).strip()
    letters = string.ascii_uppercase[: len(options)]
    if text in options:
        return letters[options.index(text)] if options.count(text) == 1 and options.index(text) < len(letters) else None
    if (match := re.fullmatch(r"\(?([A-Za-z])\)?[.:]?", text)) and match[1].upper() in letters:
        return match[1].upper()
    same = [letter for letter, option in zip(letters, options, strict=False) if _folded(option) == _folded(text)]
    return same[0] if len(same) == 1 else None


def _folded(text: str) -> str:
    folded = " ".join(text.casefold().split()).rstrip(".")
    try:
        return repr(float(folded.replace(",", "")))
    except ValueError:
        return folded


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
