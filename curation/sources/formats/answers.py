"""What a record's answer field holds: one answer, several that are accepted, or a record around them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from curation.core.errors import BadRowError
from rewards.written import literal

ACCEPTED = re.compile(
    r"(?:all_|gold_|valid_|accepted_|acceptable_|possible_|correct_|reference_|ground_truth_)*(?:answers|aliases|alternatives|references"
    r"|ground_truths|synonyms)",
    re.IGNORECASE,
)
"""The last name of a field that holds accepted answers, any of which is right."""
_ANSWER_KEYS = ("value", "answer", "text", "texts", "label", "answers", "ground_truth", "final_answer", "content")
_ALIAS_KEYS = ("aliases", "alias", "normalized_aliases", "accepted_answers", "alternatives", "synonyms")


def accepts_any(expression: str) -> bool:
    """Whether the name of a field says that it holds accepted answers.

    >>> accepts_any("annotations.answers"), accepts_any("answer")
    (True, False)
    """
    return ACCEPTED.fullmatch(expression.rsplit(".", 1)[-1]) is not None


def answers_in(raw: Any) -> tuple[list[Any], bool]:
    """The answers of a field, and whether it says itself that any of them is right, as `{"value": ..., "aliases": [...]}` does.

    >>> answers_in({"text": ["blue", "blue"], "answer_start": [3, 9]})
    (['blue', 'blue'], True)
    >>> answers_in([{"answer": "7"}, {"answer": "seven"}]), answers_in("['x', 'y']")
    ((['7', 'seven'], True), (['x', 'y'], False))

    Raises:
        BadRowError: `gold_unreadable`: a record in which no answer can be told from the rest.
    """
    if isinstance(raw, str):
        raw = _as_stored(raw)
    if isinstance(raw, Mapping):
        return _of_record(raw), True
    if isinstance(raw, list | tuple):
        if raw and all(isinstance(item, Mapping) for item in raw):
            return [answer for item in raw for answer in _of_record(item)], True
        return list(raw), False
    return [raw], False


def by_frequency(texts: Iterable[str]) -> list[str]:
    """Each text once, the most frequent first, those of one frequency in their order."""
    return [text for text, _ in Counter(texts).most_common()]


def _as_stored(text: str) -> Any:
    """A text, or the list of texts or the record that it writes; lists of numbers stay mathematics."""
    bare = text.strip()
    value = literal(bare) if bare.startswith(("[", "{", "array")) and re.search(r"['\"]", bare) else None
    if isinstance(value, list) and value and all(isinstance(item, str | Mapping) for item in value):
        return value
    return value if isinstance(value, Mapping) and _names(value) else text


def _names(record: Mapping[str, Any]) -> list[str]:
    names = {str(name).casefold(): name for name in record}
    return [names[key] for key in _ANSWER_KEYS if key in names]


def _of_record(record: Mapping[str, Any]) -> list[Any]:
    names = _names(record)
    if not names:
        detail = f"a record, in which no answer can be told from the rest: {dict(record)!r}"[:250]
        raise BadRowError("gold_unreadable", f"{detail}; name it, as in fields.answer: answer.value")
    found = record[names[0]]
    answers = list(found) if isinstance(found, list | tuple) else [found]
    if any(isinstance(answer, Mapping) for answer in answers):
        answers = [
            inner for answer in answers for inner in (_of_record(answer) if isinstance(answer, Mapping) else [answer])
        ]
    aliases = {str(name).casefold(): value for name, value in record.items()}
    further = [aliases[key] for key in _ALIAS_KEYS if key in aliases]
    return [
        *answers,
        *(alias for value in further for alias in (value if isinstance(value, list | tuple) else [value])),
    ]
