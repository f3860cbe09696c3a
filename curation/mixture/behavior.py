"""The group of a trace by its behaviors: the one of them that the fewest traces of the set have.

"Rare but cognitively rich categories get a higher sampling probability" (PAPER 3.3): most traces set subgoals and few work backwards, so a
trace that does both is one that works backwards.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from curation.core.rows import Rows
from curation.core.schema import BEHAVIORS

NONE = "none"
"""What a trace without a behavior is."""


def rarest_first(rows: Rows) -> tuple[str, ...]:
    """The behaviors by the number of traces that have them; of equally rare ones the first in the order of the column."""
    having = Counter[str]()
    for record in rows.records(["behaviors"]):
        having.update(name for name, n in (record["behaviors"] or {}).items() if n)
    return tuple(sorted(BEHAVIORS, key=lambda name: (having[name], BEHAVIORS.index(name))))


def behavior_of(counts: Mapping[str, int | None] | None, rarity: Sequence[str]) -> str:
    """The first behavior of `rarity` that a trace has.

    >>> behavior_of({"verification": 2, "backtracking": 1}, ("backtracking", "verification")), behavior_of(None, ())
    ('backtracking', 'none')
    """
    return next((name for name in rarity if counts and counts.get(name)), NONE)
