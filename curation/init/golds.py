"""What the values of an answer column say about golds: a pattern that takes them out of a solution, and where options begin to count."""

import re
from collections.abc import Sequence
from typing import Any

from curation.init.columns import Column
from curation.text.options import as_options


def answer_pattern(column: Column) -> str:
    """`gold.answer_pattern` for worked text that ends in `#### 42`, '' where golds are read as they are."""
    return "#### (.+)$" if column.matching(r"(?m)^####\s*\S.*\Z|#### \S.*\Z") >= 0.8 else ""


def option_base(answers: Column, options: Sequence[Any], count: int) -> tuple[int | None, str]:
    """(`gold.option_base`, doubt) where the golds are numbers of options, by what the data settle: a 0 is seen, or the number of the
    last option; (None, '') where golds are letters, or texts of options.
    """
    numbers, as_text, top = [], 0, False
    for value, choices in zip(answers.values, options, strict=False):
        if value is None or choices is None:
            continue
        if isinstance(value, bool) or not re.fullmatch(r"\d{1,2}", str(value).strip()):
            return None, ""
        texts = (
            [str(item) for item in choices if item not in (None, "")]
            if isinstance(choices, list)
            else as_options(choices)
        )
        numbers.append(int(str(value)))
        as_text += str(value).strip() in texts
        top = top or (len(texts) > 1 and numbers[-1] == len(texts))
    if not numbers or as_text > 0.9 * len(numbers):
        return None, ""
    if 0 in numbers and not top:
        return 0, ""
    if top and 0 not in numbers:
        return 1, ""
    said = f"golds are numbers from {min(numbers)} to {max(numbers)} of up to {count} options"
    return None, f"{said}: say gold.option_base, 0 or 1 for the number of the first option"
