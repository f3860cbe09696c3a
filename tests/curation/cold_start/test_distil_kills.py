"""kill -9 of a build that distils, at moments spread over its samples: the same bytes, and nothing paid for twice that could be kept.

OVR_KILLS says how often. A response waits up to a second for its place in the store (`RolloutWriter`): that much a kill can cost.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.curation.cold_start.distilling import manifest, paid, sums, teacher
from tests.curation.conftest import run, shard_bytes, stored, wait_for_writers

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
KILLS = int(os.environ.get("OVR_KILLS", "2"))


def answered(log: Path) -> Counter[int]:
    return Counter({seed: n for (_, seed), n in paid(log).items()})


def test_a_killed_distillation_goes_on_and_pays_for_nothing_that_was_kept(tmp_path: Path) -> None:
    with teacher(tmp_path, faults=7, pause_s=0.1) as server:
        path = manifest(tmp_path, sums(20), server.url, k=2, keep="varied")
        summary = run(path, tmp_path / "whole")
        n_paid = paid(server.path).total()
        server.path.write_text("")
        server.seen.clear()

        out, never_again = tmp_path / "killed", set[int]()
        counts: dict[int, int] = {}
        command = [sys.executable, "-m", "tests.curation.build.killed_build"]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as builds:
            assert builds.stdin
            assert builds.stdout
            for kill in range(KILLS):
                print(json.dumps(["build", str(path), "--out", str(out)]), file=builds.stdin, flush=True)
                process = psutil.Process(int(builds.stdout.readline()))
                moment = n_paid * (kill + 1) // (KILLS + 1)
                while len(stored(out, "seed")) < moment:
                    assert process.status() != psutil.STATUS_ZOMBIE, f"the build ended before {moment} samples"
                    time.sleep(0.05)
                for victim in (*process.children(recursive=True), process):
                    victim.kill()
                assert int(builds.stdout.readline()) == -signal.SIGKILL
                wait_for_writers(out)
                assert not (out / "summary.json").exists()
                held = stored(out, "seed")
                counts |= {seed: n for seed, n in answered(server.path).items() if seed in held - never_again}
                never_again |= held
            builds.stdin.close()
        again = run(path, out)
        found = answered(server.path)
    assert shard_bytes(out) == shard_bytes(tmp_path / "whole")
    assert again["configs"]["cold_start"]["distil"] == summary["configs"]["cold_start"]["distil"]
    assert len(never_again) > n_paid // 4
    assert {seed: found[seed] for seed in never_again} == counts
    assert len(found) == n_paid == len(stored(out, "seed"))
    print(f"{KILLS} kills, {n_paid} samples, {found.total() - n_paid} answered again")  # with -s
