"""A section of the report: one file with its facts, one template with the same name.

    class PassRates(Section):
        kind: Literal["pass_rates"] = "pass_rates"
        title, place = "Pass rates", 40

        def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
            ...                                       # None: nothing is known, and the section is left out

`templates/pass_rates.html` gets the facts as `facts`, autoescaped, and the macros of `templates/macros.html`: tables, bars, figures. Facts
are plain values (numbers, strings, lists, dicts, figures as `Markup`), small whatever the number of rows, gathered a batch at a time.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar, cast

from curation.core.plugins import Plugin
from curation.release.dataset import Dataset

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """What the whole page is made with."""

    seed: int
    """Chooses the rows that are shown, with their ids (`core.order`)."""
    made: dict[str, Any] = field(default_factory=dict, compare=False)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What several sections need, gathered by the first that asks."""
        if name not in self.made:
            self.made[name] = make()
        return cast(T, self.made[name])


class Section(Plugin):
    """The base of the sections."""

    title: ClassVar[str]
    place: ClassVar[int]
    """Sections stand in this order."""

    @abstractmethod
    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        """What the template shows; None where the section cannot apply, and is left out. `{"missing": "why, and how to get it"}` where it
        could apply and nothing is known: that line stands at the end of the page, and the template is not asked."""
