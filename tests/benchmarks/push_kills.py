"""Kill `ovr-curate push` at random moments, on both upload paths, and count how often the rerun sends a file again.

python tests/benchmarks/push_kills.py BUILD [KILLS]

The build's first set is cut into 120 shards, so that there are several commits and many files to lose.
"""

import json
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.curation.release.hub.server import LoopbackHub
from tests.curation.release.pushing import PATHS, files_with_token, push, start_push

SHARDS = 120


def cut(build: Path, out: Path) -> Path:
    """A released set of the same rows in many shards."""
    for name in ("summary.json", "manifest.lock.yaml"):
        out.mkdir(parents=True, exist_ok=True)
        shutil.copy(build / name, out / name)
    summary = json.loads((out / "summary.json").read_text())
    config = next(iter(summary["configs"]))
    table = pq.read_table(next((build / "data" / config).glob("train-*")))
    rows, shards = max(table.num_rows // SHARDS, 1), {}
    (out / "data" / config).mkdir(parents=True)
    for number in range(SHARDS):
        part = table.slice(number * rows, rows if number < SHARDS - 1 else None)
        name = f"train-{number:05d}-of-{SHARDS:05d}.parquet"
        pq.write_table(part, out / "data" / config / name)
        shards[name] = part.num_rows
    summary["configs"] = {config: {**summary["configs"][config], "shards": shards, "sha256": {}}}
    (out / "summary.json").write_text(json.dumps(summary))
    return out


def main(build: Path, kills: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        many = cut(build, Path(folder) / "set")
        for way in PATHS:
            n_requests, draw, worst, inside = 40, random.Random(7), 0, 0
            for number in range(kills + 1):
                work = Path(folder) / f"{way}-{number}"
                with LoopbackHub(work / "hub") as hub:
                    process = start_push(hub, many, work / "home", way=way)
                    if number:  # the first one shows how many requests a push makes
                        at = draw.randrange(6, n_requests)
                        while len(hub.log) < at and process.poll() is None:
                            time.sleep(0.001)
                        time.sleep(draw.uniform(0, 0.01))
                        process.send_signal(signal.SIGKILL)
                    process.communicate()
                    time.sleep(0.3)  # what it had sent is being stored
                    before, n_requests = hub.sent.copy(), n_requests if number else len(hub.log)
                    code, out = push(hub, many, work / "home", way=way)
                    again = hub.sent - before
                    worst = max([worst, *again.values()])
                    inside += 0 < before.total() < SHARDS
                    assert code == 0, out
                    assert len(hub.repos["tester/set"].tags) == 1
                    assert not files_with_token(work / "home")
                shutil.rmtree(work)
                print(
                    f"{way}, kill {number}: {before.total()} files sent before, {again.total()} by the rerun, each at most {max(again.values(), default=0)} times",
                    flush=True,
                )
            print(
                f"{way}: {kills} kills, {inside} between two files; the rerun sent a file at most {worst} times",
                flush=True,
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10)
