"""A tuple, a list, a point: the same members in the same order."""

from typing import ClassVar, Literal

from rewards.kinds._members import Members


class TupleKind(Members):
    """No options of its own."""

    kind: Literal["tuple"] = "tuple"
    brackets: ClassVar[str] = "()"

    example: ClassVar[tuple[str, str]] = ("(1, 1/2)", r"\left(1, 0.5\right)")
