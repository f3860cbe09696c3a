"""How many rows were left behind each stage, in all and of every source, from the counts in the summary."""

from typing import Any, Literal

from curation.release.dataset import Dataset
from curation.release.report.section import Page, Section


class Funnel(Section):
    """Rows after each stage; a stage that took none is not shown for itself."""

    kind: Literal["funnel"] = "funnel"
    title, place = "Funnel", 10

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        """For each config a line for every stage that took or added rows, and a table of sources by stages."""
        configs = [funnel(name, summary["sources"]) for name, summary in dataset.summary["configs"].items()]
        return {"configs": [config for config in configs if config["came_in"]]} if configs else None


def funnel(config: str, sources: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Rows of every source after every stage; `sources` as the summary has them, reasons as `NN-CONFIG-STAGE: REASON`."""
    lost = {name: stage_losses(source["reasons"]) for name, source in sources.items()}
    added = {name: source.get("added", 0) for name, source in sources.items()}
    stages = sorted({stage for one in lost.values() for stage in one})
    adding = next((stage for stage in stages if stage.endswith("distil")), f"08-{config}-distil")
    if any(added.values()):
        stages = sorted({*stages, adding})
    left = {name: source["in"] for name, source in sources.items()}
    steps, by_source = [], {name: {"source": name, "came_in": left[name]} for name in left}
    came_in = total = sum(left.values())
    for stage in stages:
        before = total
        for name in left:
            left[name] += (added[name] if stage == adding else 0) - sum(lost[name].get(stage, {}).values())
            by_source[name][stage] = left[name]
        total = sum(left.values())
        steps.append(_step(stage, before, total, lost, sum(added.values()) if stage == adding else 0, came_in))
    for name, source in sources.items():
        by_source[name] |= {"kept": source["out"], "share": _share(source["out"], source["in"] + added[name])}
    columns = [[stage, _short(stage), "count"] for stage in stages]
    return {
        "config": config,
        "came_in": came_in,
        "kept": total,
        "steps": steps,
        "columns": [["source", "Source", "text"], ["came_in", "Came in", "count"], *columns, ["share", "Kept", "bar"]],
        "sources": list(by_source.values()),
    }


def stage_losses(reasons: dict[str, int]) -> dict[str, dict[str, int]]:
    """Stage -> reason -> rows.

    >>> stage_losses({"04-rl-filter: too_long: 3": 2, "04-rl-filter: yes_no": 1})
    {'04-rl-filter': {'too_long: 3': 2, 'yes_no': 1}}
    """
    losses: dict[str, dict[str, int]] = {}
    for key, rows in reasons.items():
        stage, _, reason = key.partition(": ")
        losses.setdefault(stage, {})[reason] = rows
    return losses


def _step(
    stage: str, before: int, after: int, lost: dict[str, dict[str, dict[str, int]]], added: int, came_in: int
) -> dict[str, Any]:
    reasons: dict[str, int] = {}
    for source in lost.values():
        for reason, rows in source.get(stage, {}).items():
            reasons[reason] = reasons.get(reason, 0) + rows
    first = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return {
        "stage": _short(stage),
        "taken": sum(reasons.values()),
        "added": added or None,
        "left": after,
        "share": min(_share(after, came_in) or 0.0, 1.0),
        "reasons": [f"{reason} {rows:,}" for reason, rows in first[:4]]
        + ([f"{len(first) - 4} more reasons"] if len(first) > 4 else []),
    }


def _short(stage: str) -> str:
    """The name of a stage without its number and config."""
    return stage.split("-", 2)[-1].replace("_", " ")


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
