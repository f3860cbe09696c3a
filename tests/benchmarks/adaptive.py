r"""What the stopping rules save and how often they are wrong, on real pass rates with simulated draws.

    python tests/benchmarks/adaptive.py [--data DIR] [--seeds 200] [--window all|late] [--plot FILE.png]

The rates are those of the 1,209 prompts of One-Shot-RLVR (`one_shot_rlvr/data/acc_step_500.json` below `$OVR_REAL_DATA`): the accuracies in
the 44 to 57 epochs of a run, 8 responses each. The true rate of a prompt is the mean of all its epochs, or of the last 25 (`late`).
Every seed draws responses from these rates; the rules are those of `curation.difficulty.stopping`, and all see the same draws.

Bounds 0.1-0.9 and, as 0-1, "1 to 15 of 16". A decision is wrong when it differs from what the true rate says; for "never" and "always" that is
the rate at which 16 samples are as likely to show nothing else as not (`Bounds.rates`). `exact` is shown as it ships and with
`max_lost: 1`, under which no samples to come can turn a keep into `truncated` or `unjudged`. No rule whose decisions are always those of
fixed 16 can need fewer samples than the least told below a table. `differ` is against fixed 16 on the same draws.
`cover` is the share of 95 % intervals that hold the true rate. Bias, of the stored estimate and of the plain fraction: mean over all prompts,
and `tilt`, the largest mean error among the prompts of one tenth of the estimate. `first unbiased` is the unbiased estimator of Girshick,
Mosteller and Savage (1946): the first sample, averaged over all orders that end in the same counts. The last lines give the priors more to go
by: the length of the question, or four samples of a first model (the first eight epochs of the run stand for it), in 40 seeds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path[0] = str(Path(__file__).parents[2])

from curation.difficulty.outcomes import KEEP, Bounds, Tally  # noqa: E402
from curation.difficulty.stopping.base import Rule, Stopping  # noqa: E402
from curation.difficulty.stopping.bayes import Bayes  # noqa: E402
from curation.difficulty.stopping.exact import Exact  # noqa: E402
from curation.difficulty.stopping.fixed import Fixed  # noqa: E402

N, MOST, EXTRA_SEEDS = 16, 64, 40
BOUNDS = ((0.1, 0.9), (0.0, 1.0))
DATA = os.environ.get("OVR_REAL_DATA", str(Path(__file__).parents[3] / "shared" / "data" / "real"))
COLUMNS = ("samples", "of fixed", "differ", "error", "of fixed", "cover", "bias", "tilt", "plain bias", "plain tilt")


@dataclass(frozen=True)
class Ended:
    """One simulated run: the samples of every prompt, and what they decide."""

    tally: Tally
    kept: np.ndarray
    estimates: tuple[np.ndarray, np.ndarray, np.ndarray]


def real_epochs(folder: Path) -> list[list[float]]:
    """The accuracies of every prompt, epoch by epoch, in the order of the prompts' numbers."""
    told = json.loads((folder / "one_shot_rlvr" / "data" / "acc_step_500.json").read_text())
    return [told[key] for key in sorted(told, key=int)]


def true_rates(epochs: Sequence[Sequence[float]], window: str) -> np.ndarray:
    return np.array([np.mean(each[-25:] if window == "late" else each) for each in epochs])


def draws(rates: np.ndarray, seed: int) -> np.ndarray:
    """Correct responses among the first 0, 1, ... `MOST` of every prompt."""
    right = np.random.default_rng(seed).random((len(rates), MOST)) < rates[:, None]
    return np.concatenate([np.zeros((len(rates), 1), int), right.cumsum(1)], axis=1)


def simulate(stopping: Stopping, bounds: Bounds, right: np.ndarray, groups: np.ndarray | None = None) -> Ended:
    """Ask, count, ask again: what `curation.difficulty.rounds` does, without an engine."""
    prompts = np.arange(len(right))
    groups = np.zeros(len(right), np.int64) if groups is None else groups
    judged = np.full(len(right), stopping.first(bounds))
    rule: Rule | None = None
    while True:
        correct = right[prompts, judged]
        tally = Tally(correct, judged - correct, np.zeros_like(judged), np.zeros_like(judged))
        rule = rule or stopping.rule(bounds, tally, groups)
        more = rule.more(tally, groups)
        if not more.any():
            return Ended(tally, rule.decide(tally, groups) == KEEP, rule.estimate(tally, groups))
        judged = judged + more


def tilt(estimate: np.ndarray, rates: np.ndarray) -> float:
    """The largest mean error among the prompts of a tenth of the estimate, of those tenths that hold a hundredth of them."""
    tenths = np.minimum((estimate * 10).astype(int), 9)
    errors = [np.mean((estimate - rates)[tenths == k]) for k in range(10) if np.mean(tenths == k) > 0.01]
    return float(max(errors, key=abs))


def figures(ended: Ended, fixed: Ended, rates: np.ndarray, bounds: Bounds) -> list[float]:
    """One run as the columns of the table; errors and samples beside those of fixed n are made of the means."""
    low, high = bounds.rates()
    truth = (low < rates) & (rates < high)
    estimate, start, end = ended.estimates
    covered = (start - 1e-4 <= rates) & (rates <= end + 1e-4)  # the grid of the posterior ends there
    plain = ended.tally.correct / ended.tally.drawn
    return [
        float(ended.tally.drawn.mean()),
        0.0,
        float(np.mean(ended.kept != fixed.kept)),
        float(np.mean(ended.kept != truth)),
        0.0,
        float(covered.mean()),
        float(np.mean(estimate - rates)),
        tilt(estimate, rates),
        float(np.mean(plain - rates)),
        tilt(plain, rates),
    ]


def table(runs: dict[str, list[list[float]]]) -> dict[str, list[float]]:
    """Rule -> mean figures over the seeds."""
    means = {name: np.mean(lines, axis=0) for name, lines in runs.items()}
    for line in means.values():
        line[1], line[4] = line[0] / means["fixed"][0], line[3] / means["fixed"][3]
    return {name: line.tolist() for name, line in means.items()}


def measure(
    rates: np.ndarray, bounds: tuple[float, float], seeds: int, extra: dict[str, Any]
) -> dict[str, list[float]]:
    """The table of one pair of bounds. `extra` names groups of prompts, or makes them from a seed."""
    as_ships, never_lost = (Bounds(N, *bounds, max_lost=share) for share in (0.5, 1.0))
    rules: dict[str, tuple[Stopping, Bounds]] = {
        "fixed": (Fixed(), never_lost),
        "exact": (Exact(), as_ships),
        "exact, max_lost 1": (Exact(), never_lost),
        "bayes": (Bayes(), never_lost),
        f"bayes, mean_samples {N}": (Bayes(mean_samples=N), never_lost),
    }
    runs: dict[str, list[list[float]]] = {}
    for seed in range(seeds):
        right = draws(rates, seed)
        ended = {name: simulate(rule, within, right) for name, (rule, within) in rules.items()}
        for name, groups in extra.items() if seed < EXTRA_SEEDS else ():
            given = groups(seed) if callable(groups) else groups
            ended[f"bayes, {name}"] = simulate(Bayes(), never_lost, right, given)
        for name, run in ended.items():
            runs.setdefault(name, []).append(figures(run, ended["fixed"], rates, never_lost))
    return table(runs)


def first_unbiased(right: np.ndarray, rates: np.ndarray, bounds: Bounds) -> tuple[float, float]:
    """Bias and root mean square error of the first sample averaged over the orders, for `exact`: paths that begin with a right answer
    over all paths that end in the same counts. Beside it stands the stored estimate's."""
    rule = Exact().rule(bounds, Tally(*np.zeros((4, 1), int)), np.zeros(1, int))
    paths = {(0, 0): (1.0, 0.0)}
    for total in range(N):
        for correct in range(total + 1):
            at = paths.get((correct, total - correct))
            tally = Tally(*(np.array([k]) for k in (correct, total - correct, 0, 0)))
            if at is None or not rule.more(tally, np.zeros(1, int))[0]:
                continue
            for step in ((1, 0), (0, 1)):
                after = (correct + step[0], total - correct + step[1])
                every, begun = paths.get(after, (0.0, 0.0))
                paths[after] = every + at[0], begun + (float(step[0]) if total == 0 else at[1])
    ended = simulate(Exact(), bounds, right)
    counts = zip(ended.tally.correct.tolist(), ended.tally.incorrect.tolist(), strict=True)
    found = np.array([paths[count][1] / paths[count][0] for count in counts])
    return float(np.mean(found - rates)), float(np.sqrt(np.mean((found - rates) ** 2)))


def least_possible(rates: np.ndarray, bounds: Bounds) -> float:
    """Mean samples of a prompt where they are drawn one by one until all that the others may show comes to the same decision."""
    low, high = bounds.low or 0.0, 1.0 if bounds.high is None else bounds.high
    kept = [low < k / N < high for k in range(N + 1)]
    undecided, spent = {0: np.ones(len(rates))}, np.zeros(len(rates))
    for drawn in range(N):
        after: dict[int, np.ndarray] = {}
        for correct, share in undecided.items():
            if len(set(kept[correct : correct + N - drawn + 1])) == 1:
                continue
            spent += share
            after[correct] = after.get(correct, 0.0) + share * (1 - rates)
            after[correct + 1] = share * rates
        undecided = after
    return float(spent.mean())


def groups_of(epochs: Sequence[Sequence[float]], folder: Path) -> dict[str, Any]:
    """What a prior may go by: thirds of the question's length, or how many of four samples of an earlier model were right."""
    import pyarrow.parquet as pq

    early = np.array([np.mean(each[:8]) for each in epochs])
    rows = pq.read_table(folder / "one_shot_rlvr" / "data" / "train" / "one_shot_rlvr" / "dsr_sub.parquet").to_pylist()
    length = {row["extra_info"]["index"]: len(row["prompt"][0]["content"]) for row in rows}
    lengths = np.array([length[number] for number in sorted(length)])
    thirds = np.digitize(lengths, np.quantile(lengths, [1 / 3, 2 / 3]))
    return {"by length": thirds, "by first model": lambda seed: np.random.default_rng([seed, 1]).binomial(4, early)}


def plot(rates: np.ndarray, file: Path, seeds: int = 10) -> None:
    """Where the samples go by true rate, and the error against the samples spent."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(len(BOUNDS), 2, figsize=(11, 8), layout="constrained")
    tenths = np.linspace(0, 1, 21)
    for (left, right), (low, high) in zip(axes, BOUNDS, strict=True):
        bounds = Bounds(N, low, high, max_lost=1.0)
        all_draws = [draws(rates, seed) for seed in range(seeds)]
        for name, rule in {"fixed": Fixed(), "exact": Exact(), "bayes": Bayes()}.items():
            spent = np.mean([simulate(rule, bounds, each).tally.drawn for each in all_draws], axis=0)
            place = np.digitize(rates, tenths)
            left.plot(
                tenths, [spent[place == k].mean() if (place == k).any() else np.nan for k in range(1, 22)], label=name
            )
        limits = bounds.rates()
        truth = (limits[0] < rates) & (rates < limits[1])
        curve = []
        for samples in (6, 8, 10, 12, 16, 20, 24, 32):
            runs = [simulate(Bayes(mean_samples=samples), bounds, each) for each in all_draws[:3]]
            curve.append(np.mean([[run.tally.drawn.mean(), np.mean(run.kept != truth)] for run in runs], axis=0))
        right.plot(*np.array(curve).T, "o-", label="bayes")
        fixed = [(n, Bounds(n, low, high, max_lost=1.0)) for n in (4, 8, 12, 16, 24, 32)]
        wrong = [np.mean([np.mean(simulate(Fixed(), b, each).kept != truth) for each in all_draws]) for _, b in fixed]
        right.plot([n for n, _ in fixed], wrong, "s--", label="fixed n")
        left.set(title=f"bounds {low}-{high}", xlabel="true pass rate", ylabel="samples per prompt")
        right.set(xlabel="samples per prompt", ylabel="wrong decisions", ylim=(0, None))
        left.legend()
        right.legend()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(DATA))
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--window", choices=("all", "late"), default="all")
    parser.add_argument("--plot", type=Path, default=Path("build/adaptive.png"))
    args = parser.parse_args()
    if not (args.data / "one_shot_rlvr").is_dir():
        print(f"adaptive: {args.data} has no one_shot_rlvr; set OVR_REAL_DATA to the folder of the real sample")
        return
    epochs = real_epochs(args.data)
    rates, extra = true_rates(epochs, args.window), groups_of(epochs, args.data)
    started = time.process_time()
    for bounds in BOUNDS:
        print(f"\nbounds {bounds[0]}-{bounds[1]}, {len(rates)} prompts, {args.seeds} seeds, window {args.window}")
        print("| rule | " + " | ".join(COLUMNS) + " |\n|---|" + "---|" * len(COLUMNS))
        for name, line in measure(rates, bounds, args.seeds, extra).items():
            print(f"| {name} | {line[0]:.2f} | " + " | ".join(f"{value:.4f}" for value in line[1:]) + " |", flush=True)
        print(f"least possible with identical decisions: {least_possible(rates, Bounds(N, *bounds)):.2f}")
        ended = simulate(Exact(), Bounds(N, *bounds, max_lost=1.0), draws(rates, 0))
        bias, spread = first_unbiased(draws(rates, 0), rates, Bounds(N, *bounds, max_lost=1.0))
        stored = float(np.sqrt(np.mean((ended.estimates[0] - rates) ** 2)))
        print(f"exact, seed 0: first unbiased has bias {bias:+.4f} and RMS error {spread:.3f}; stored {stored:.3f}")
    plot(rates, args.plot)
    print(f"\n{time.process_time() - started:.0f} CPU seconds; plot: {args.plot}")


if __name__ == "__main__":
    main()
