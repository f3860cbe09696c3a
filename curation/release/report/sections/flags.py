"""Red flags of the reading: what looked as if a source was read wrong, raised, accepted or below its threshold."""

from typing import Any, Literal

from curation.release.dataset import Dataset
from curation.release.report.section import Page, Section


class RedFlags(Section):
    """Every flag that a row gave rise to."""

    kind: Literal["flags"] = "flags"
    title, place = "Red flags", 20

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        """A line for every source and flag, raised ones first; None of a build that did not look."""
        read = {name: config.get("reading") for name, config in dataset.summary["configs"].items()}
        if not any(read.values()):
            return {"missing": "the build has no reading report; builds of this version write one."}
        flags = [
            _line(config, source, name, flag)
            for config, sources in read.items()
            for source, found in (sources or {}).items()
            for name, flag in found.get("flags", {}).items()
        ]
        flags.sort(key=lambda one: (one["order"], -(one["share"] or 0), one["source"], one["flag"]))
        return {"flags": flags, "raised": sum(one["order"] < 2 for one in flags), "has_text": dataset.is_build}


def _line(config: str, source: str, name: str, flag: dict[str, Any]) -> dict[str, Any]:
    order = 2 if not flag["raised"] else int(flag["accepted"])
    return {
        "source": source,
        "config": config,
        "flag": name,
        "order": order,
        "state": ("raised", "raised, accepted by the manifest", "below its threshold")[order],
        "count": flag["count"],
        "share": flag["count"] / flag["of"] if flag.get("of") else None,
        "example": [flag.get("source_id") or "", (flag.get("quote") or "")[:200]],
    }
