"""Several questions in the numbered fields of one record: `context_1` with `answer_1`, `question2` with `answer2`."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from curation.init.columns import Column, snake
from curation.init.roles import score_of
from curation.init.words import ANSWER, CONTEXT, NO_ANSWER, QUESTION

_NUMBER = re.compile(r"(?P<head>.*[^\W\d])[ _-]?(?P<number>\d{1,2})\Z", re.DOTALL)
_SURE = 7


def numbered(columns: Sequence[Column]) -> Iterator[tuple[str, set[str]]]:
    """(number, fields that belong to others) for every number; ('', none) where fields are not numbered so.

    Answers alone (`answer1` to `answer4`) are options of one question; questions or passages with the same numbers make them several.
    """
    families: dict[str, dict[str, str]] = defaultdict(dict)
    for column in columns:
        parent, _, last = column.path.rpartition(".")
        if match := _NUMBER.match(last):
            families[f"{parent}.{match['head']}"][match["number"]] = column.path
    asking = [family for family in families if _is_called(family, QUESTION) or _is_passage(family)]
    answers = [family for family in families if _is_called(family, ANSWER) and not _is_no_answer(family)]
    pairs = [
        (one, two)
        for one in answers
        for two in asking
        if one != two and len(families[one].keys() & families[two].keys()) > 1
    ]
    if not pairs:
        yield "", set()
        return
    numbers = sorted(families[pairs[0][0]].keys() & families[pairs[0][1]].keys(), key=int)
    parallel = [family for family in families.values() if len(family.keys() & set(numbers)) > 1]
    for number in numbers:
        others = {path for family in parallel for other, path in family.items() if other != number}
        around = {path.rpartition(".")[0] for path in others} - {""}
        below = {c.path for c in columns if any(c.path.startswith(f"{path}.") for path in others)}
        yield number, others | around | below


def _last(family: str) -> str:
    return snake(family.rpartition(".")[2])


def _is_called(family: str, table: dict[str, float]) -> bool:
    return table.get(_last(family), 0) >= _SURE or any(table.get(w, 0) >= _SURE for w in _last(family).split("_"))


def _is_passage(family: str) -> bool:
    return not CONTEXT.isdisjoint(_last(family).split("_"))


def _is_no_answer(family: str) -> bool:
    return score_of(_last(family), ANSWER, NO_ANSWER) < _SURE - 1
