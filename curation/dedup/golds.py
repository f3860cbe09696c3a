"""Whether the copies of a question agree on its answer, by the reward's own judgement."""

from collections.abc import Sequence
from typing import NamedTuple

import rewards


class Gold(NamedTuple):
    """A gold answer, its verifier, and the row that it stands in."""

    answer: str
    kind: str
    options: str
    name: str


def same_gold(one: Gold, other: Gold) -> bool:
    """Whether either is a correct answer where the other is the gold: a whole sentence passes for its number, not the other way round."""
    return any(
        rewards.make_verifier(gold.answer, gold.kind, gold.options).judge_answer(given.answer).outcome == "correct"
        for gold, given in ((one, other), (other, one))
    )


def conflict_of(golds: Sequence[Gold]) -> str | None:
    """The first two golds that are different answers, told in a line; None when all agree. Empty golds claim nothing."""
    told = [gold for gold in golds if gold.answer.strip()]
    for gold in told[1:]:
        if gold[:3] != told[0][:3] and not same_gold(told[0], gold):
            return f"{told[0].answer[:100]!r} in {told[0].name}, {gold.answer[:100]!r} in {gold.name}"
    return None
