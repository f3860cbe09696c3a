"""The section's filters once more, on the rows whose traces were distilled."""

from typing import ClassVar, Literal

from curation.core.decision import KEEP, Decision
from curation.core.row import Row
from curation.core.stage import MapStage
from curation.filters.base import AnyFilter
from curation.filters.stage import decide, remedy_of


class FilterDistilled(MapStage):
    """The manifest's filters in their order on what was distilled; all else has passed them before."""

    kind: Literal["filter_distilled"] = "filter_distilled"
    filters: tuple[AnyFilter, ...] = ()
    signs_as: ClassVar[str] = "filter"

    def remedy(self, reason: str) -> str:
        return remedy_of(self.filters, reason)

    def map(self, row: Row) -> Decision:
        if not row.extra["distilled"]:
            return KEEP
        decisions = (decide(one.judge, row) for one in self.filters)
        return next((decision for decision in decisions if decision.action != "keep"), KEEP)
