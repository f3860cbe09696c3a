"""What a build costs as rows grow: seconds, CPU-seconds and the peak memory of its largest process.

    python tests/benchmarks/cost.py --rows 10000 100000 1000000

The rows are synthetic sums in words, one in twenty a near copy, read from JSON Lines through every stage to the shards, with an evaluation
set of 500 items. The exponent is the slope of log CPU-seconds over log rows, from the first size to each.
"""

import argparse
import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import yaml
from rich.console import Console
from rich.table import Table

NAMES = [
    "Ada",
    "Ben",
    "Cleo",
    "Dan",
    "Eva",
    "Finn",
    "Gus",
    "Hana",
    "Ivo",
    "Jana",
    "Karl",
    "Lena",
    "Max",
    "Nora",
    "Otto",
    "Pia",
    "Quin",
    "Rosa",
    "Sven",
    "Tara",
    "Uma",
    "Vera",
    "Will",
    "Xenia",
    "Yara",
    "Zoe",
]
THINGS = [
    "apples",
    "pears",
    "marbles",
    "stamps",
    "coins",
    "shells",
    "books",
    "pencils",
    "cards",
    "stones",
    "tickets",
    "ribbons",
    "buttons",
    "lamps",
    "chairs",
]
PLACES = [
    "market",
    "garden",
    "school",
    "library",
    "harbour",
    "station",
    "kitchen",
    "museum",
    "forest",
    "village",
    "bakery",
    "workshop",
]


def questions(n_rows: int, seed: int) -> Iterator[tuple[str, str]]:
    """(question, answer): different numbers, names and things in each; a near copy now and then."""
    rng = random.Random(seed)
    question, answer = "", ""
    for _ in range(n_rows):
        if question and rng.random() < 0.05:
            yield question.replace(" has ", "  has ") + " Give your answer as a number.", answer
            continue
        one, other = rng.sample(NAMES, 2)
        a, b, c = rng.randint(100, 99_999), rng.randint(2, 999), rng.randint(2, 99)
        thing, place = rng.choice(THINGS), rng.choice(PLACES)
        question = (
            f"At the {place}, {one} has {a} {thing} and {other} brings {b} boxes with {c} {thing} each. They put everything on one long "
            f"table and count twice to be sure. How many {thing} are on the table now?"
        )
        answer = str(a + b * c)
        yield question, answer


def write_rows(path: Path, n_rows: int, seed: int) -> None:
    with path.open("w") as file:
        for question, answer in questions(n_rows, seed):
            file.write(json.dumps({"question": question, "answer": answer}) + "\n")


def measure(n_rows: int, workers: int, folder: Path) -> tuple[float, float, float]:
    """Seconds, CPU-seconds, and the largest process's peak memory in MB of one build."""
    write_rows(folder / "rows.jsonl", n_rows, 1)
    write_rows(folder / "evaluation.jsonl", 500, 2)
    table = {"kind": "table", "fields": {"question": "question", "answer": "answer"}, "license": "MIT"}
    manifest = {
        "name": "cost",
        "rl": {
            "sources": [{**table, "name": "sums", "path": str(folder / "rows.jsonl")}],
            "decontaminate": {
                "benchmarks": [{**table, "name": "evaluation", "path": str(folder / "evaluation.jsonl")}]
            },
            "filters": [{"kind": "length"}, {"kind": "missing_picture"}, {"kind": "open_ended"}],
        },
    }
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    command = [
        sys.executable,
        "-m",
        "curation.cli",
        "build",
        str(folder / "manifest.yaml"),
        "--out",
        str(folder / "out"),
    ]
    started = time.perf_counter()
    process = psutil.Popen([*command, "--workers", str(workers)], stdout=subprocess.DEVNULL)
    cpu, peak = watch(process)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"the build of {n_rows} rows ended with {process.returncode}")
    stages = json.loads((folder / "out/summary.json").read_text())["configs"]["rl"]["seconds"]
    print(f"{n_rows} rows:", ", ".join(f"{name} {s:.0f} s" for name, s in stages.items()), flush=True)
    shutil.rmtree(folder / "out")
    return seconds, cpu, peak


def watch(process: psutil.Popen) -> tuple[float, float]:
    """CPU-seconds of a process and all below it, and the peak resident memory in MB of the largest; looks twenty times a second."""
    cpu: dict[tuple[int, float], float] = {}
    peak = 0
    while process.poll() is None:
        for one in [process, *process.children(recursive=True)]:
            with suppress(psutil.Error):
                times = one.cpu_times()
                cpu[one.pid, one.create_time()] = times.user + times.system
                peak = max(peak, one.memory_info().rss)
        time.sleep(0.05)
    return sum(cpu.values()), peak / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    table = Table(title="cost of a build")
    for heading in ("rows", "seconds", "CPU-seconds", "rows per CPU-second", "exponent", "peak MB", "of the first"):
        table.add_column(heading, justify="right")
    first: tuple[int, float, float] | None = None
    for n_rows in args.rows:
        with tempfile.TemporaryDirectory() as folder:
            seconds, cpu, peak = measure(n_rows, args.workers, Path(folder))
        exponent = f"{math.log(cpu / first[1]) / math.log(n_rows / first[0]):.3f}" if first else ""
        ratio = f"{peak / first[2]:.2f}" if first else ""
        table.add_row(
            f"{n_rows:,}", f"{seconds:.0f}", f"{cpu:.1f}", f"{n_rows / cpu:,.0f}", exponent, f"{peak:.0f}", ratio
        )
        first = first or (n_rows, cpu, peak)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
