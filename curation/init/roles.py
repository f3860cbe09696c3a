"""Which column may be what: a score from its name and from its values, for every role that a row has."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.init.columns import Column, snake

QUESTION = {
    "question": 10, "problem": 9, "stem": 9, "quiz": 8, "puzzle": 7, "query": 8, "prompt": 7, "instruction": 7, "input": 6, "statement": 6,
    "task": 5, "goal": 6, "sentence": 5, "content": 5, "text": 4, "ctx": 5, "context": 4, "messages": 8, "conversations": 8,
    "conversation": 8, "dialog": 7, "dialogue": 7, "questions": 8, "q": 8, "exercise": 6, "body": 5,
    "题目": 10, "问题": 10, "题干": 10, "试题": 9, "内容": 5,
}  # fmt: skip
ANSWER = {
    "answer": 10, "answers": 9, "gold": 9, "golds": 8, "target": 8, "targets": 7, "label": 7, "labels": 5, "truth": 9, "groundtruth": 9,
    "gt": 8, "correct": 7, "solution": 5, "solutions": 3, "output": 5, "completion": 2, "response": 3, "expected": 6, "reference": 5,
    "ref": 4, "cop": 7, "key": 2, "final": 2, "result": 3, "value": 1, "a": 7, "y": 4, "ans": 9, "target_text": 6,
    "答案": 10, "正确答案": 11, "标准答案": 11, "解答": 5, "解析": 2,
}  # fmt: skip
OPTIONS = {
    "options": 10, "choices": 10, "candidates": 7, "endings": 8, "alternatives": 7, "option": 8, "choice": 7, "choice_list": 9, "o": 5,
    "distractors": 2, "mcq": 4, "选项": 10, "answers": 3, "targets": 2,
}  # fmt: skip
IMAGE = {"image", "images", "img", "imgs", "picture", "pictures", "pic", "figure", "figures", "photo", "diagram", "imgname", "imagepath",
         "screenshot", "图片", "图像"}  # fmt: skip
CONTEXT = {"passage", "article", "story", "premises", "paragraph", "hint", "context", "background", "scenario", "ctx", "material", "document",
           "材料", "背景"}  # fmt: skip
ID = {
    "id": 10,
    "qid": 9,
    "uid": 9,
    "pid": 8,
    "uuid": 9,
    "idx": 7,
    "index": 7,
    "questionid": 9,
    "ind": 6,
    "number": 3,
    "name": 4,
    "编号": 8,
}
TRACE = {
    "response",
    "completion",
    "output",
    "solution",
    "generation",
    "reasoning",
    "cot",
    "rationale",
    "trace",
    "generated",
    "thought",
    "code",
}
NO_QUESTION = frozenset(
    "id idx index type types number num count len length hash url source date path name topic subject category level difficulty split "
    "concept format tokens rationale solution solutions explanation cot author lang language model prediction pred answer answers options "
    "choices image images img file label labels hint lecture role generator skill grade task_type bloom tag tags status".split()
)
NO_ANSWER = frozenset(
    "id type types kind count num explanation rationale confidence start end length format unit prediction pred preds model options "
    "choices cot source score question problem incorrect wrong distractor number code report date image role report precision "
    "language lang level style aliases alias split".split()
)


@dataclass(frozen=True)
class Scored:
    """A candidate for a role."""

    expression: str
    score: float
    column: Column


def best_questions(columns: Sequence[Column]) -> list[Scored]:
    """Candidates for the question, the best first."""
    return _ranked(Scored(column.path, score, column) for column in columns if (score := _question(column)) > 0)


def best_answers(columns: Sequence[Column]) -> list[Scored]:
    """Candidates for the answer, the best first."""
    return _ranked(Scored(column.path, score, column) for column in columns if (score := _answer(column)) > 0)


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
        thinks = column.matching(r"(?i)<think>|<thought>|begin_of_thought|</think>")
        named = not TRACE.isdisjoint(column.name.split("_"))
        if column.is_text and column.length >= 40 and (thinks >= 0.5 or (named and column.length >= 600)):
            found.append(Scored(column.path, 10 * thinks + 3 * named - column.path.count(".") * 0.5, column))
    return _ranked(iter(found))


def contexts(columns: Sequence[Column], question: str) -> list[Column]:
    """Text that a question needs in front of it: a passage, premises, a hint."""
    where = question.rpartition(".")[0]
    return [
        column
        for column in columns
        if not CONTEXT.isdisjoint(column.name.split("_"))
        and column.path != question
        and column.path.rpartition(".")[0] in (where, "")
        and "id" not in column.name.split("_")
        and column.is_text
        and column.length >= 4
    ]


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


def _prior(name: str, table: Mapping[str, float], against: frozenset[str]) -> float:
    """The score of a name: of its best word, a little more for every further one; none where a word speaks against it."""
    if name in table:
        return table[name]
    words = [word for word in name.split("_") if word]
    known = sorted((table[word] for word in words if word in table), reverse=True)
    if not known:
        known = [max((score for word, score in table.items() if not word.isascii() and word in name), default=0)]
    against_it = sum(word in against and word not in table for word in words)
    joined = table.get("".join(words), 0)
    return max(known[0] + 0.5 * (len(known) - 1) - 0.3 * (len(words) - len(known)), joined) - 8 * against_it


def _question(column: Column) -> float:
    if column.filled and is_messages(column.filled[0]):
        texts = Column(column.path, [messages_text(v) for v in column.filled if is_messages(v)])
        return 4 + _prior(column.name, QUESTION, NO_QUESTION) + 3 * texts.asks if texts.length >= 8 else 0.0
    if not column.is_text or column.share < 0.3 or column.length < 6:
        return 0.0
    prior = _prior(column.name, QUESTION, NO_QUESTION) - (0.3 * column.path.count("."))
    if re.search(r"\.(?:content|value|text)\Z", column.path):
        outer = [part for part in column.path.split(".")[:-1] if not re.fullmatch(r"-?\d+", part)]
        prior = max(prior, _prior(snake(outer[-1]) if outer else "", QUESTION, NO_QUESTION) - 1)
    score = prior + 4 * column.asks + 2 * column.distinct + (2 if 15 <= column.length <= 3000 else 0) + 2 * column.share
    score -= 6 * column.matching(r"\\boxed\{[^{}]|#### |</think>")
    score -= 8 * column.matching(r"(?i)\.(?:png|jpe?g|gif|webp)\Z|\Ahttps?://\S+\Z|\A[\d\W]*\Z")
    score -= 4 * (" " not in " ".join(column.texts[:20]).replace("\u3000", "") and column.length < 8)
    return score - 6 * column.is_constant


def _answer(column: Column) -> float:
    prior = _prior(column.name, ANSWER, NO_ANSWER)
    lists = [v for v in column.filled if isinstance(v, list | dict)]
    if prior <= 0 or (not column.is_scalar and not lists) or is_messages(column.filled[0]):
        return 0.0
    if re.search(r"\.-?\d+\Z", column.path):
        prior -= 3  # an item of a list that is a candidate itself
    prior -= 0.5 * column.path.count(".")
    score = prior + 2 * column.share
    if column.texts:
        score += 3 if column.length <= 40 else 0 if column.length <= 300 else -1
        score += 3 * column.matching(r"####\s*\S+\s*\Z") + 2 * column.matching(r"\\boxed\{")
        score -= 4 * column.is_constant
    return score


def _ranked(found: Iterator[Scored]) -> list[Scored]:
    return sorted(found, key=lambda one: -one.score)
