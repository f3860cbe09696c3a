"""Builds that are asked to end while an engine samples: all that was finished is in the store."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.curation.conftest import Write
from tests.curation.sampling.test_kept import HERE, finished, stored


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP])
def test_nothing_that_was_finished_is_lost(how: signal.Signals, tmp_path: Path, write_manifest: Write) -> None:
    log = tmp_path / "log"
    log.touch()
    difficulty = {"sampler": {"kind": "paced", "log": f"log:{log}"}, "n": 8}
    source = {"kind": "reasoning_gym", "datasets": {"chain_sum": {"count": 100}}}
    manifest = write_manifest(
        {"plugins": ["logged_engines"], "root": str(HERE), "rl": {"sources": [source], "difficulty": difficulty}}
    )
    command = [sys.executable, "-m", "curation.cli", "build", str(manifest), "--out", str(tmp_path / "out")]
    process = subprocess.Popen(
        command,
        cwd=HERE.parents[2],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            how, signal.SIG_DFL
        ),  # a background job of a shell ignores the one, `nohup` the other
    )
    while len(finished(log)) < 40:
        assert process.poll() is None, "it ended before it was interrupted"
        time.sleep(0.02)
    when = time.time()
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + how
    assert said.splitlines()[-1] == "ovr-curate: interrupted; run the same command to go on"
    assert {sample for at, sample in finished(log) if at < when - 0.1} <= set(stored(tmp_path / "out", by_seed=False))
