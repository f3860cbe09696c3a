"""A list: the same members in the same order, brackets or none. Members are compared as mathematics, words as
words.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from rewards.kinds import _members
from rewards.kinds._base import Compare, Kind


class ListKind(Kind):
    """No options."""

    kind: Literal["list"] = "list"

    example: ClassVar[tuple[str, str]] = ("[3, 1, 2]", "3, 1, 2")

    def against(self, gold: str) -> Compare:
        return _members.against(gold, "()")
