"""Options of multiple-choice questions: those that a question lists (the one reader is `rewards.options`), and what is done with them."""

import re
from collections.abc import Sequence

from rewards.naming import label_of
from rewards.options import options_in
from rewards.stored import as_options

__all__ = ["as_options", "list_options", "option_lists", "options_in", "read_again"]

_NUMBER = re.compile(r"(?<![\dA-Za-z.$])(\d{1,3})\s?[.．、)）:：](?!\d)")
_OPTION = re.compile(r"(?<![A-Za-z$\\])[(（]?([A-D])\s?[.．、:：)）]")


def list_options(question: str, options: Sequence[str]) -> str:
    """The question with its options below it, one a line; an option that is missing ('') keeps its letter."""
    lines = [f"{label_of(place)}. {option}" for place, option in enumerate(options) if option]
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


def option_lists(question: str) -> int:
    """How many questions with options of their own, A to C at least, are in the text, each of them numbered one more than the one before.

    >>> option_lists("1. x? A. 1 B. 2 C. 3 D. 4 2. y? A. 5 B. 6 C. 7 D. 8"), option_lists("1. Which? A. 1 B. 2 C. 3")
    (2, 1)
    """
    lists = expected = end = start = 0
    before: set[int] = set()
    for match in _OPTION.finditer(question):
        number = "ABCD".index(match[1])
        if number == 0:
            expected, start = 1, match.start()
        elif number == expected:
            expected += 1
            if match[1] == "C":
                numbers = {int(label[1]) for label in _NUMBER.finditer(question, end, start)}
                lists += not lists or any(label - 1 in before for label in numbers)
                before, end = numbers, match.end()
    return lists
