"""Two processes that write to one store until both are killed; a file of its own because its processes import it.

Each draws samples that are its own and one that the other draws as well, with another text.
"""

import os
import random
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq

from curation.sampling.engines.base import Sample
from curation.sampling.rollouts import compaction
from curation.sampling.rollouts.rollout import LAYOUT, Rollout, Setting, rollout_id
from curation.sampling.rollouts.scan import scan
from curation.sampling.rollouts.store import RolloutStore

SETTING = Setting("model", "revision", "template", 1.0, 1.0)
ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "tests.curation.sampling.killed_writers"]
WRITERS = ("a", "b")


def drawn(writer: str, batch: int) -> list[Rollout]:
    """What a writer appends at once."""
    names = [(f"{writer} {batch}", k) for k in range(4)] + [(f"shared {batch}", 0)]
    return [Rollout(p, p, SETTING, 8, Sample(k, f"{writer} {batch} {k} " * 50, "stop", 5, k), 3, 0.0) for p, k in names]


def write(folder: Path, writer: str, first: int) -> None:
    """Append and say so, until killed; segments are merged often, so that a kill meets one that is being merged."""
    compaction.FAN_IN = 3
    with RolloutStore(folder) as store:
        for batch in count(first):
            store.append(drawn(writer, batch), are_new=True)
            print(batch, flush=True)
            time.sleep(0.005)


def kill_both(folder: Path, rounds: int, seed: int) -> dict[str, int]:
    """Kill both writers at random moments, again and again. Returns counts: appends, those that were `lost`, that are there in `half`,
    that a reader saw and `missed` later, and samples of both of which the `wrong` one is found.
    """
    rng, acknowledged, first, missed = random.Random(seed), set[tuple[str, int]](), dict.fromkeys(WRITERS, 0), 0
    for _ in range(rounds):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        commands = {name: [*COMMAND, str(folder), name, str(first[name])] for name in WRITERS}
        running = {
            name: subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
            for name, command in commands.items()
        }
        ready = {name: process.stdout.readline() for name, process in running.items() if process.stdout}
        missed += read_for(folder, rng.uniform(0, 0.6))
        for process in running.values():
            process.kill()
        for name, process in running.items():
            done = [int(line) for line in (ready[name] + process.communicate()[0]).split()]
            assert process.returncode == -signal.SIGKILL, "a writer ended by itself"
            acknowledged |= {(name, batch) for batch in done}
            first[name] = done[-1] + 1
    return {"appends": len(acknowledged), "missed": missed, **compared(folder, acknowledged, first)}


def read_for(folder: Path, seconds: float) -> int:
    """Read all lines, as this project does and as pyarrow does, again and again; returns how many of those seen were missing later."""
    end, missed, seen = time.monotonic() + seconds, 0, {read: set[str]() for read in (ours, plainly)}
    while time.monotonic() < end:
        for read, before in seen.items():
            seen[read] = read(folder)
            missed += len(before - seen[read])
    return missed


def ours(folder: Path) -> set[str]:
    """Prompts of the samples as the store's readers find them."""
    return {prompt for lines in scan(folder, LAYOUT, ["prompt"]) for prompt in lines["prompt"].to_pylist()}


def plainly(folder: Path) -> set[str]:
    """The same by the files alone; a file that is gone is an error, never a line less."""
    while True:
        try:
            tables = [pq.read_table(path, columns=["prompt"]) for path in folder.glob("*.parquet")]
            return {prompt for table in tables for prompt in table["prompt"].to_pylist()}
        except FileNotFoundError:
            continue


def compared(folder: Path, acknowledged: set[tuple[str, int]], first: dict[str, int]) -> dict[str, int]:
    """What is in the store beside what is to be."""
    appends = [(name, batch) for name in WRITERS for batch in range(first[name] + 1)]
    lines = [line for path in folder.glob("*.parquet") for line in pq.read_table(path).to_pylist()]
    with RolloutStore(folder) as store:
        held = store.load(SETTING, [rollout.prompt for one in appends for rollout in drawn(*one)], 8)
    lost = sum(list(held[f"{name} {batch}"].values()) != drawn(name, batch)[:4] for name, batch in acknowledged)
    half = sum(len(held[f"{name} {batch}"]) not in (0, 4) for name, batch in appends)
    drawn_twice = {line["prompt"] for line in lines if line["prompt"].startswith("shared")}
    counted = {p: min(line["rollout"] for line in lines if line["prompt"] == p) for p in drawn_twice}
    wrong = sum(rollout_id(held[p][0]) != rollout for p, rollout in counted.items())
    return {"lost": lost, "half": half, "wrong": wrong}


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
