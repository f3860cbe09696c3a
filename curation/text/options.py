"""Options of multiple-choice questions: those that a question lists (the one reader is `rewards.options`), and what is done with them."""

from collections.abc import Sequence

from rewards.naming import label_of
from rewards.options import options_in
from rewards.stored import as_options

__all__ = ["as_options", "list_options", "options_in", "read_again"]


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
