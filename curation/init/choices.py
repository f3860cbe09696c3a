"""Where the options of multiple-choice records are: in one field of any dress, in columns, or in the question's own text."""

import re
import string
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.init.columns import Column, snake
from curation.init.roles import is_messages
from curation.init.words import OPTIONS
from curation.text.options import as_options, options_in

_SERIES = re.compile(r"\A(?P<head>.*?)(?P<mark>[A-Za-z]|\d+)(?P<tail>\W*)\Z", re.DOTALL)
_LISTED = re.compile(r"\(?\b[A-Ea-e1-5]\s?[).:、．]|\||\A\s*[\[({]|\Aarray\(")
_NO_OPTIONS = frozenset(
    ("label", "labels", "answer", "answers", "alias", "aliases", "accepted", "gold", "golds", "target", "targets")
)
_OTHER_SERIES = re.compile(r"(?i)image|img|pic|fig|turn|step|hint|sol\w*n|distract|incorrect|wrong")


@dataclass(frozen=True)
class OptionsAt:
    """A candidate for `fields.options`; `labels` names a field of labels beside it; `count` is how many options a record has at most."""

    expression: str | tuple[str, ...]
    score: float
    count: int
    labelled: bool = False
    """Whether the options carry labels of their own, which then say what an integer gold means."""


NONE = OptionsAt("", 0, 0)


def best_options(columns: Sequence[Column], question: Column) -> list[OptionsAt]:
    """Candidates for the options, the best first, and none at all last."""
    found = [*_fields(columns), *_series(columns), *_listed(question)]
    return [*sorted(found, key=lambda one: -one.score), NONE]


def _fields(columns: Sequence[Column]) -> Iterator[OptionsAt]:
    for column in columns:
        if re.search(r"\.-?\d+\Z|\A-?\d+\Z", column.path) and not isinstance(column.filled[0], list | dict):
            continue
        words = column.name.split("_")
        prior = OPTIONS.get(column.name, 0) or max((OPTIONS.get(word, 0) - 1 for word in words), default=0)
        shapes = [options_like(value) for value in column.filled[:50]]
        read = [n for n, _ in filter(None, shapes)]
        if len(read) < 0.6 * len(shapes) or not read or not _NO_OPTIONS.isdisjoint(snake(column.path).split("_")):
            continue
        if prior <= 0 and (column.is_text or len(set(read)) > 3 or max(map(_longest, column.filled[:50])) > 200):
            continue
        if words[-1] == "text" and "." in column.path:
            continue  # the whole dict is the candidate
        labelled = any(known[1] for known in filter(None, shapes))
        yield OptionsAt(
            column.path, prior + 2 * column.share + labelled - 0.3 * column.path.count("."), max(read), labelled
        )


def _longest(value: Any) -> int:
    return max((len(str(item)) for item in (value.values() if isinstance(value, Mapping) else value)), default=0)


def options_like(value: Any) -> tuple[int, bool] | None:
    """(how many options, whether they carry labels) of a value in one of the dresses of options, else None."""
    if isinstance(value, Mapping):
        texts = next(
            (value[key] for key in ("text", "texts", "content", "choices") if isinstance(value.get(key), list)), None
        )
        if texts is not None:
            return (len(texts), True) if len(texts) > 1 else None
        names = [str(key) for key in value]
        marked = len(names) > 1 and all(
            re.fullmatch(r"(?:option|choice)?[_ ]?(?:[A-Za-z]|\d{1,2})", name) for name in names
        )
        return (sum(item not in (None, "") for item in value.values()), names[0].isdigit()) if marked else None
    if isinstance(value, list | tuple):
        if len(value) < 2 or is_messages(value):
            return None
        if all(isinstance(item, Mapping) for item in value):
            keys = {str(key).lower() for key in value[0]}
            return (len(value), True) if keys & {"label", "key", "option", "letter"} and len(keys) > 1 else None
        return (len(value), False) if not any(isinstance(item, list | bytes | Mapping) for item in value) else None
    if isinstance(value, str) and 3 <= len(value) <= 4000:
        n = max(len(as_options(value)), len(options_in(f"?\n{value}")))
        if n < 2 and _LISTED.search(value):
            n = max(
                value.count("|") + 1, len(re.findall(r"(?:^|\s|\()[A-Ja-j]\s?[).:、．]", value)), value.count("' '") + 1
            )
        return (n, False) if n > 1 else None
    return None


def _series(columns: Sequence[Column]) -> Iterator[OptionsAt]:
    """Columns `A` to `D`, `option1` to `option4`, `opa` to `opd`, `answerA` to `answerC`."""
    series: dict[tuple[str, str, bool], list[tuple[int, Column]]] = defaultdict(list)
    for column in columns:
        if column.is_scalar and (match := _SERIES.match(column.path)) and not _OTHER_SERIES.search(match["head"]):
            mark = match["mark"]
            number = int(mark) if mark.isdigit() else string.ascii_lowercase.index(mark.lower())
            head = match["head"]
            if (
                mark.isalpha()
                and mark.islower()
                and head
                and not re.search(r"(?i)(?:op|opt|option|choice|ans|answer|ending|sol)[_ ]?\Z", head)
            ):
                continue
            series[head, match["tail"], mark.isdigit()].append((number, column))
    for (head, _, is_number), found in series.items():
        found.sort(key=lambda pair: pair[0])
        run = [column for i, (number, column) in enumerate(found) if number == found[0][0] + i]
        starts_well = found[0][0] in ((0, 1) if is_number else (0,))
        path_of_list = is_number and (head.endswith(".") or head == "")
        if starts_well and 2 <= len(run) <= 26 and not path_of_list and min(c.share for c in run[:2]) > 0.5:
            known = re.search(
                r"(?i)(?:op|opt|option|choice|ans|answer|ending|sol|选项)[_ ]?\Z", head
            ) or not head.strip("._ ")
            yield OptionsAt(tuple(column.path for column in run), (9 if known else 2) + (head == "") * 1.0, len(run))


def _listed(question: Column) -> Iterator[OptionsAt]:
    counts = [len(options_in(text)) for text in question.texts[:60]]
    share = sum(n > 1 for n in counts) / max(len(counts), 1)
    if share >= 0.3:
        yield OptionsAt("$question", 6 * share, max(counts), True)
