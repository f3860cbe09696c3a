"""Which answer belongs to which question, where a record has several; and what stands beside an answer."""

import re
from collections.abc import Iterator, Sequence
from statistics import median

from curation.init.columns import Column, snake
from curation.init.roles import score_of
from curation.init.words import ANSWER, NO_QUESTION, NOTES, QUESTION

_SURE = 5
_PROSE_WORDS = 4


def is_of_another(question: str, answer: str, paths: Sequence[str]) -> bool:
    """Whether an answer is another question's, by what their names begin with, or both are of one numbered family.

    >>> is_of_another("shape_question", "answer", ["shape_question", "shape_answer", "answer"])
    True
    >>> is_of_another("out_1", "out_2", ["out_1", "out_2"])
    True
    """
    if re.sub(r"\d+\Z", "", question) == re.sub(r"\d+\Z", "", answer) and re.search(r"[^.\d]\d+\Z", question):
        return True
    asked, own = _prefix(question, QUESTION), _prefix(answer, ANSWER)
    answers = {_prefix(path, ANSWER) for path in paths} - {None}
    questions = {_prefix(path, QUESTION) for path in paths} - {None}
    if asked is None or own is None or asked == own:
        return False
    return bool(asked and asked in answers) or bool(own and own in questions)


def _prefix(path: str, table: dict[str, float]) -> str | None:
    """What stands before the last word of a name that is a question's or an answer's; None for other names."""
    words = [word for word in snake(path.rpartition(".")[2]).split("_") if word not in ("tuple", "list", "text")]
    if not words or table.get(words[-1], 0) < _SURE:
        return None
    return "_".join(words[:-1])


def other_questions(question: str, columns: Sequence[Column], explode: str) -> list[str]:
    """A doubt that names further fields that ask, of which a source could be made."""
    used = set(re.findall(r"[^{}\s]+", question))
    names = [
        column.path
        for column in columns
        if column.path not in used
        and not re.search(r"(?:\A|\.)-?\d+(?:\.|\Z)", column.path)
        and not (explode and not column.path.startswith("each."))
        and _prefix(column.path, QUESTION) is not None
        and score_of(column.name.removesuffix("_tuple"), QUESTION, NO_QUESTION) >= _SURE
        and re.search(r"question|problem|query|问题|题目", column.name)
        and _asks(column)
    ]
    return (
        [f"other fields ask too: {', '.join(names[:6])}; a source of its own reads each with its answer"]
        if names
        else []
    )


def unread_texts(used: set[str], columns: Sequence[Column], explode: str) -> Iterator[str]:
    """A doubt that names texts of most records that nothing reads, and that by their names are no solutions or notes: the question may
    need them.
    """
    names = [
        column.path
        for column in columns
        if column.path not in used
        and not any(path.startswith(f"{column.path}.") or column.path.startswith(f"{path}.") for path in used)
        and not re.search(r"(?:\A|\.)-?\d+(?:\.|\Z)", column.path)
        and (not explode or column.path.startswith("each.") or not column.path.startswith(f"{explode}."))
        and column.share > 0.5
        and (
            _is_prose(column)
            if column.is_text
            else "." not in column.path and column.path != explode and _holds_prose(column)
        )
        and NOTES.isdisjoint(column.name.split("_"))
    ]
    if names:
        yield f"no field reads {', '.join(names[:6])}; a question may need what is there: {{{names[0]}}}"


def _is_prose(column: Column) -> bool:
    return column.distinct > 0.3 and median(len(text.split()) for text in column.texts) >= _PROSE_WORDS


def _holds_prose(column: Column) -> bool:
    """Whether the values are lists or objects with text in them."""
    lengths = [len(str(value).split()) for value in column.filled[:50] if isinstance(value, list | dict)]
    return bool(lengths) and median(lengths) >= 3 * _PROSE_WORDS


def _asks(column: Column) -> bool:
    texts = [
        str(v[0]) if isinstance(v, list) and v else str(v) for v in column.filled[:50] if isinstance(v, str | list)
    ]
    return len(texts) > 0 and Column(column.path, texts).asks > 0.5 and Column(column.path, texts).length >= 15


def unit_doubt(answer: str, columns: Sequence[Column]) -> tuple[list[str], list[str]]:
    """(what is unsure, what a hand has to decide) where a field beside the answer holds its unit: `10^6 m` multiplies the number."""
    units = [c for c in columns if "unit" in c.name.split("_") and c.is_text and any(text.strip() for text in c.texts)]
    if not units or not answer:
        return [], []
    column, given = units[0], [text.strip() for text in units[0].texts if text.strip()]
    what = f"{column.path} is filled in {len(given)} of {len(column.values)} records ({given[0][:30]})"
    scaled = [text for text in given if re.search(r"10\s*\^|\\times", text)]
    said = f"the answer is the number alone, '{{{answer}}} {{{column.path}}}' is it with its unit"
    if not scaled:
        return [f"{what}; {said}"], []
    return [], [f"{what} and multiplies the number in {len(scaled)} of them ({scaled[0][:30]}); {said}"]
