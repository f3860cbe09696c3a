"""Which column may be what: a score from its name and from its values, for every role that a row has."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from curation.init.columns import Column, snake
from curation.init.words import ANSWER, CONTEXT, ID, NO_ANSWER, NO_QUESTION, QUESTION, TRACE

_THINKS = r"(?i)<think>|<thought>|begin_of_thought|</think>"
_OF_TEXT = frozenset(("text", "content", "body", "string", "str", "en", "zh", "a", "b", "c"))
_WORKED = r"\\boxed\{[^{}]|#### |</?[Tt]hink>|</?[Tt]hought>|begin_of_thought"
"""What a solution has and a question has not."""


@dataclass(frozen=True)
class Scored:
    """A candidate for a role."""

    expression: str
    score: float
    column: Column


def best_questions(columns: Sequence[Column]) -> list[Scored]:
    """Candidates for the question, the best first; of two that say the same a field of its own comes before one in a conversation."""
    inside, rows = text_lists(columns), row_lists(columns)
    found = [
        Scored(column.path, score, column)
        for column in columns
        if column.path.rpartition(".")[0] not in inside
        and not any(re.match(rf"{re.escape(path)}\.-?\d", column.path) for path in rows)
        and (score := _question(column)) > 0
    ]
    texts = {one.expression: _said(one.column) for one in found}
    best: dict[tuple[str, ...], float] = {}
    for one in found:
        best[texts[one.expression]] = max(best.get(texts[one.expression], 0), one.score)
    return _ranked(
        one
        if "." in one.expression or not one.column.is_text
        else replace(one, score=best[texts[one.expression]] + 0.5)
        for one in found
    )


def _said(column: Column) -> tuple[str, ...]:
    return tuple(
        messages_text(value).strip() if is_messages(value) else str(value).strip() for value in column.values[:50]
    )


def best_answers(columns: Sequence[Column], question: Column | None = None) -> list[Scored]:
    """Candidates for the answer, the best first: not the question again, no trace of a model, no single item of several."""
    asked = _said(question) if question else ()
    lists = {
        c.path for c in columns if any(isinstance(v, list) and len(v) > 1 and not is_messages(v) for v in c.filled)
    }
    return _ranked(
        Scored(column.path, score, column)
        for column in columns
        if (score := _answer(column)) > 0
        and _said(column) != asked
        and column.matching(_THINKS) < 0.5
        and re.sub(r"\.-?\d+\Z", "", column.path) not in lists - {column.path}
    )


def best_ids(columns: Sequence[Column]) -> list[Scored]:
    """Candidates for the id: in every record, and never twice."""
    found = []
    for column in columns:
        words = column.name.split("_")
        prior = ID.get(column.name, 0) or (7 if words[-1] in ("id", "pid", "idx") else 0)
        unique = len(column.texts) == len(column.values) == len(set(column.texts)) and column.length <= 100
        if prior and column.is_scalar and unique:
            found.append(Scored(column.path, prior - column.path.count("."), column))
    return _ranked(iter(found))


def best_traces(columns: Sequence[Column]) -> list[Scored]:
    """Columns that hold a trace: long, and thinking in tags or worked out."""
    found = []
    for column in columns:
        thinks = column.matching(_THINKS)
        named = not TRACE.isdisjoint(column.name.split("_"))
        if not {"prompt", "instruction", "input", "question", "problem"}.isdisjoint(snake(column.path).split("_")):
            continue
        if column.is_text and (thinks >= 0.5 or (named and column.length >= 600)):
            found.append(Scored(column.path, 10 * thinks + 3 * named - column.path.count(".") * 0.5, column))
    return _ranked(iter(found))


def contexts(columns: Sequence[Column], question: str) -> list[Column]:
    """Text that a question needs in front of it: a passage, premises as a list of texts, a hint. No single item of a list."""
    where = question.rpartition(".")[0]
    inside = text_lists(columns)
    return [
        column
        for column in columns
        if _is_passage(column.name)
        and column.path != question
        and (column.path.rpartition(".")[0] in (where, "") or column.path.count(".") == 1)
        and (column.path in inside or (column.is_text and column.length >= 4))
        and column.path.rpartition(".")[0] not in inside
    ]


def _is_passage(name: str) -> bool:
    """Whether a name is that of a passage: `reading_passage`, `context_1`, `story_text`, and not `fact_spans` or `context_id`."""
    if name in CONTEXT:
        return True
    words = [word for word in name.split("_") if not word.isdigit() and word not in _OF_TEXT]
    return bool(words) and (words[-1] in CONTEXT or any(w in words[-1] for w in CONTEXT if not w.isascii()))


def text_lists(columns: Sequence[Column]) -> set[str]:
    """Paths of lists of texts, of which some have several: what an index into them leaves out is lost."""
    return {
        column.path
        for column in columns
        if all(isinstance(v, list) and all(isinstance(one, str) for one in v) for v in column.filled)
        and any(len(v) > 1 for v in column.filled)
    }


def row_lists(columns: Sequence[Column]) -> set[str]:
    """Paths of lists of objects, of which some have several: an index reads one of them and loses the rest."""
    return {
        column.path
        for column in columns
        if all(isinstance(v, list) and all(isinstance(one, dict) for one in v) for v in column.filled)
        and any(len(v) > 1 for v in column.filled)
        and not any(map(is_messages, column.filled))
    }


def is_messages(value: Any) -> bool:
    """Whether a value is a conversation: OpenAI's {role, content} or ShareGPT's {from, value}."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(turn, Mapping) and ({"role", "content"} <= turn.keys() or {"from", "value"} <= turn.keys())
            for turn in value
        )
    )


def messages_text(value: Any) -> str:
    """The text of the last turn of the user."""
    for turn in reversed(value):
        if turn.get("role", turn.get("from")) in ("user", "human"):
            content = turn.get("content", turn.get("value"))
            if isinstance(content, list):
                return " ".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
            return str(content or "")
    return ""


def score_of(name: str, table: Mapping[str, float], against: frozenset[str]) -> float:
    """The score of a name: of its best word, a little more for every further one; none where a word speaks against it."""
    if name in table:
        return table[name]
    words = [word for word in name.split("_") if len(word) > 1 or not word.isascii()]
    known = sorted((table[word] for word in words if word in table), reverse=True)
    if not known:
        known = [max((score for word, score in table.items() if not word.isascii() and word in name), default=0)]
    right = {"options", "choices", "letter", "index", "idx"} if "correct" in words else set()  # `correct_options`
    against_it = sum(word in against and word not in table and word not in right for word in words)
    joined = table.get("".join(words), 0)
    return max(known[0] + 0.5 * (len(known) - 1) - 0.3 * (len(words) - len(known)), joined) - 8 * against_it


def _question(column: Column) -> float:
    if column.filled and is_messages(column.filled[0]):
        texts = Column(column.path, [messages_text(v) for v in column.filled if is_messages(v)])
        score = 8 + score_of(column.name, QUESTION, NO_QUESTION) + 3 * texts.asks - 6 * texts.matching(_WORKED)
        return score if texts.length >= 8 else 0.0
    if not column.is_text or column.share < 0.3 or column.length < 6:
        return 0.0
    prior = score_of(column.name, QUESTION, NO_QUESTION) - (0.3 * column.path.count("."))
    if re.search(r"\.(?:content|value|text)\Z", column.path):
        outer = [part for part in column.path.split(".")[:-1] if not re.fullmatch(r"-?\d+", part)]
        prior = max(prior, score_of(snake(outer[-1]) if outer else "", QUESTION, NO_QUESTION) - 1)
    score = prior + 4 * column.asks + 2 * column.distinct + (2 if 15 <= column.length <= 3000 else 0) + 2 * column.share
    score -= 6 * column.matching(_WORKED)
    score -= 8 * column.matching(r"(?i)\.(?:png|jpe?g|gif|webp)\Z|\Ahttps?://\S+\Z|\A[\d\W]*\Z")
    score -= 4 * (" " not in " ".join(column.texts[:20]).replace("\u3000", "") and column.length < 8)
    return score - 6 * column.is_constant


def _answer(column: Column) -> float:
    is_letter = re.search(r"(?:\A|\.)[A-Z]\Z", column.path)  # an option, where `a` is an answer
    prior = 0.0 if is_letter else score_of(column.name, ANSWER, NO_ANSWER)
    if column.path.isdigit() and column.length <= 40:
        prior = 3.0  # an item of a record without names
    lists = [v for v in column.filled if isinstance(v, list | dict)]
    if prior <= 0 or (not column.is_scalar and not lists) or is_messages(column.filled[0]):
        return 0.0
    if re.search(r"\.-?\d+\Z", column.path):
        prior -= 3  # an item of a list that is a candidate itself
    prior -= 0.5 * column.path.count(".")
    score = prior + 2 * column.share
    if (
        lists
        and max(len(str(value)) for value in lists) <= 400
        and not any(isinstance(one, int | float) for v in lists for one in v)
    ):
        score += 3
    elif column.texts:
        score += 3 if column.length <= 40 else 0 if column.length <= 300 else -1
        score += 3 * column.matching(r"####\s*\S+\s*\Z") + 2 * column.matching(r"\\boxed\{")
        score -= 4 * column.is_constant
    return score


def _ranked(found: Iterator[Scored]) -> list[Scored]:
    return sorted(found, key=lambda one: -one.score)
