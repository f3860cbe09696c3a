"""Whether the copies of a question agree on its answer, by the reward's own judgement."""

from collections.abc import Sequence
from typing import NamedTuple

import rewards
from curation.dedup.implicit import same_family


class SourcedGold(NamedTuple):
    """A gold answer, its verifier, and the name of its row."""

    answer: str
    kind: str
    options: str
    name: str


def same_gold(one: SourcedGold, other: SourcedGold) -> bool:
    """Whether either is a correct answer where the other is the gold (a whole sentence passes for its number, not the other way round),
    or both are general solutions with a free constant and the same curves."""
    judged = any(
        rewards.make_verifier(gold.answer, gold.kind, gold.options).judge_answer(given.answer).outcome == "correct"
        for gold, given in ((one, other), (other, one))
    )
    return judged or (one.kind == other.kind == "math" and same_family(one.answer, other.answer))


def conflict_of(golds: Sequence[SourcedGold]) -> str | None:
    """The first gold that is another answer than golds[0], in a line with it; None when all agree."""
    for gold in golds[1:]:
        if not same_gold(golds[0], gold):
            return f"{golds[0].answer[:100]!r} in {golds[0].name}, {gold.answer[:100]!r} in {gold.name}"
    return None
