"""A set: the same members in any order; how often each occurs counts."""

from typing import ClassVar, Literal

from rewards.kinds import _members
from rewards.kinds._base import Compare, Kind


class SetKind(Kind):
    """No options."""

    kind: Literal["set"] = "set"

    example: ClassVar[tuple[str, str]] = (r"\{1, 2\}", "2, 1")

    def against(self, gold: str) -> Compare:
        return _members.against(gold, "set")
