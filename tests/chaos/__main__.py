"""`make chaos`: builds that faults hit at random moments; each must end, after two more runs at most, with the undisturbed build's bytes.

CHAOS_SEED=1 CHAOS_BUILDS=100 python -m tests.chaos
"""

import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.chaos.builds import FAULTS, RUNS, Result, chaos


def main() -> int:
    seed, builds = int(os.environ.get("CHAOS_SEED", "1")), int(os.environ.get("CHAOS_BUILDS", "100"))
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder, chaos(Path(folder)) as subject:
        print(f"seed {seed}; undisturbed: {subject.seconds:.1f} s", flush=True)
        for number in range(builds):
            fault = FAULTS[number % len(FAULTS)]
            results.append(result := subject.hit(fault, random.Random(f"{seed}:{number}")))
            print(number, fault, *result.codes, f"{result.seconds:.1f} s", flush=True)
            if result.wrong:
                print(f"build {number}, {fault}, exit codes {result.codes}: {result.wrong}\n{result.said}", flush=True)
    print(table(results))
    return int(any(result.wrong for result in results))


def table(results: list[Result]) -> str:
    lines = [
        f"{'fault':<14}{'builds':>8}" + "".join(f"{f'run {n + 1}':>8}" for n in range(RUNS)) + f"{'wrong':>8}{'s':>8}"
    ]
    for fault in (*FAULTS, ""):
        of = [result for result in results if fault in (result.fault, "")]
        ends = Counter(result.runs for result in of if not result.wrong)
        cells = [len(of), *(ends[n + 1] for n in range(RUNS)), sum(bool(result.wrong) for result in of)]
        mean = sum(result.seconds for result in of) / max(len(of), 1)
        lines.append(f"{fault or 'all':<14}" + "".join(f"{cell:>8}" for cell in cells) + f"{mean:>8.1f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
