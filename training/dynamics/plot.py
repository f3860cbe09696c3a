"""ovr-train plot RUN [RUN ...] [--out FILE] [--smooth N]

One page of a run's dynamics, after figure 3 of the paper: reward, length of responses, truncated and unjudged responses, groups that teach
something, reward and length by domain and stratum, behaviors in the kept completions, loss. Several runs lie over each other. RUN is the
output_dir of `ovr-train sft` or `grpo`; NAME=RUN gives it a name.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

from training.dynamics.runs import Run, Series, read_run

FIGURES = {
    "reward": "Reward",
    "completions/mean_length": "Length of responses (tokens)",
    "completions/clipped_ratio": "Truncated responses (share)",
    "unjudged": "Responses without a reward (share)",
    "effective_groups": "Groups with different rewards (share)",
    "sampling/effective_share": "Weight left by the importance correction (share)",
    "entropy": "Entropy (nats a token)",
    "loss": "Loss",
}
"""Title by logged name."""
GROUPS = (
    ("domain", "reward", "Reward by domain"),
    ("domain", "length", "Length by domain (tokens)"),
    ("stratum", "reward", "Reward by stratum"),
)
STYLES = ("-", "--", ":", "-.")
SUFFIXES = (".png", ".pdf", ".svg")


@dataclass
class Panel:
    """A title and its lines: (name of the line, number of the run, series)."""

    title: str
    lines: list[tuple[str, int, Series]] = field(default_factory=list)


def main(argv: Sequence[str]) -> int:
    """Read the runs, draw the page and print where it is."""
    parser = argparse.ArgumentParser(prog="ovr-train plot", description="One page of a run's dynamics.")
    parser.add_argument("runs", nargs="+", metavar="RUN", help="output_dir of sft or grpo, or NAME=output_dir")
    parser.add_argument("--out", type=Path, help="a .png, .pdf or .svg; default: dynamics.png in the first run")
    parser.add_argument("--smooth", type=int, help="steps of the moving average; default: a twentieth of the run")
    args = parser.parse_args(argv)
    folders = [_named(text) for text in args.runs]
    out = args.out or folders[0][1] / "dynamics.png"
    if out.suffix not in SUFFIXES:
        raise ValueError(f"--out {out}: expected a name that ends in {', '.join(SUFFIXES)}")
    if args.smooth is not None and args.smooth < 1:
        raise ValueError(f"--smooth {args.smooth}: expected 1 or more steps")
    runs = [read_run(folder, name) for name, folder in folders]
    if not (drawn := panels(runs)):
        raise ValueError(f"{args.runs[0]} has logged no figure yet")
    draw(drawn, [run.name for run in runs], out, args.smooth)
    print(f"plot: {len(drawn)} panels of {len(runs)} runs in {out}")
    return 0


def panels(runs: Sequence[Run]) -> list[Panel]:
    """The panels that have something to show, in the order of the page."""
    return [panel for panel in (*_figures(runs), *_groups(runs), *_behaviors(runs)) if panel.lines]


def draw(drawn: Sequence[Panel], names: Sequence[str], out: Path, smooth: int | None = None) -> None:
    """Write the page: the logged figures pale, their moving averages on top; a color for each line, a dash for each further run."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    n_columns = min(2, len(drawn))
    n_rows = ceil(len(drawn) / n_columns)
    with pyplot.style.context("tableau-colorblind10"):
        page, axes = pyplot.subplots(n_rows, n_columns, figsize=(6 * n_columns, 2.6 * n_rows), squeeze=False)
        for axis, panel in zip(axes.flat, drawn, strict=False):
            _draw_panel(axis, panel, names, smooth)
        for axis in list(axes.flat)[len(drawn) :]:
            axis.set_axis_off()
        page.suptitle(", ".join(names), fontsize=9)
        page.tight_layout()
        out.parent.mkdir(parents=True, exist_ok=True)
        page.savefig(out, dpi=120)
        pyplot.close(page)


def moving_average(series: Series, n_points: int) -> Series:
    """Each figure's mean with those before it, `n_points` at most.

    >>> moving_average([(1, 0.0), (2, 1.0), (3, 1.0)], 2)
    [(1, 0.0), (2, 0.5), (3, 1.0)]
    """
    windows = [series[max(0, end - n_points) : end] for end in range(1, len(series) + 1)]
    return [(window[-1][0], sum(value for _, value in window) / len(window)) for window in windows]


def _draw_panel(axis: Any, panel: Panel, runs: Sequence[str], smooth: int | None) -> None:
    """One panel: a color for each name and a dash for each run; a color for each run where lines have no names."""
    names = sorted({name for name, _, _ in panel.lines})
    for name, run, series in panel.lines:
        color = f"C{(names.index(name) if name else run) % 10}"
        style = STYLES[run % len(STYLES)] if name else STYLES[0]
        label = ", ".join(filter(None, (name, runs[run] if len(runs) > 1 else "")))
        n_points = smooth or max(1, len(series) // 20)
        if n_points > 1:
            axis.plot(*zip(*series, strict=True), color=color, alpha=0.25, linewidth=0.8)
        averaged = moving_average(series, n_points)
        marker = "." if len(series) == 1 else None
        axis.plot(*zip(*averaged, strict=True), style, color=color, label=label, linewidth=1.4, marker=marker)
    axis.set_title(panel.title, fontsize=9)
    axis.set_xlabel("step", fontsize=8)
    axis.tick_params(labelsize=7)
    axis.grid(alpha=0.3)
    if axis.get_legend_handles_labels()[1] != [""] and (names != [""] or len(runs) > 1):
        axis.legend(fontsize=6, ncols=2)


def _figures(runs: Sequence[Run]) -> Iterator[Panel]:
    for figure, title in FIGURES.items():
        shown = [run for run in runs if not (figure == "loss" and run.is_rl)]  # GRPO's loss says nothing of progress
        yield Panel(title, [("", runs.index(run), run.figures[figure]) for run in shown if run.figures.get(figure)])


def _groups(runs: Sequence[Run]) -> Iterator[Panel]:
    for group, figure, title in GROUPS:
        of_runs = [sorted(run.by(group, figure).items()) for run in runs]
        yield Panel(title, [(name, number, series) for number, of_run in enumerate(of_runs) for name, series in of_run])


def _behaviors(runs: Sequence[Run]) -> Iterator[Panel]:
    """Behaviors that at least one kept response has."""
    lines = [
        (name.replace("_", " "), number, series)
        for number, run in enumerate(runs)
        for name, series in run.behaviors.items()
        if any(share for _, share in series)
    ]
    yield Panel("Behaviors (share of kept responses with a cue)", lines)


def _named(text: str) -> tuple[str, Path]:
    """`NAME=RUN`, or a folder with its own name."""
    name, equals, folder = text.partition("=")
    if equals and not Path(text).exists():
        return name, Path(folder)
    return Path(text).resolve().name, Path(text)
