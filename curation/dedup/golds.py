"""Whether the copies of a question agree on its answer, by the reward's own judgement."""

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

import rewards
from curation.dedup.implicit import same_family

MOST_PAIRED = 20
"""Golds of a question of which every two are compared: 190 judgements at most."""


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


def conflict_of(golds: Iterable[SourcedGold]) -> str | None:
    """Two golds that are different answers, in a line; None when all agree. Of several such pairs the first in alphabetical order, whatever
    the order of `golds`.

    >>> conflict_of([SourcedGold(answer, "math", "", "s/1") for answer in ("12 m", "12", "12 cm")])
    "'12 cm' in s/1, '12 m' in s/1"
    """
    for one, other in _pairs(sorted(golds)):
        if not same_gold(one, other):
            return f"{one.answer[:100]!r} in {one.name}, {other.answer[:100]!r} in {other.name}"
    return None


def _pairs(golds: list[SourcedGold]) -> Iterator[tuple[SourcedGold, SourcedGold]]:
    """Every two of the first `MOST_PAIRED`, since a bare 12 is both 12 cm and 12 m; what is beyond is compared with the first alone."""
    yield from combinations(golds[:MOST_PAIRED], 2)
    yield from ((golds[0], gold) for gold in golds[MOST_PAIRED:])
