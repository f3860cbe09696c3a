"""The rollout store as it grows, and under many writers.

    python tests/benchmarks/rollout_store.py open [--prompts 30000 300000] [--samples 16]
    python tests/benchmarks/rollout_store.py writers [--processes 1 2] [--appends 300]
    python tests/benchmarks/rollout_store.py kills [--rounds 20] [--seed 1]

`open` writes short synthetic samples, those of a prompt one after the other or a round of all prompts after the other (a prompt is then in
as many segments as it has samples), and opens the store in a process of its own: seconds, peak memory, a look-up of 256 prompts with texts
and one without. `writers` appends 32 samples at a time from several processes to one store. `kills` kills two writers at random moments,
again and again, while the store is read, and counts what is lost, halved, missed by a reader, or decided otherwise than the rule has it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

sys.path[0] = str(Path(__file__).parents[2])

from curation.sampling.rollouts.compaction import SegmentWriter  # noqa: E402
from curation.sampling.rollouts.rollout import LAYOUT, SCHEMA  # noqa: E402
from curation.sampling.rollouts.segments import list_segments, writer_name  # noqa: E402
from tests.curation.sampling.killed_writers import kill_both  # noqa: E402

LINES = 40_000
"""Of a segment: about 16 MiB in memory."""
OPEN = """
import json, re, sys, time
from pathlib import Path
import numpy as np
from curation.sampling.rollouts.rollout import Setting
from curation.sampling.rollouts.store import RolloutStore

def mib():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

def timed(work):
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start

n, samples, setting = int(sys.argv[2]), int(sys.argv[3]), Setting("model", "revision", "0" * 32, 1.0, 1.0)
imported = mib()
cpu = time.process_time()
store, seconds = timed(lambda: RolloutStore(Path(sys.argv[1])))
cpu = time.process_time() - cpu
opened = mib()
first = [int(start) for start in np.linspace(0, max(n - 256, 0), 20)]
asked = [[f"{k:032x}" for k in range(start, min(start + 256, n))] for start in first]
looks, measures = [], []
for prompts in asked:
    held, took = timed(lambda: store.load(setting, prompts, 4096))
    assert all(len(of_prompt) == samples for of_prompt in held.values())
    looks.append(took)
    measures.append(timed(lambda: store.measure(setting, prompts, 4096))[1])
_, refreshed = timed(store.refresh)
print(json.dumps({"import MiB": imported, "open s": seconds, "open CPU s": cpu, "open MiB": opened, "look-up ms": 1000 * float(np.median(looks)),
                  "measure ms": 1000 * float(np.median(measures)), "refresh ms": 1000 * refreshed, "peak MiB": mib()}))
"""
APPEND = """
import sys, time
from pathlib import Path
from curation.sampling.engines.base import Sample
from curation.sampling.rollouts.rollout import Rollout, Setting
from curation.sampling.rollouts.store import RolloutStore

folder, name, appends = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
setting = Setting("model", "revision", "template", 1.0, 1.0)
with RolloutStore(folder) as store:
    print(flush=True)
    sys.stdin.readline()
    for batch in range(appends):
        prompt = f"{name} {batch}"
        store.append([Rollout(prompt, prompt, setting, 8, Sample(k, "step " * 200, "stop", 5, k), 3, 0.0) for k in range(32)], True)
"""


def lines(prompts: np.ndarray, numbers: np.ndarray, rng: np.random.Generator) -> pa.Table:
    """Samples of prompts, as lines of the store."""
    n, digits = len(prompts), rng.bytes(16 * len(prompts)).hex()
    constants = {"model": "model", "revision": "revision", "template_hash": "0" * 32, "finish_reason": "stop"}
    figures = {
        "temperature": 1.0,
        "top_p": 1.0,
        "max_tokens": 4096,
        "n_tokens": 40,
        "prompt_tokens": 60,
        "seconds": 0.1,
    }
    columns: dict[str, Any] = {name: pa.array([value], SCHEMA.field(name).type).take(pa.array(np.zeros(n, int)))
                               for name, value in {**constants, **figures}.items()}  # fmt: skip
    hashes = [f"{k:032x}" for k in prompts.tolist()]
    columns |= {"rollout": [digits[32 * k : 32 * k + 32] for k in range(n)], "prompt": hashes, "prompt_id": hashes}
    columns |= {"number": pa.array(numbers, pa.int32()), "seed": pa.array(rng.integers(0, 2**62, n))}
    columns["text"] = [
        f"So {k} and {n}: \\boxed{{{k % 97}}}" for k, n in zip(prompts.tolist(), numbers.tolist(), strict=True)
    ]
    return pa.table(columns, schema=SCHEMA)


def fill(folder: Path, n_prompts: int, samples: int, by_round: bool) -> None:
    """A store of so many samples, in full segments."""
    rng, writer, n = np.random.default_rng(0), SegmentWriter(folder, LAYOUT, writer_name()), n_prompts * samples
    for start in range(0, n, LINES):
        k = np.arange(start, min(start + LINES, n))
        prompts, numbers = (k % n_prompts, k // n_prompts) if by_round else (k // samples, k % samples)
        writer.write(lines(prompts, numbers, rng))


def run(script: str, *arguments: object, **options: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", script, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": sys.path[0]}
    return subprocess.Popen(command, text=True, env=environment, stdout=subprocess.PIPE, **options)


def show(title: str, rows: list[dict[str, Any]]) -> None:
    table = Table(title=title)
    for name in rows[0]:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*(f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value for value in row.values()))  # fmt: skip
    Console(width=160).print(table)


def open_stores(sizes: list[int], samples: int) -> None:
    rows = []
    for by_round in (False, True):
        for n_prompts in sizes:
            with tempfile.TemporaryDirectory() as name:
                fill(Path(name), n_prompts, samples, by_round)
                files = list_segments(Path(name))
                size = sum(path.stat().st_size for path in files) / 2**20
                output, _ = run(OPEN, name, n_prompts, samples).communicate()
            what = {"samples": n_prompts * samples, "order": "by round" if by_round else "by prompt"}
            rows.append({**what, "segments": len(files), "MiB on disk": size, **json.loads(output)})
    show("a store that is opened", rows)
    for smaller, larger in pairwise(rows):
        if smaller["order"] == larger["order"]:
            ratio = {name: larger[name] / smaller[name] for name in ("samples", "open s", "peak MiB", "look-up ms")}
            print(smaller["order"], {name: f"x {value:.2f}" for name, value in ratio.items()})


def write_at_once(processes: list[int], appends: int) -> None:
    rows = []
    for n in processes:
        with tempfile.TemporaryDirectory() as name:
            writers = [run(APPEND, name, f"writer {k}", appends, stdin=subprocess.PIPE) for k in range(n)]
            for writer in writers:
                assert writer.stdout
                writer.stdout.readline()
            start, most = time.perf_counter(), 0
            for writer in writers:
                assert writer.stdin
                writer.stdin.close()
            while any(writer.poll() is None for writer in writers):
                most = max(most, len(list_segments(Path(name))))
                time.sleep(0.05)
            seconds, left = time.perf_counter() - start, list_segments(Path(name))
        rows.append(
            {"writers": n, "appends/s": n * appends / seconds, "most segments": most, "segments left": len(left)}
        )
    show("writers of one store", [{**row, "beside one": row["appends/s"] / rows[0]["appends/s"]} for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["open", "writers", "kills"])
    parser.add_argument("--prompts", type=int, nargs="+", default=[30_000, 300_000])
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--appends", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.what in (None, "open"):
        open_stores(options.prompts, options.samples)
    if options.what in (None, "writers"):
        write_at_once(options.processes, options.appends)
    if options.what in (None, "kills"):
        with tempfile.TemporaryDirectory() as name:
            show(
                f"{options.rounds} kills of two writers",
                [dict(kill_both(Path(name), options.rounds, options.seed))],
            )


if __name__ == "__main__":
    main()
