"""The base of every reward kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from rewards.verdict import Ruling

Compare = Callable[[str], Ruling]


class Kind(BaseModel):
    """Options of a kind, and how it compares. Frozen, so that one instance can serve every thread."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    """Its name; subclasses narrow it to a Literal."""

    example: ClassVar[tuple[str, str]] = ("", "")
    """A gold and an answer that is correct, shown by `ovr-curate kinds`."""

    symmetric: ClassVar[bool] = True
    """Whether gold and answer may be swapped without changing the verdict."""

    @property
    def needs_gold(self) -> bool:
        """Whether an empty gold is unreadable. False where the options alone decide what is right."""
        return True

    def against(self, gold: str) -> Compare:
        """Read the gold once; return what judges a final answer against it. Raises UnreadableGoldError."""
        raise NotImplementedError
