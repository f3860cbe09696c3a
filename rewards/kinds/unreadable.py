"""A gold that no rule can judge: a proof, several parts, a sentence. No answer is right or wrong against it.

It is how such a row can come into a set of traces and be marked, or be put to a model for its data; a set for training drops it as
`unreadable_gold`.
"""

from typing import Literal

from rewards.kinds._base import Compare, Kind
from rewards.verdict import UnreadableGoldError


class UnreadableKind(Kind):
    """Judges nothing: every verdict is `unreadable_gold`, which is no reward."""

    kind: Literal["unreadable"] = "unreadable"

    def against(self, gold: str) -> Compare:
        raise UnreadableGoldError(f"no rule judges the gold {gold[:60]!r}")
