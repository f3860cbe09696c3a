"""A set: the same members in any order; how often each occurs counts."""

from typing import ClassVar, Literal

from rewards.kinds._members import Members


class SetKind(Members):
    """No options of its own."""

    kind: Literal["set"] = "set"
    brackets: ClassVar[str] = "set"

    example: ClassVar[tuple[str, str]] = (r"\{1, 2\}", "2, 1")
