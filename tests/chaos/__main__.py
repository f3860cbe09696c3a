"""`make chaos`: builds that faults hit at random moments; each must end, after two more runs at most, with the undisturbed build's bytes.

CHAOS_SEED=1 CHAOS_BUILDS=100 CHAOS_JOBS=1 python -m tests.chaos

CHAOS_JOBS is how many builds run side by side, each job with a folder and a server of its own.
"""

import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos.builds import FAULTS, RUNS, Result, chaos

DEFAULTS = {"SEED": "1", "BUILDS": "100", "JOBS": "1"}


def main() -> int:
    seed, builds, jobs = (int(os.environ.get(f"CHAOS_{of}", default)) for of, default in DEFAULTS.items())
    numbers = iter(range(builds))
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(_job, Path(folder, str(job)), seed, numbers) for job in range(jobs)]
        results = [result for job in running for result in job.result()]
    print(table(results))
    return int(any(result.wrong for result in results))


def _job(folder: Path, seed: int, numbers: Iterator[int]) -> list[Result]:
    """Hit one build after another, by the numbers that no other job has taken."""
    results = []
    with chaos(folder) as subject:
        print(f"seed {seed}; undisturbed: {subject.seconds:.1f} s", flush=True)
        for number in numbers:
            fault = FAULTS[number % len(FAULTS)]
            results.append(result := subject.hit(fault, random.Random(f"{seed}:{number}")))
            print(number, fault, *result.codes, f"{result.seconds:.1f} s", flush=True)
            if result.wrong:
                print(f"build {number}, {fault}, exit codes {result.codes}: {result.wrong}\n{result.said}", flush=True)
    return results


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
