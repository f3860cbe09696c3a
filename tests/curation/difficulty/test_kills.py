"""SIGKILL at random moments of a sampling run: its engine, the run itself, or both at once."""

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from curation.core.executor import PRELOAD

N_PROMPTS, N_KILLS = 1500, 30
SAMPLED = [
    "prompt",
    "prompt_id",
    "model",
    "revision",
    "number",
    "seed",
    "text",
    "finish_reason",
    "n_tokens",
    "max_tokens",
]


def stored(folder: Path) -> list[tuple[Any, ...]]:
    """Every sample in the store as any reader finds it, whatever is being written."""
    tables = [pq.read_table(path, columns=SAMPLED) for path in sorted((folder / "rollouts").glob("segment-*.parquet"))]
    lines = [line for table in tables for line in zip(*(table[name].to_pylist() for name in SAMPLED), strict=True)]
    return sorted(lines)


def assert_sound(folder: Path) -> None:
    """Nothing that was acknowledged is missing, nothing is there twice."""
    acknowledged = (folder / "acknowledged").read_text().split() if (folder / "acknowledged").exists() else []
    counts = Counter(line[1] for line in stored(folder))
    assert {f"row{i}" for i in range(max(map(int, acknowledged), default=0))} <= set(counts)
    assert set(counts.values()) <= {2}


class Victim:
    """The run in `folder`, started again when it is gone."""

    def __init__(self, folder: Path, run: Callable[[Path, int], None]) -> None:
        self.folder, self.run = folder, run
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(PRELOAD)  # the server serves later builds, too
        self.start()

    def start(self) -> None:
        self.process = self.context.Process(target=self.run, args=(self.folder, N_PROMPTS), daemon=True)
        self.process.start()

    def wait_for_progress(self, limit_s: float = 180.0) -> None:
        """Until a sample more is acknowledged, or the run ends: an engine that is killed while it starts ends it."""
        before, deadline = self._acknowledged(), time.monotonic() + limit_s
        while self._acknowledged() == before and self.process.is_alive():
            assert time.monotonic() < deadline, "the run does not go on"
            time.sleep(0.005)

    def strike(self, target: str) -> None:
        """Kill `engine`, `run` or `both`; look at what is left; go on."""
        assert not (self.folder / "finished").exists(), "the run ended before it was killed often enough"
        if target != "run" and (self.folder / "engine").exists():
            with suppress(ProcessLookupError, ValueError):  # gone, or its number not written yet
                os.kill(int((self.folder / "engine").read_text()), signal.SIGKILL)
        if target != "engine" or not self.process.is_alive():
            self.process.kill()
            self.process.join()
            assert_sound(self.folder)
            self.start()

    def _acknowledged(self) -> int:
        with suppress(FileNotFoundError):
            return (self.folder / "acknowledged").stat().st_size
        return 0


@pytest.mark.slow
@pytest.mark.timeout(600)  # thirty engines are started one after the other
def test_a_run_killed_30_times_ends_with_the_store_of_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    from killed_run import run

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    run(whole, N_PROMPTS, isolate=False)

    rng = random.Random(5)
    (killed / "slow").touch()
    victim = Victim(killed, run)
    targets = rng.sample(["engine", "run", "both"] * (N_KILLS // 3), N_KILLS)
    for target in targets:
        if rng.random() < 0.8:  # else it may still be starting
            victim.wait_for_progress()
        time.sleep(rng.uniform(0, 0.2))
        victim.strike(target)
    (killed / "slow").unlink()
    victim.process.join()
    assert_sound(killed)
    run(killed, N_PROMPTS, isolate=False)  # what the last kill left, were it the engine's at its start
    assert stored(killed) == stored(whole)
    assert not list((killed / "rollouts").glob(".*.tmp"))
