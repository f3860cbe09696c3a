"""The residue of a cold-start set: traces that `verify_traces` could not judge, each with the answer that it ends in."""

import json
import re
from collections.abc import Iterable, Iterator

import numpy as np

import rewards
from curation.core.row import Row, from_record
from curation.core.rows import Rows
from curation.difficulty.triage.residue import last_words, normal
from curation.judging.answers.prompt import MAX_ANSWER_CHARS
from curation.judging.answers.residue import Residue, why_not_asked
from curation.text.options import list_options, options_in
from rewards.extract import after_box, after_thinking, joined_boxes


def residue_of_traces(rows: Rows, of: Iterable[str]) -> Iterator[tuple[int, Residue]]:
    """The numbers of the traces that are `cannot_judge`, with what is asked about them. The others are not read."""
    wanted = frozenset(of)
    unjudged = np.flatnonzero([one["verified"] == "cannot_judge" for one in rows.records(["verified"])])
    for number, record in rows.at(unjudged):
        row = from_record(record)
        if (what := _what(row)) in wanted:
            answer, not_asked = final_answer(row.completion)
            of_row = row.id, row.source, row.source_id, what, question_with_options(row), row.answer, answer
            yield number, Residue(*of_row, not_asked or why_not_asked(row.answer, answer))


def final_answer(completion: str) -> tuple[str, str]:
    r"""The answer that a trace ends in, and why that is none: `no_answer` in a trace that never ends its thinking, `taken_back` where the
    text behind the box does so or names another answer, `no_statement` where nothing says which part of a text is the answer.

    Without a box it is what the last lines call the answer, else all that stands behind the thinking, where that is short, or one line.

    >>> final_answer(r"<think>3 or 4</think>So \boxed{4}."), final_answer("<think>It is 4."), final_answer("It is so.\nAnswer: 4.")
    (('4', ''), ('', 'no_answer'), ('4.', ''))
    """
    said = after_thinking(completion)
    if said is None:
        return "", "no_answer"
    boxed = joined_boxes(said)
    if boxed is None:
        return _unboxed(said, is_behind_thinking=len(said.strip()) < len(completion.strip()))
    is_retracted, restated = after_box(completion)
    return boxed, "taken_back" if is_retracted or (restated is not None and not _holds(boxed, restated)) else ""


def _unboxed(said: str, is_behind_thinking: bool) -> tuple[str, str]:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if lines and (stated := last_words(said)) != lines[-1]:
        return stated, ""
    if len(lines) < 2 or (is_behind_thinking and len(said.strip()) <= MAX_ANSWER_CHARS):
        return "\n".join(lines), ""
    return lines[-1], "no_statement"


def _holds(boxed: str, value: str) -> bool:
    """Whether a box holds a plain value, not as a part of a longer one."""
    return bool(re.search(rf"(?<![\w.]){re.escape(normal(value))}(?!\w|\.\d)", normal(boxed)))


def question_with_options(row: Row) -> str:
    """The question, with the options that it does not list itself."""
    choices = json.loads(row.answer_options or "{}").get("choices") or []
    return list_options(row.question, choices) if choices and not options_in(row.question) else row.question


def _what(row: Row) -> str:
    """Why the rules cannot judge a trace; without the symbolic tier, which takes seconds and says nothing of whether a gold is read."""
    options = json.loads(row.answer_options or "{}")
    if row.answer_kind == "math":
        options = {**options, "symbolic": False}
    verdict = rewards.make_verifier(row.answer, row.answer_kind, options).judge_answer(row.answer)
    return "unreadable_gold" if verdict.outcome == "unreadable_gold" else "cannot_judge"
