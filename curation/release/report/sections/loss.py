"""What a light model makes of the traces: the losses, the cuts, and what went beyond them."""

import json
from typing import Any, Literal

import numpy as np

from curation.release.dataset import Dataset
from curation.release.report.columns import Floats, batches, numbers
from curation.release.report.figures import BAD, SERIES, draw
from curation.release.report.intervals import rate
from curation.release.report.section import Page, Section

SCORES = {
    "loss": "Loss",
    "pairing_gain": "Gain from the question",
    "early_loss": "Early loss",
    "prompt_loss": "Loss of the question",
    "rsr": "Rank-surprisal ratio",
}
WHY = {"no_room": "the prompt leaves no room", "not_finite": "the model gave no number"}
BINS = 60


class Loss(Section):
    """`loss.json`: what was measured, the cut of every group, and how many rows it took; with the histogram of the losses."""

    kind: Literal["loss"] = "loss"
    title, place = "Loss and its cut", 55

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        if "cold_start" not in dataset.configs:
            return None
        path = dataset.file("loss.json")
        found = dataset.summary["configs"]["cold_start"].get("loss") or (
            json.loads(path.read_text(encoding="utf-8")) if path else None
        )
        if not found:
            return {
                "missing": "No loss was measured: `cold_start.loss` in the manifest names the model that reads the traces."
            }
        stayed, cut = losses(dataset)
        return {
            "model": [f"{model} @ {revision[:12]}" for model, revision in found["model"].items()],
            "rows": found["rows"],
            "dropped": [
                {
                    "score": SCORES.get(name, name),
                    "rows": n,
                    "share": rate(n, found["rows"]),
                    "median": found["median"].get(name),
                }
                for name, n in found["dropped"].items()
            ],
            "other": [
                *({"what": f"No loss: {WHY.get(name, name)}", "rows": n} for name, n in found["without_loss"].items()),
                {"what": "Read in part", "rows": found["read_in_part"]},
                {"what": "Too short to compare", "rows": found["too_short_to_compare"]},
                {"what": "Not compared: no cut could be made", "rows": found["not_compared"]},
            ],
            "groups": [
                {
                    **group,
                    "score": SCORES.get(group["score"], group["score"]),
                    "cut": rate(group["n_below"] + group["n_above"], group["n"]),
                }
                for group in found["groups"]
            ],
            "figure": _figure(stayed, cut, _limits(found["groups"])) if len(stayed) + len(cut) else None,
            "bins": _bins(stayed, cut),
            "has_cut": len(cut) > 0,
        }


def losses(dataset: Dataset) -> tuple[Floats, Floats]:
    """The losses of the rows of the set, and of those that were cut, of a build. Eight bytes a row."""
    import pyarrow.parquet as pq

    stayed = [numbers(batch, "loss") for batch in batches(dataset, "cold_start", ["loss"]) if batch.num_columns]
    path = dataset.file("loss_quarantine.parquet") if dataset.is_build else None
    cut = pq.read_table(path, columns=["loss"])["loss"].to_numpy() if path else np.empty(0)
    kept, gone = np.concatenate([np.empty(0), *stayed]), np.asarray(cut, float)
    return kept[np.isfinite(kept)], gone[np.isfinite(gone)]


def _limits(groups: list[dict[str, Any]]) -> list[float]:
    """The cuts of the loss, of all groups."""
    return sorted(
        {
            limit
            for group in groups
            if group["score"] == "loss"
            for limit in (group["low"], group["high"])
            if limit is not None
        }
    )


def _edges(stayed: Floats, cut: Floats, bins: int) -> Floats:
    """Bins over all but the one in a thousand that are farthest; the last has those too."""
    both = np.concatenate([stayed, cut])
    top = float(np.quantile(both, 0.999)) if len(both) else 1.0
    low = float(both.min()) if len(both) else 0.0
    return np.linspace(min(low, 0.0), max(top, low + 1e-6), bins + 1)


def _counts(values: Floats, edges: Floats) -> Floats:
    counts: Floats = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0].astype(float)
    return counts


def _bins(stayed: Floats, cut: Floats) -> list[dict[str, Any]]:
    edges = _edges(stayed, cut, 12)
    pairs = zip(edges.tolist(), _counts(stayed, edges).tolist(), _counts(cut, edges).tolist(), strict=False)
    return [{"from": low, "stayed": int(a), "cut": int(b)} for low, a, b in pairs]


def _figure(stayed: Floats, cut: Floats, limits: list[float]) -> Any:
    edges = _edges(stayed, cut, BINS)

    def plot(axes: Any) -> None:
        kept, gone = _counts(stayed, edges), _counts(cut, edges)
        axes.stairs(kept, edges, fill=True, color=SERIES[0], label=f"in the set: {len(stayed):,}")
        if len(cut):
            axes.stairs(kept + gone, edges, baseline=kept, fill=True, color=BAD, label=f"cut: {len(cut):,}")
        for number, limit in enumerate(limit for limit in limits if edges[0] <= limit <= edges[-1]):
            axes.axvline(
                limit, color=BAD, linewidth=1, linestyle="--", label="cuts of the groups" if number == 0 else None
            )
        axes.set_xlabel("loss, nats a token")
        axes.set_ylabel("rows")
        axes.legend()

    return draw("loss", "Rows by loss, with the cuts", plot)
