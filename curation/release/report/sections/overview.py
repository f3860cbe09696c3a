"""What the set is, in one screen: rows, licences, and the figures on which its worth hangs."""

from typing import Any, Literal

from curation.release.budget.budget import read_budget
from curation.release.budget.table import NOTHING, nothing_measures
from curation.release.dataset import Dataset
from curation.release.licence_names import by_name
from curation.release.report.section import Page, Section
from curation.release.report.text import count, share


class Overview(Section):
    """The first section."""

    kind: Literal["overview"] = "overview"
    title, place = "Overview", 0

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        """Counts of every config, what was lost on the way, and whether the build's own count came out even."""
        configs = [self._config(dataset, config) for config in dataset.summary["configs"]]
        return {
            "configs": configs,
            "rows": sum(config["rows"] for config in configs),
            "came_in": sum(config["came_in"] for config in configs),
            "balanced": dataset.summary["balanced"],
            "flags": sum(config["flags"] for config in configs),
            "licences": sorted({licence for config in configs for licence in config["licences"]}),
            "stats": _stats(dataset, configs),
            "limit": dataset.lock.get("limit"),
            "is_build": dataset.is_build,
            "seed": page.seed,
        }

    def _config(self, dataset: Dataset, config: str) -> dict[str, Any]:
        summary = dataset.summary["configs"][config]
        sources, splits = summary["sources"].values(), dict[str, int]()
        for shard, rows in summary["shards"].items():
            split = shard.rpartition("-of-")[0].rpartition("-")[0]
            splits[split] = splits.get(split, 0) + (rows if isinstance(rows, int) else rows["rows"])
        return {
            "config": config,
            "rows": sum(source["out"] for source in sources),
            "came_in": sum(source["in"] + source.get("added", 0) for source in sources),
            "dropped": sum(source["dropped"] for source in sources),
            "merged": sum(source["merged"] for source in sources),
            "splits": [f"{split} {rows:,}" for split, rows in sorted(splits.items())],
            "sources": len(summary["sources"]),
            "images": (summary.get("pictures") or {}).get("pictures", 0),
            "licences": [*by_name(summary["kept"].get("license", {}))],
            "flags": sum(flag["raised"] for source in summary.get("reading", {}).values() for flag in _flags(source)),
        }


def _flags(source: dict[str, Any]) -> list[dict[str, Any]]:
    return list(source.get("flags", {}).values())


def _stats(dataset: Dataset, configs: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """The figures on which the worth of the set hangs: label, value, note."""
    rows, came_in = sum(c["rows"] for c in configs), sum(c["came_in"] for c in configs)
    stats = [("Rows", count(rows), f"{share(rows / came_in)} of what came in" if came_in else "")]
    if images := sum(config["images"] for config in configs):
        stats.append(("Images", count(images), ""))
    stats += _budgets(dataset)
    if (rates := dataset.summary["configs"].get("rl", {}).get("pass_rates")) and rates.get("samples", {}).get(
        "n_judged"
    ):
        samples = rates["samples"]
        solved = share(samples["n_correct"] / samples["n_judged"])
        stats.append(("Samples right", solved, f"of {count(samples['n_judged'])} judged, rows later dropped too"))
    return stats


def _budgets(dataset: Dataset) -> list[tuple[str, str, str]]:
    """Of every config what share of its rows may be wrong, as the error budget has it; a share of what is not measured is no figure."""
    budget, stats = read_budget(dataset.path), []
    for config, found in budget.configs.items() if budget else ():
        value = "not known" if found.measured.share is None else share(found.measured.share)
        note = f"95 %: {share(found.measured.low)} to {share(found.measured.high)}"
        if found.unmeasured:
            rest = "" if found.measured == NOTHING else f"; by the rest {value}, {note}"
            value, note = "not known", f"{nothing_measures(found)}{rest}"
        stats.append((f"May be wrong, {config}", value, note))
    return stats
