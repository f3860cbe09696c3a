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
from dataclasses import dataclass
from typing import Any, ClassVar

from curation.core.plugins import Plugin
from curation.release.dataset import Dataset


@dataclass(frozen=True)
class Page:
    """What the whole page is made with."""

    seed: int
    """Chooses the rows that are shown, with their ids (`core.order`)."""


class Section(Plugin):
    """The base of the sections."""

    title: ClassVar[str]
    place: ClassVar[int]
    """Sections stand in this order."""

    @abstractmethod
    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        """What the template shows; None where nothing is known of it."""
