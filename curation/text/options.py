"""Options of multiple-choice questions: those that a question lists (the one reader is `rewards.options`), and what is done with them."""

import re
import string
from collections.abc import Sequence
from typing import Any

from rewards.options import as_options, options_in

__all__ = ["as_options", "list_options", "options_in", "read_again", "read_letter"]


def list_options(question: str, options: Sequence[str]) -> str:
    """The question with its options below it, one a line."""
    lines = [f"{letter}. {option}" for letter, option in zip(string.ascii_uppercase, options, strict=False)]
    return question.rstrip() + "\n" + "\n".join(lines)


def read_again(options: Sequence[str] | None, before: str, after: str) -> list[str]:
    r"""The options of a question that was changed, where it is the question they were read from and they come out otherwise; else [].

    An instruction behind the last option was taken for a part of it.

    >>> read_again(["3", r"4 Put your answer in \boxed{}."], "A. 3\nB. 4 Put your answer in \\boxed{}.", "A. 3\nB. 4")
    ['3', '4']
    """
    if not options or options_in(before) != options:
        return []
    found = options_in(after)
    return found if len(found) == len(options) and found != options else []


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
