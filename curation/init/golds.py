"""What the values of an answer column say about golds: a pattern that takes them out of a solution, and where options begin to count."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from curation.init.columns import Column
from curation.text.options import as_options


class Base(NamedTuple):
    """`gold.option_base`: 0 or 1 where golds are numbers of options, "text" where they are texts of options, None where it is not needed;
    `doubt` says what the data do not settle.
    """

    value: int | str | None = None
    doubt: str = ""


def answer_pattern(column: Column) -> str:
    """`gold.answer_pattern` for worked text that ends in `#### 42`, '' where golds are read as they are."""
    return "#### (.+)$" if column.matching(r"(?m)^####\s*\S.*\Z|#### \S.*\Z") >= 0.8 else ""


def are_labels(column: Column) -> bool:
    """Whether golds are few words: True, False and Unknown; entailment, neutral and contradiction."""
    words = {text.casefold() for text in column.texts}
    few = 2 <= len(words) <= 8 and len(words) <= 0.34 * len(column.texts)
    return few and all(re.fullmatch(r"[^\W\d_]{2,}(?:[ _/'-][^\W\d_]+){0,3}", word) for word in words)


def option_base(answers: Column, options: Sequence[Any], count: int) -> Base:
    """What integer golds mean, by what the data settle: a 0 is seen, or the number of the last option; or every gold is the text of an
    option, and some could be nothing else.
    """
    pairs = [
        (str(value).strip(), _texts(choices))
        for value, choices in zip(answers.values, options, strict=False)
        if value is not None
    ]
    pairs = [(gold, texts) for gold, texts in pairs if texts]
    numbers = [(int(gold), texts) for gold, texts in pairs if re.fullmatch(r"\d{1,2}", gold)]
    if not numbers:
        return Base()
    in_texts = sum(gold in texts for gold, texts in pairs)
    if in_texts == len(pairs) and (len(numbers) < len(pairs) or any(number > len(texts) for number, texts in numbers)):
        return Base("text")
    if len(numbers) < 0.9 * len(pairs):
        return Base()
    seen = {number for number, _ in numbers}
    has_last = any(number == len(texts) for number, texts in numbers)
    fits = all(number <= len(texts) for number, texts in numbers)
    if fits and (0 in seen) != has_last and in_texts < len(pairs):
        return Base(0 if 0 in seen else 1)
    said = f"golds are numbers from {min(seen)} to {max(seen)} of up to {count} options"
    return Base(None, f"{said}: say gold.option_base, 0 or 1 for the number of the first option, or text")


def _texts(choices: Any) -> list[str]:
    if isinstance(choices, list):
        return [str(item).strip() for item in choices if item not in (None, "")]
    return as_options(choices) if choices is not None else []
