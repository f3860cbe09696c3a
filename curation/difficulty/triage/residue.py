"""The verifier's residue: what samples of one prompt end in, all alike, and the judge cannot read or decide.

It may be the gold in words that the judge does not know, or in a form that its kind does not take: a prompt with such
samples is no hard one.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from curation.sampling.rollouts.rollout import Rollout
from rewards import Verdict

MAX_CHARS = 200
"""Of a text that samples may agree on; who writes more says something of his own."""
_THOUGHT = re.compile(r".*</think>", re.DOTALL)
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


def residue(rollouts: Sequence[Rollout], verdicts: Sequence[Verdict]) -> Residue:
    """The most frequent text among the samples whose answer was not read."""
    finished = [i for i, verdict in enumerate(verdicts) if verdict.outcome != "truncated"]
    groups: dict[str, list[int]] = {}
    texts: dict[str, str] = {}
    for i in finished:
        if verdicts[i].is_read:
            continue
        text = verdicts[i].extracted or last_words(rollouts[i].sample.text)
        if (key := _normal(text)) and len(text) <= MAX_CHARS:
            groups.setdefault(key, []).append(i)
            texts.setdefault(key, text)
    if not groups:
        return Residue(len(finished))
    key = max(groups, key=lambda name: len(groups[name]))
    members = tuple(groups[key])
    return Residue(len(finished), len(members), texts[key], verdicts[members[0]].detail, members)


def last_words(response: str) -> str:
    """Where a response without a box gives its answer: its last line, from "the answer is" on where it says so.

    >>> last_words("<think>3 + 4</think>We add.\\nThe answer is 7.")
    '7.'
    """
    lines = [line.strip() for line in _THOUGHT.sub("", response).splitlines() if line.strip()]
    return _ANSWER.sub("", lines[-1], count=1) if lines else ""


def _normal(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .,;:!*$`\"'。，")
