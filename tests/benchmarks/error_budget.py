"""Does the error budget hold what it says? Its 95 % intervals against sets in which it is known what is wrong.

    python tests/benchmarks/error_budget.py [--seeds 20] [--levels 0.02 0.05 0.1] [--builds]

With `--builds` whole builds with planted wrong golds and leaks, certified (minutes); without, the golds alone, of students of many habits.
A line has: the truth on average, the estimate, in how many seeds the interval covers the truth (and how often it lies below or above), the
width on average and as a multiple of the truth.
"""

import argparse
import contextlib
import io
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path[0] = str(Path(__file__).parents[2])

from curation.build.build import BuildOptions, build  # noqa: E402
from curation.core.parquet import read_records  # noqa: E402
from curation.release.budget.budget import Range  # noqa: E402
from curation.release.budget.draws import added  # noqa: E402
from curation.release.budget.gold import share_wrong  # noqa: E402
from curation.release.budget.reckon import error_budget  # noqa: E402
from curation.release.dataset import open_dataset  # noqa: E402
from rewards.certify import certify  # noqa: E402
from tests.curation.release.budget.planted import Planting, counted, plant  # noqa: E402

STUDENTS = {
    "two thirds right": {},
    "two thirds right, n = 16": {"n": 16},
    "4 options, n = 16": {"options": (4,), "n": 16},
    "open, n = 16": {"options": (0,), "n": 16},
    "any pass rate": {"accuracy": (1, 1)},
    "hard, a third right": {"accuracy": (2, 4)},
    "weak, a tenth right": {"accuracy": (1, 9)},
    "weak, a third right, 4 options": {"accuracy": (3.5, 6.5), "options": (4,)},
    "two options": {"accuracy": (5, 2), "options": (2,)},
    "mistakes mostly alike": {"habit": 0.8},
    "mistakes mostly different": {"habit": 0.2},
    "wrong golds are the usual mistake": {"sorts": ("systematic",)},
    "4,000 rows": {"rows": 4000},
    "100 rows": {"rows": 100},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--builds", action="store_true")
    parser.add_argument("--only", default="", help="students whose name has this")
    parser.add_argument(
        "--levels", type=float, nargs="+", default=[0.02, 0.05, 0.10], help="shares of planted wrong golds"
    )
    args = parser.parse_args()
    if args.builds:
        for level in args.levels:
            for which, line in _lines(_built, Planting(level), args.seeds):
                print(f"{'builds, ' + which:42s} {level:5.0%} {line}", flush=True)
        return
    for name, fields in STUDENTS.items():
        for level in args.levels if args.only in name else ():
            for _, line in _lines(_counted, replace(Planting(level), **fields), args.seeds):
                print(f"{name:42s} {level:5.0%} {line}", flush=True)


def _lines(
    find: Callable[[Planting], dict[str, tuple[Range, float]]], planting: Planting, seeds: int
) -> list[tuple[str, str]]:
    found: dict[str, list[tuple[Range, float]]] = {}
    for seed in range(seeds):
        for which, pair in find(replace(planting, seed=seed)).items():
            found.setdefault(which, []).append(pair)
    return [(which, _line(pairs)) for which, pairs in found.items()]


def _line(pairs: list[tuple[Range, float]]) -> str:
    truth, share = np.mean([t for _, t in pairs]), np.mean([r.share or 0 for r, _ in pairs])
    above, below = sum(r.low > t for r, t in pairs), sum(r.high < t for r, t in pairs)
    width = np.mean([r.high - r.low for r, _ in pairs])
    covered = f"covered {len(pairs) - above - below}/{len(pairs)} (too low {below}, too high {above})"
    return (
        f"truth {truth:6.2%}  estimate {share:6.2%}  {covered}  width {width:6.2%} = {width / max(truth, 1e-9):4.1f} x"
    )


def _counted(planting: Planting) -> dict[str, tuple[Range, float]]:
    made = counted(planting)
    total = sum(int(kept.sum()) for kept in made.kept.values())
    parts = [
        (int(kept.sum()) / total, share_wrong(made.counts[options], np.where(kept, 0, -1), options, planting.seed)[0])
        for options, kept in made.kept.items()
    ]
    return {"gold": (added(parts).range, made.share)}


def _built(planting: Planting) -> dict[str, tuple[Range, float]]:
    with tempfile.TemporaryDirectory() as folder:
        truth = plant(Path(folder), planting)
        out = Path(folder) / "out"
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            build(Path(folder) / "manifest.yaml", out, BuildOptions())
        rows = [r for file in sorted((out / "data/rl").glob("*.parquet")) for r in read_records(file, COLUMNS)]
        summary = json.loads((out / "summary.json").read_text())
        summary["certificate"] = certify(rows, "here", 500).table()
        (out / "summary.json").write_text(json.dumps(summary))
        budget = error_budget(open_dataset(out)).configs["rl"]
        gold, leak = budget.cause("gold"), budget.cause("contamination")
        return {
            "all causes": (Range(budget.share, budget.low, budget.high), truth.share(out)),
            "gold": (gold, truth.share(out) - truth.share(out, ["leak"])),
            "contamination": (leak, truth.share(out, ["leak"])),
        }


COLUMNS = ["id", "source", "source_id", "answer", "answer_kind", "answer_options"]

if __name__ == "__main__":
    main()
