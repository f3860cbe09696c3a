"""Memory while sampling: flat in the number of prompts and of rounds, texts, verdicts and pyarrow's own pools included."""

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from curation.sampling.rollouts.key_index import KeyIndex

SCRIPT = """
import ctypes, json, sys
from pathlib import Path
import psutil, pyarrow
from killed_run import Steady, SteadyPassRate
from curation.core.row import Message, Row
from curation.sampling.engines.base import SamplingOptions
from curation.difficulty.pass_rate import measure

folder, n_prompts, seen = Path(sys.argv[1]), int(sys.argv[2]), {}

class Rows:
    def __len__(self):
        return n_prompts
    def __iter__(self):
        return (Row(f"row{i}", "test", str(i), (Message("user", f"{i}?"),), answer="7") for i in range(n_prompts))

for n in (2, 4):  # the second time half of it is in the store
    options = SteadyPassRate(sampler=Steady(folder=folder, isolate=False, words=700), n=n, batch_prompts=100, sampling=SamplingOptions(max_tokens=8))
    def report(sampler, rounds):  # what is held, without the freed pages that an allocator keeps (up to 60 MB, by chance)
        pyarrow.default_memory_pool().release_unused()
        ctypes.CDLL(None).malloc_trim(0)
        seen[f"{n} {rounds.n_stopped}"] = psutil.Process().memory_info().rss
    for _ in measure(Rows(), options, folder / "rollouts", 0, "{question}", report=report):
        pass
print(json.dumps(seen))
"""


@pytest.mark.slow
def test_memory_is_flat_over_prompts_and_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "difficulty"), prepend=":")
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), "8000"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    seen: dict[str, int] = json.loads(run.stdout)
    growth = max(seen.values()) - seen["2 500"]
    assert growth < 96 * 2**20  # the texts alone are 168 MB


def test_the_index_holds_twelve_bytes_an_entry() -> None:
    rng = np.random.default_rng(0)
    tracemalloc.start()
    index = KeyIndex()
    for location in range(200):
        index.add(rng.integers(0, 2**63, 500).astype(np.uint64), location)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 12 * 200 * 500 <= held < 13 * 200 * 500
