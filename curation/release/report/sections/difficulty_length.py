"""Are long questions hard, and long responses wrong? The pass rate and the share of samples that were cut off, by length."""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from curation.release.dataset import Dataset
from curation.release.report.columns import Floats, Ints, Rates, batches, numbers, prompt_chars
from curation.release.report.figures import SERIES, draw
from curation.release.report.intervals import mean_rate
from curation.release.report.sampled import Lengths, sampled_responses
from curation.release.report.section import Page, Section

FIELDS = ("pass_rate", "n_judged", "n_truncated", "n_unjudged")


class DifficultyLength(Section):
    """Bins by powers of two of the characters of the prompt, and of the mean tokens of its samples where those are at hand."""

    kind: Literal["difficulty_length"] = "difficulty_length"
    title, place = "Difficulty and length", 50

    def facts(self, dataset: Dataset, page: Page) -> dict[str, Any] | None:
        if "rl" not in dataset.configs:
            return None
        rows = measured_rows(dataset)
        if not np.isfinite(rows["pass_rate"]).any():
            return None
        sampled = sampled_responses(dataset)
        tables = [_table("prompt", "Characters of the prompt", rows["chars"], rows)]
        if sampled is not None:
            tables.append(
                _table("response", "Mean tokens of the samples", mean_tokens(sampled, len(rows["chars"])), rows)
            )
        return {"tables": tables, "models": sampled.models if sampled else []}


def measured_rows(dataset: Dataset) -> dict[str, Floats]:
    """Of every row of the set the characters of its prompt, its pass rate (nan where not measured), its samples and those cut off."""
    options = (dataset.manifest.get("rl") or {}).get("difficulty") or {}
    parts: dict[str, list[Floats]] = {name: [np.empty(0)] for name in ("chars", "pass_rate", "samples", "cut")}
    for batch in batches(dataset, "rl", ["prompt", *(f"difficulty.{name}" for name in FIELDS)]):
        pass_rate, judged, cut, unjudged = (numbers(batch, "difficulty", name) for name in FIELDS)
        pass_rate[~(judged > 0)] = np.nan
        parts["chars"].append(prompt_chars(batch).astype(float))
        parts["pass_rate"].append(pass_rate)
        parts["samples"].append(judged + unjudged + (0 if options.get("truncated") == "wrong" else cut))
        parts["cut"].append(cut)
    return {name: np.concatenate(values) for name, values in parts.items()}


def mean_tokens(sampled: Lengths, n_rows: int) -> Floats:
    """Of every row the mean tokens of its samples, nan where it has none."""
    n = np.bincount(sampled.row, minlength=n_rows)
    total = np.bincount(sampled.row, sampled.tokens.astype(float), minlength=n_rows)
    means: Floats = np.where(n > 0, total / np.maximum(n, 1), np.nan)
    return means


def bins_of(lengths: Floats) -> Ints:
    """The bin of a length: 0 below 1, else k for 2^(k-1) <= length < 2^k; -1 for nan.

    >>> bins_of(np.array([0, 1, 2, 3, 4, np.nan])).tolist()
    [0, 1, 2, 2, 3, -1]
    """
    known = np.isfinite(lengths)
    places = np.full(len(lengths), -1, np.int64)
    places[known] = np.frexp(np.floor(lengths[known]))[1]
    return places


def _table(name: str, title: str, lengths: Floats, rows: dict[str, Floats]) -> dict[str, Any]:
    bins = bins_of(lengths)
    measured = (bins >= 0) & np.isfinite(rows["pass_rate"])
    bins = bins[measured]
    rates = Rates()
    rates.add(bins, rows["pass_rate"][measured])
    samples, cut = (
        np.bincount(bins, np.nan_to_num(rows[column][measured])).astype(float) for column in ("samples", "cut")
    )
    lines = list(_lines(bins, rates, samples, cut))
    return {"name": name, "title": title, "lines": lines, "figure": _figure(name, title, lines) if lines else None}


def _lines(bins: Ints, rates: Rates, samples: Floats, cut: Floats) -> Iterator[dict[str, Any]]:
    for place in np.unique(bins).tolist():
        low, high = (0, 0) if place == 0 else (2 ** (place - 1), 2**place - 1)
        sums = rates.of(place)
        yield {
            "length": f"{low:,}" if low == high else f"{low:,} to {high:,}",
            "rows": sums.n,
            "rate": mean_rate(sums),
            "samples": int(samples[place]),
            "cut": float(cut[place] / samples[place]) if samples[place] else None,
        }


def _figure(name: str, title: str, lines: list[dict[str, Any]]) -> Any:
    rates = np.array([line["rate"] for line in lines])
    cuts = [np.nan if line["cut"] is None else line["cut"] for line in lines]

    def plot(axes: Any) -> None:
        places = np.arange(len(lines))
        spread = np.abs(rates[:, 1:].T - rates[:, 0])
        axes.errorbar(
            places, rates[:, 0], yerr=spread, fmt="o", color=SERIES[0], capsize=3, label="mean pass rate, 95 % interval"
        )
        axes.plot(places, cuts, "s--", color=SERIES[1], markersize=4, label="samples cut off")
        axes.set_xticks(places, [line["length"] for line in lines])
        axes.tick_params(axis="x", labelrotation=30 if len(lines) > 7 else 0)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel(title)
        axes.legend()

    return draw(f"length-of-{name}", f"Pass rate by length: {title}", plot)
