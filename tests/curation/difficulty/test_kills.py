"""SIGKILL of a sampling run where it hurts: its engine, the run itself, or both at once."""

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from curation.core.executors.local import PRELOAD
from curation.sampling.rollouts.rollout import LAYOUT
from curation.sampling.rollouts.scan import scan

N_PROMPTS = 1000
MOMENTS = {
    "an engine starts": "engine",
    "a batch is written": "rollouts/.*.tmp",
    "a segment begins": "rollouts/segment-*",
}
"""And which file appears then."""
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
    tables = scan(folder / "rollouts", LAYOUT, SAMPLED)
    lines = [line for table in tables for line in zip(*(table[name].to_pylist() for name in SAMPLED), strict=True)]
    return sorted(lines)


def assert_valid(folder: Path) -> None:
    """Nothing that was acknowledged is missing, nothing is there twice."""
    acknowledged = (folder / "acknowledged").read_text().split() if (folder / "acknowledged").exists() else []
    counts = Counter(line[1] for line in stored(folder))
    assert {f"row{i}" for i in range(max(map(int, acknowledged), default=0))} <= set(counts)
    assert set(counts.values()) <= {2}


class Victim:
    """The run in `folder`, started again when it is gone."""

    def __init__(self, folder: Path, run: Callable[[Path, int], None]) -> None:
        self.folder, self.run, self.n_starts = folder, run, 0
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(PRELOAD)  # the server serves later builds, too
        self.start()

    def start(self) -> None:
        self.n_starts += 1
        assert self.n_starts <= 1 + 6 + 1, "a run ended though neither it nor an engine that started was killed"
        self.process = self.context.Process(target=self.run, args=(self.folder, N_PROMPTS), daemon=True)
        self.process.start()

    def wait_for(self, pattern: str) -> None:
        """Until another file appears. An engine that is killed while it starts ends its run, which is started again."""
        before = set(self.folder.glob(pattern))
        while not set(self.folder.glob(pattern)) - before:
            assert not (self.folder / "finished").exists(), "the run ended before it was killed often enough"
            if not self.process.is_alive():
                self.start()
            time.sleep(0.0005)

    def kill(self, target: str) -> None:
        """Kill `engine`, `run` or `both`, which are alive; look at what is left; go on."""
        while not (engine := (self.folder / "engine").read_text()):
            time.sleep(0.0005)
        (self.folder / "engine").unlink()
        if target != "run":
            assert psutil.Process(int(engine)).status() != psutil.STATUS_ZOMBIE
            os.kill(int(engine), signal.SIGKILL)
        if target != "engine":
            self.process.kill()
            self.process.join()
            assert self.process.exitcode == -signal.SIGKILL
            assert_valid(self.folder)
            self.start()


@pytest.mark.slow
def test_a_run_killed_at_every_moment_ends_with_the_store_of_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    from killed_run import run

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    run(whole, N_PROMPTS, isolate=False)

    (killed / "slow").touch()
    victim = Victim(killed, run)
    for pattern in MOMENTS.values():
        for target in ("engine", "run", "both"):
            victim.wait_for(pattern)
            victim.kill(target)
    (killed / "slow").unlink()
    victim.process.join()
    assert (victim.process.exitcode, (killed / "finished").exists()) == (0, True)
    assert_valid(killed)
    assert stored(killed) == stored(whole)
