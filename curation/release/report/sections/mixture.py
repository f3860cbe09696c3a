"""What the mixture was asked for, what there was, and what it took."""

from typing import Any, Literal

from curation.release.dataset import Dataset
from curation.release.report.intervals import rate
from curation.release.report.section import Page, Section

MOST_VALUES = 300


class MixtureSection(Section):
    """Wanted, available and taken rows of every group of every config."""

    kind: Literal["mixture"] = "mixture"
    title, place = "Mixture", 60

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        configs = [
            {"config": name, "rows": summary["mixture"]["rows"], "columns": _columns(summary["mixture"])}
            for name, summary in dataset.summary["configs"].items()
            if "mixture" in summary
        ]
        return {"configs": configs} if configs else None


def _columns(mixture: dict[str, Any]) -> list[dict[str, Any]]:
    """Column by column the groups; a group got less than it wanted where there was no more, or a cap was met."""
    return [
        {
            "column": column,
            "n_more": max(len(values) - MOST_VALUES, 0),
            "groups": [
                {
                    "group": value or "none stated",
                    **counts,
                    "missing": max(counts["wanted"] - counts["taken"], 0) or None,
                    "share": rate(counts["taken"], counts["available"])[0],
                    "of_set": rate(counts["taken"], mixture["rows"]["taken"])[0],
                }
                for value, counts in sorted(values.items(), key=lambda item: (-item[1]["taken"], item[0]))[:MOST_VALUES]
            ],
        }
        for column, values in mixture.items()
        if column != "rows"
    ]
