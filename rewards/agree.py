"""Which of several answers to one question are the same: one judged against the other as if it were the gold."""

import json
from collections.abc import Mapping

from rewards.verify import Options, make_verifier


def equal_answers(answers: Mapping[int, str], kind: str, options: Options) -> list[list[int]]:
    """Positions of equal answers together, the groups in the order of their first members. The symbolic tier, which may take seconds, is
    not asked.

    Raises:
        ValueError: the kind or its options are wrong.

    >>> equal_answers({0: "1/2", 1: "3", 2: "0.5"}, "math", None)
    [[0, 2], [1]]
    """
    given = json.loads(options) if isinstance(options, str) else dict(options or {})
    if kind == "math":
        given["symbolic"] = False
    groups: dict[str, list[int]] = {}
    same: dict[str, str] = {}
    for position, answer in answers.items():
        if answer not in same:
            judged = (
                first for first in groups if make_verifier(first, kind, given).judge_answer(answer).outcome == "correct"
            )
            same[answer] = next(judged, answer)
        groups.setdefault(same[answer], []).append(position)
    return list(groups.values())
