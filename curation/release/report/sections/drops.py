"""What was dropped and merged, by reason, with a few rows of each: nobody has to take the filters' word for it."""

from typing import Any, Literal

from curation.core.words import counted
from curation.release.dataset import Dataset
from curation.release.report.cards import EXAMPLES, ended_cards
from curation.release.report.section import Page, Section
from curation.release.report.sections.funnel import stage_losses

MOST_REASONS = 60
"""That are shown with examples in one config, those with most rows."""


class Drops(Section):
    """Reasons with their counts and examples."""

    kind: Literal["drops"] = "drops"
    title, place = "What was dropped, and why", 15

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        """For each config its reasons, most rows first."""
        configs = [self._config(dataset, page, config) for config in dataset.summary["configs"]]
        return {"configs": configs, "examples": EXAMPLES, "has_text": dataset.is_build}

    def _config(self, dataset: Dataset, page: Page, config: str) -> dict[str, Any]:
        sources, rows = dataset.summary["configs"][config]["sources"], dict[tuple[str, str], dict[str, int]]()
        for name, source in sources.items():
            for stage, losses in stage_losses(source["reasons"]).items():
                for reason, n in losses.items():
                    rows.setdefault((stage, reason), {})[name] = n
        came_in = sum(source["in"] + source.get("added", 0) for source in sources.values())
        reasons = [_reason(stage, reason, by_source, came_in) for (stage, reason), by_source in rows.items()]
        reasons.sort(key=lambda one: (-one["rows"], one["stage"], one["reason"]))
        cards = ended_cards(dataset, page)
        for one in reasons[:MOST_REASONS]:
            one["cards"] = cards.get((config, one["key"], one["reason"]), [])
        return {"config": config, "reasons": reasons}


def _reason(stage: str, reason: str, by_source: dict[str, int], came_in: int) -> dict[str, Any]:
    first = sorted(by_source.items(), key=lambda item: (-item[1], item[0]))
    more = [counted(len(first) - 5, "more source")] if len(first) > 5 else []
    n = sum(by_source.values())
    return {
        "key": stage,
        "stage": stage.split("-", 2)[-1].replace("_", " "),
        "reason": reason,
        "rows": n,
        "share": n / came_in if came_in else None,
        "sources": [f"{name} {rows:,}" for name, rows in first[:5]] + more,
        "cards": [],
    }
