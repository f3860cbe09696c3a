"""What share of the set's rows may be wrong, by cause, as `error_budget.json` has it."""

from typing import Any, Literal

from curation.release.dataset import Dataset
from curation.release.report.section import Page, Section

NAMES = {
    "gold": "Wrong gold",
    "verifier": "Verifier",
    "contamination": "Evaluation item",
    "sampling": "Other difficulty",
}
EVIDENCE = {"measured": "measured", "bounded": "an upper end alone", "not_measured": "not measured"}


class ErrorBudget(Section):
    """The budget of every config: the total, each cause and how it was reckoned, and the sources."""

    kind: Literal["error_budget"] = "error_budget"
    title, place = "Error budget", 15

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        if (found := dataset.document("error_budget.json")) is None:
            return {"missing": "No error budget: `ovr-curate build` or `ovr-curate certify` writes error_budget.json."}
        return {
            "confidence": found.get("confidence", 0.95),
            "configs": [_config(name, config) for name, config in found["configs"].items()],
        }


def _config(name: str, config: dict[str, Any]) -> dict[str, Any]:
    causes = config["causes"]
    return {
        "config": name,
        "rows": config["rows"],
        "total": [None if _is_unmeasured(causes) else config["share"], config["low"], config["high"]],
        "measured": _range(config["measured"]) if config.get("measured") else None,
        "note": config.get("note", ""),
        "causes": [
            {
                "cause": NAMES.get(cause["cause"], cause["cause"]),
                "share": _range(cause),
                "interval": [cause["low"], cause["high"]],
                "evidence": EVIDENCE.get(cause["evidence"], cause["evidence"]),
                "in_total": "yes" if cause["in_total"] else "no",
                "how": cause["how"],
            }
            for cause in causes
        ],
        "sources": [
            {
                "source": source,
                "cause": NAMES.get(cause["cause"], cause["cause"]),
                "rows": one.get("rows"),
                "share": _range(one),
                "interval": [one["low"], one["high"]],
            }
            for cause in causes
            for source, one in sorted((cause.get("by_source") or {}).items())
        ],
    }


def _is_unmeasured(causes: list[dict[str, Any]]) -> bool:
    """Whether nothing is known of a cause of the total, so that a share of wrong rows is no figure."""
    return any(cause["in_total"] and cause["evidence"] == "not_measured" for cause in causes)


def _range(one: dict[str, Any]) -> list[float | None]:
    return [one["share"], one["low"], one["high"]]
