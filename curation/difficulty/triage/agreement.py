"""How far the samples of one prompt agree on an answer that is not the gold.

Answers are the same where the reward says so, one judged against the other as if it were the gold: 1/2 and 0.5 are one
answer, B and the text of option B as well.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import rewards
from curation.core.row import Row
from curation.text.options import options_in
from rewards.agree import equal_answers


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `n_answered` samples that gave an answer, `n_correct` gave the gold and `n_agreed` gave `answer`, the most
    frequent other one; `members` are those samples' positions. Samples without an answer, cut off or not judged are
    left out.
    """

    n_answered: int
    n_correct: int
    n_agreed: int
    answer: str = ""
    members: tuple[int, ...] = ()


def agreement(row: Row, verdicts: Sequence[rewards.Verdict]) -> Agreement:
    """The agreement among the verdicts on a row's samples.

    Raises:
        ValueError: the row's kind or its options are wrong.
    """
    n_correct = sum(verdict.outcome == "correct" for verdict in verdicts)
    wrong = {i: v.extracted for i, v in enumerate(verdicts) if v.outcome == "wrong" and v.extracted}
    members = max(equal_answers(wrong, row.answer_kind, row.answer_options), key=len, default=[])
    answer = wrong[members[0]] if members else ""
    return Agreement(n_correct + len(wrong), n_correct, len(members), answer, tuple(members))


def n_options(row: Row) -> int:
    """How many options a choice question has, in the row or in the question's text; 0 where neither lists any."""
    if row.answer_kind != "choice":
        return 0
    return len(json.loads(row.answer_options).get("choices") or options_in(row.question))
