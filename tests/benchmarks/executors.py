"""The quickstart's RL set by every executor: whether the bytes are the same, what it takes, how long a killed task stays unnoticed.

    python tests/benchmarks/executors.py [--executors local,ray,slurm] [--tasks 1,2,5] [--rows 40]

Answers are guessed (`tests/curation/build/guessing.py`), so no model is needed; everything else is the quickstart's manifest. Slurm is a
cluster of one node that is started here. Each build has the process of its sampling task killed: what is printed is how long after that the
next attempt has begun.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[2])

from tests.curation import slurm  # noqa: E402
from tests.curation.build.test_executors import GUESSING, finish, kill_a_task, start  # noqa: E402

MANIFEST = Path(__file__).parents[2] / "manifests" / "quickstart.yaml"


def digest(out: Path) -> str:
    """Of the shards and the ledger."""
    files = [*sorted(out.glob("data/**/*.parquet")), out / "ledger.parquet"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def command(folder: Path, out: Path, executor: str, tasks: int, limit: int) -> list[str]:
    words = [
        sys.executable,
        "-m",
        "curation.cli",
        "build",
        str(folder / MANIFEST.name),
        "--out",
        str(out),
        "--only",
        "rl",
    ]
    words += ["--executor", executor, "--workers", "2", "--tasks", str(tasks), "--limit", str(limit)]
    options = {
        "plugins": "[guessing]",
        "rl.difficulty.sampler": "{kind: guessing}",
        "rl.difficulty.batch_prompts": "16",
        "run.engine_tasks": str(min(tasks, 2)),
        "run.ray.memory_gb": "0.5",
        "run.slurm": "{partition: main, time: '00:10:00', mem_per_cpu_gb: 1}",
    }
    return [*words, *(part for key, value in options.items() for part in ("--set", f"{key}={value}"))]


def until_next_attempt(out: Path) -> float:
    """Seconds until a process samples again."""
    begun, count = time.monotonic(), len(list((out / "rollouts").glob("*.parquet")))
    while len(list((out / "rollouts").glob("*.parquet"))) <= count and not (out / "summary.json").exists():
        time.sleep(0.05)
    return time.monotonic() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--executors", default="local,ray,slurm")
    parser.add_argument("--tasks", default="1,2,5")
    parser.add_argument("--rows", type=int, default=40)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder, found = Path(temporary), set[str]()
        shutil.copy(GUESSING, folder)
        shutil.copy(MANIFEST, folder)
        print(f"{'executor':<10}{'tasks':>6}{'seconds':>9}{'noticed':>9}  digest", flush=True)
        for executor in args.executors.split(","):
            environment = stack.enter_context(slurm.cluster(folder / "slurm")) if executor == "slurm" else {}
            for tasks in map(int, args.tasks.split(",")):
                out, begun = folder / f"{executor}-{tasks}", time.monotonic()
                os.environ["OVR_QUICKSTART_MODEL"] = os.environ["OVR_QUICKSTART_TEACHER"] = str(folder)
                process = start(command(folder, out, executor, tasks, args.rows), environment, wait_s=0.05)
                kill_a_task(out, process)
                noticed = until_next_attempt(out)
                finish(process)
                found.add(digest(out))
                print(
                    f"{executor:<10}{tasks:>6}{time.monotonic() - begun:>9.0f}{noticed:>9.1f}  {digest(out)}",
                    flush=True,
                )
        print("same bytes" if len(found) == 1 else f"{len(found)} DIFFERENT sets of bytes")


if __name__ == "__main__":
    main()
