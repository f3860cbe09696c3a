"""A tuple, a list, a point: the same members in the same order. Unlike `math`, brackets of any shape and none are the
same; members are compared as mathematics, words as words.
"""

from typing import ClassVar, Literal

from rewards.kinds import _members
from rewards.kinds._base import Compare, Kind


class TupleKind(Kind):
    """No options."""

    kind: Literal["tuple"] = "tuple"

    example: ClassVar[tuple[str, str]] = ("(1, 1/2)", r"\left(1, 0.5\right)")

    def against(self, gold: str) -> Compare:
        return _members.against(gold, "()")
