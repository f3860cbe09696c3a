"""The base of every reward kind."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from rewards.verdict import Ruling

Compare = Callable[[str], Ruling]
Variants = Iterable[tuple[str, str]]
"""Pairs of how an answer was made from the gold, and the answer."""


class Kind(BaseModel):
    """Options of a kind, and how it compares. Frozen, so that one instance can serve every thread."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    kind: str
    """Its name; subclasses narrow it to a Literal. A class that does not is a base for others."""
    aliases: tuple[str, ...] = ()
    """Further golds: what is right for one of them is right."""

    n_defined: ClassVar[int] = 0
    """How many classes there are below this one."""
    example: ClassVar[tuple[str, str]] = ("", "")
    """A gold and an answer that is correct, printed by `ovr-curate kinds`."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        Kind.n_defined += 1

    @property
    def needs_gold(self) -> bool:
        """Whether an empty gold is unreadable. False where the options alone decide what is right."""
        return True

    def against_any(self, gold: str) -> Compare:
        """Read the gold and its aliases once; return what judges a final answer against them. Raises UnreadableGoldError.

        The first that finds an answer correct decides; where none does, one that could not judge it, then the gold.
        """
        if not self.aliases:
            return self.against(gold)
        compares = [self.against(text) for text in dict.fromkeys((gold, *self.aliases))]

        def compare(answer: str) -> Ruling:
            rulings = []
            for one in compares:
                rulings.append(one(answer))
                if rulings[-1].outcome == "correct":
                    return rulings[-1]
            return next((r for r in rulings if r.outcome in ("timeout", "undecided", "unreadable_gold")), rulings[0])

        return compare

    def against(self, gold: str) -> Compare:
        """Read the gold once; return what judges a final answer against it. Raises UnreadableGoldError."""
        raise NotImplementedError

    def equivalents(self, gold: str) -> Variants:
        """Return other ways of writing the gold; certification expects each to be correct."""
        return ()

    def near_misses(self, gold: str) -> Variants:
        """Return answers that resemble the gold; certification expects each to be wrong."""
        return ()
