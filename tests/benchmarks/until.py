r"""What sampling until a prompt has its correct traces saves, on real pass rates with simulated draws.

    python tests/benchmarks/until.py [--data DIR] [--seeds 20]

The rates are the 1,209 of `adaptive.py`. A fixed n keeps up to k correct ones of its n samples. `until` gets the same draws and the same cap,
and so keeps exactly as many; `of fixed` is its share of the samples, with the rounds it takes. The last columns give up prompts: `lost` are
the traces that are then missing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path[0] = str(Path(__file__).parents[2])

from curation.difficulty.outcomes import Bounds, Tally  # noqa: E402
from curation.difficulty.stopping.until import Until  # noqa: E402
from tests.benchmarks.adaptive import DATA, draws, real_epochs, true_rates  # noqa: E402

GIVE_UP = 0.05
COLUMNS = ("k", "n", "kept", "fixed", "until", "of fixed", "rounds", "given up, of fixed", "lost")


def simulate(stopping: Until, right: np.ndarray) -> tuple[Tally, int]:
    """The counts at the end, and the rounds. `right`: correct responses among the first 0, 1, ... of every prompt."""
    bounds, prompts, groups = (
        Bounds(stopping.n_max, 0.0, None, max_lost=1.0),
        np.arange(len(right)),
        np.zeros(len(right), int),
    )
    drawn, rounds, rule = np.full(len(right), stopping.first(bounds)), 1, None
    while True:
        correct = right[prompts, drawn]
        tally = Tally(correct, drawn - correct, np.zeros_like(drawn), np.zeros_like(drawn))
        rule = rule or stopping.rule(bounds, tally, groups)
        more = rule.more(tally, groups)
        if not more.any():
            return tally, rounds
        drawn, rounds = drawn + more, rounds + 1


def line(rates: np.ndarray, k: int, n: int, seeds: int) -> list[float]:
    """Means over the seeds, in the order of `COLUMNS`."""
    lines = []
    for seed in range(seeds):
        right = draws(rates, seed)
        fixed = np.minimum(right[:, n], k).sum()
        until, rounds = simulate(Until(correct=k, n_max=n), right)
        early, _ = simulate(Until(correct=k, n_max=n, give_up=GIVE_UP), right)
        kept, fewer = (np.minimum(tally.correct, k).sum() for tally in (until, early))
        assert kept == fixed, "the same cap keeps the same traces"
        spent, spared = (tally.drawn.sum() / (n * len(rates)) for tally in (until, early))
        lines.append([k, n, kept, n * len(rates), until.drawn.sum(), spent, rounds, spared, 1 - fewer / kept])
    return np.mean(lines, axis=0).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(DATA))
    parser.add_argument("--seeds", type=int, default=20)
    args = parser.parse_args()
    if not (args.data / "one_shot_rlvr").is_dir():
        print(f"until: {args.data} has no one_shot_rlvr; set OVR_REAL_DATA to the folder of the real sample")
        return
    rates = true_rates(real_epochs(args.data), "all")
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS))
    for k in (1, 2, 4):
        for n in (4, 8, 16, 32):
            found = line(rates, k, n, args.seeds)
            print(
                "| "
                + " | ".join(f"{value:,.0f}" if value >= 1 or not value else f"{value:.3f}" for value in found)
                + " |"
            )


if __name__ == "__main__":
    main()
