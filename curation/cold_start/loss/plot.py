"""The scores over the length of the response, a panel each: what stays, what drops by the score, and the median of each group."""

import io
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any, Final

import numpy as np

from curation.cold_start.loss.cuts import ANY, Found, band_names
from curation.cold_start.loss.options import SCORES, Score
from curation.cold_start.loss.score_rows import Measured
from curation.core.parquet import whole_file

PLOT_FILE: Final = "loss.png"
MOST_POINTS: Final = 20_000
"""Of the rows that stay, evenly spread; those that drop are all shown."""
TITLES: Final = {
    "loss": "Loss of the response (nats a token)",
    "pairing_gain": "Gain from the question (nats a token)",
    "early_loss": "Loss of the first 100 tokens of reasoning",
    "prompt_loss": "Loss of the question (nats a token)",
    "rsr": "Rank-surprisal ratio",
}


def draw(measured: Measured, found: Found, bands: Sequence[int], path: Path) -> None:
    """Write the page."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown: list[Score] = [score for score in SCORES if np.isfinite(measured.scores[score]).any()]
    n_rows = max(ceil(len(shown) / 2), 1)
    with pyplot.style.context("tableau-colorblind10"):
        page, axes = pyplot.subplots(n_rows, 2, figsize=(12, 3 * n_rows), squeeze=False)
        for axis, score in zip(axes.flat, shown, strict=False):
            _draw_panel(axis, score, measured, found, bands)
        for axis in list(axes.flat)[len(shown) :]:
            axis.set_axis_off()
        page.tight_layout()
        image = io.BytesIO()
        page.savefig(image, format="png", dpi=120, metadata={"Software": None})
        pyplot.close(page)
    with whole_file(path) as file:
        file.write(image.getvalue())


def _draw_panel(axis: Any, score: Score, measured: Measured, found: Found, bands: Sequence[int]) -> None:
    values, length = measured.scores[score], np.maximum(measured.n_tokens, 1)
    beyond = found.beyond.get(score, np.zeros(len(values), np.int8))
    dropped = np.flatnonzero(beyond)
    stays = np.flatnonzero(np.isfinite(values) & (beyond == 0))
    some = stays[np.linspace(0, len(stays) - 1, min(len(stays), MOST_POINTS)).astype(int)]
    axis.plot(length[some], values[some], ".", color="C0", markersize=2, alpha=0.5, label=f"stay: {len(stays):,}")
    axis.plot(
        length[dropped], values[dropped], "x", color="C1", markersize=4, label=f"beyond the cut: {len(dropped):,}"
    )
    names, ends = band_names(bands), [1, *bands, max(int(length.max(initial=1)), *bands, 1)]
    for group in found.groups:
        if group.score == score:
            place = names.index(group.band) if group.band != ANY else None
            over = (ends[0], ends[-1]) if place is None else (ends[place], ends[place + 1])
            for limit in (group.low, group.high):
                if limit is not None:
                    axis.plot(over, (limit, limit), color="C1", linewidth=1)
    axis.set_xscale("log")
    axis.set_title(TITLES[score], fontsize=9)
    axis.set_xlabel("tokens of the response; lines are the cuts of the groups", fontsize=7)
    axis.tick_params(labelsize=7)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=7)
