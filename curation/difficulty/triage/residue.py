"""The verifier's residue: what samples of one prompt end in, all alike, and the judge cannot read or decide.

It may be the gold in words that the judge does not know, or in a form that its kind does not take: a prompt with such
samples is no hard one.
"""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

import rewards
from curation.core.row import Row
from curation.sampling.rollouts.rollout import Rollout
from rewards.extract import after_thinking

MAX_CHARS = 200
"""Of a text that samples may agree on; who writes more says something of his own."""
_ANSWER = re.compile(r".*\b(?:answer|result)\s*(?:is\b|[:=])[\s:=]*|.*答案\s*[是为:：][\s:：]*", re.IGNORECASE)


class Residue(NamedTuple):
    """Of `n_finished` samples that were not cut off, `n_unread` end in `text`, which the judge could not read for the reason `detail`;
    `members` are their positions.
    """

    n_finished: int
    n_unread: int = 0
    text: str = ""
    detail: str = ""
    members: tuple[int, ...] = ()


def residue(row: Row, rollouts: Sequence[Rollout], verdicts: Sequence[rewards.Verdict]) -> Residue:
    """The most frequent text among the samples whose answer was not read; none is looked for where some sample is right.

    Raises:
        ValueError: the row's kind or its options are wrong.
    """
    finished = [i for i, verdict in enumerate(verdicts) if verdict.outcome != "truncated"]
    if any(verdict.outcome == "correct" for verdict in verdicts):
        return Residue(len(finished))
    groups: dict[str, list[int]] = {}
    texts: dict[str, tuple[str, str]] = {}
    for i in finished:
        text, verdict = verdicts[i].extracted or last_words(rollouts[i].sample.text), verdicts[i]
        if not (key := normal(text)) or len(text) > MAX_CHARS:
            continue
        if verdict.is_read and (detail := _unreadable(row, text)) is None:
            continue
        groups.setdefault(key, []).append(i)
        texts.setdefault(key, (text, verdict.detail if not verdict.is_read else detail or ""))
    if not groups:
        return Residue(len(finished))
    key = max(groups, key=lambda name: len(groups[name]))
    return Residue(len(finished), len(groups[key]), *texts[key], tuple(groups[key]))


def _unreadable(row: Row, answer: str) -> str | None:
    """Why the row's kind cannot read an answer, asked by judging it as if it were the gold; None where it can."""
    options = json.loads(row.answer_options)
    if row.answer_kind == "math":
        options = {**options, "symbolic": False}
    verdict = rewards.make_verifier(answer, row.answer_kind, options).judge_answer(answer)
    return (verdict.detail or "no answer of its kind") if verdict.outcome == "unreadable_gold" else None


def last_words(response: str) -> str:
    """Where a response without a box gives its answer: behind the last "the answer is" of its last lines, else the last line.

    >>> last_words("<think>3 + 4</think>We add.\\nThe answer is 7.\\nI hope this helps!")
    '7.'
    """
    lines = [line.strip() for line in (after_thinking(response) or response).splitlines() if line.strip()][-3:]
    said = [line for line in lines if _ANSWER.match(line)]
    return _ANSWER.sub("", said[-1], count=1) if said else (lines or [""])[-1]


def normal(text: str) -> str:
    """What of a text tells it from others."""
    return " ".join(text.casefold().split()).strip(" .,;:!*$`\"'。，")
