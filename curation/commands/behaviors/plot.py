"""A plot after figure 5 of the paper: emergence rates of the behaviors by model, and transfer rates of the pairs, with their intervals."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from curation.core.errors import CurationError
from curation.core.schema import BEHAVIORS

SUFFIXES = (".svg", ".png", ".pdf")


def check_plot(out: Path) -> None:
    """Raises:
    CurationError: a name that no picture has, or no matplotlib.
    """
    if out.suffix not in SUFFIXES:
        raise CurationError(f"--plot {out}: expected a name that ends in {', '.join(SUFFIXES)}")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise CurationError(f"--plot {out}: matplotlib is not installed; it comes with the extra `train`") from error


def draw(summary: Mapping[str, Any], out: Path) -> None:
    """Write the plot: by the judge where there is one, as in the paper, else by the cues. The same figures give the same bytes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    judge = summary.get("judge")
    models = judge["models"] if judge and judge["models"] else summary["models"]
    pairs = next(iter(models.values()))["btr"]
    with pyplot.style.context("tableau-colorblind10"), matplotlib.rc_context({"svg.hashsalt": "behaviors"}):
        page, (left, right) = pyplot.subplots(1, 2, figsize=(12, 4), width_ratios=(len(BEHAVIORS), len(pairs)))
        _bars(
            left,
            [_words(name) for name in BEHAVIORS],
            {m: [one["cbr"][n] for n in BEHAVIORS] for m, one in models.items()},
            "cbr",
        )
        names = [f"{_words(pair['of'])}\n→ {_words(visual)}" for visual, pair in pairs.items()]
        _bars(right, names, {m: [one["btr"][n] for n in pairs] for m, one in models.items()}, "btr")
        left.set_title("responses with the behavior (%)", fontsize=9)
        right.set_title("transfer rate: visual over linguistic (%)", fontsize=9)
        left.legend(fontsize=7)
        page.tight_layout()
        out.parent.mkdir(parents=True, exist_ok=True)
        page.savefig(out, dpi=120, metadata={"Date": None} if out.suffix == ".svg" else None)
        pyplot.close(page)


def _bars(axis: Any, names: list[str], models: Mapping[str, list[Mapping[str, Any]]], figure: str) -> None:
    """A group of bars for every name and a bar in it for every model; where there is no figure it says so."""
    width = 0.8 / len(models)
    for number, (model, found) in enumerate(models.items()):
        for place, one in enumerate(found):
            x = place + (number - (len(models) - 1) / 2) * width
            label = model if place == 0 else None
            if (value := one[figure]) is None:
                axis.bar(x, 0, width, color=f"C{number}", label=label)
                axis.text(x, 0, "n/a", rotation=90, ha="center", va="bottom", fontsize=6)
                continue
            low, high = (value if end is None else end for end in (one["low"], one["high"]))
            ends = [[100 * max(value - low, 0)], [100 * max(high - value, 0)]]
            axis.bar(x, 100 * value, width, color=f"C{number}", label=label, yerr=ends, error_kw={"linewidth": 0.8})
    axis.set_xticks(range(len(names)), names, rotation=35, ha="right", fontsize=7)
    axis.tick_params(axis="y", labelsize=7)
    axis.grid(axis="y", alpha=0.3)


def _words(behavior: str) -> str:
    return behavior.replace("_", " ")
