"""The simulation of a build against what can be worked out by hand."""

from math import inf
from pathlib import Path

import pytest
import yaml

from curation.build.load import load_manifest
from curation.build.plan import plan
from curation.core.run_options import RunOptions, SlurmOptions
from tests.benchmarks.simulate_parts.model import Asked, Predicted, Simulation, Sources
from tests.benchmarks.simulate_parts.schedule import Machine, run_wave

KINDS = "collect normalise clusters filter verify_golds reading duplicates mixture shards rest".split()  # noqa: SIM905
NOTHING = {"start": 0.0, "text": 0.0, "mb": 100}
RATES = {
    "bytes": {"text": 100},
    "stages": dict.fromkeys(KINDS, NOTHING)
    | {"collect": NOTHING | {"start": 1.0, "text": 1.0}, "clusters": NOTHING | {"text": 0.5, "bytes_a_row": 2**20}},
    "models": {"m": {"tokens_per_s": 1000, "gpus": 2, "load_s": 10}},
    "utilization": 0.5,
    "judge_ms": 1.0,
    "look_up_ms": 2.0,
    "engine_mb": 8000,
    "job_start_s": 5.0,
}
ASKED = {"difficulty": Asked("m", 50, (4.0, 4.0, 2.0), 60_000)}


def simulated(folder: Path, options: RunOptions, queue_s: float = 0.0) -> dict[str, Predicted]:
    """A plan with pass rates, of 60,000 rows of text: three parts."""
    sampler = {"sampler": {"kind": "vllm", "model": "m"}, "stopping": {"kind": "bayes"}}
    source = {
        "kind": "table",
        "name": "a",
        "path": "a.jsonl",
        "license": "MIT",
        "fields": {"question": "q", "answer": "a"},
    }
    manifest = {"name": "a", "rl": {"sources": [source], "filters": [], "difficulty": sampler}}
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    stages = plan(load_manifest(folder / "manifest.yaml"), "rl")
    found = Simulation(Sources((("text", 60_000),)), Machine(options, queue_s), ASKED, RATES).run(stages)
    return {one.name: one for one in found}


def test_the_figures_are_those_of_the_sums(tmp_path: Path) -> None:
    found = simulated(tmp_path, RunOptions(workers=2, engine_tasks=2))
    collect, clusters, sampled = found["collect"], found["clusters"], found["difficulty"]
    # Parts of 20 s: one worker has two of them behind its start, the other has one.
    assert (collect.parts, collect.seconds, collect.cpu, collect.busiest) == pytest.approx((3, 41, 62, 41))
    assert (clusters.tasks, clusters.seconds, clusters.peak_mb) == (1, pytest.approx(30), 60_100)
    # 60,000 x 4 x 50 tokens at 500 a second, then 60,000 x 6 x 50, each by two engines behind their start; 60,000 look-ups.
    assert sampled.seconds == pytest.approx(10 + 12_000 + 10 + 18_000 + 120)
    assert sampled.gpu_s == pytest.approx(2 * 2 * (10 + 12_000 + 10 + 18_000))
    assert sampled.cpu == pytest.approx(600 + 120)
    assert found["triage"].unknown, "what has no rate is named, not left out"


def test_one_engine_has_no_passes(tmp_path: Path) -> None:
    sampled = simulated(tmp_path, RunOptions(workers=2))["difficulty"]
    assert (sampled.parts, sampled.gpu_s) == (1, pytest.approx(2 * (10 + 60_000)))


def test_jobs_of_a_chain_wait_one_after_the_other(tmp_path: Path) -> None:
    """Arrays and the checks between them; stages of one task share a job, which checks the array in front of it."""
    options = RunOptions(executor="slurm", workers=2, engine_tasks=2, slurm=SlurmOptions(partition="any"))
    queues = {name: one.queues for name, one in simulated(tmp_path, options, queue_s=60.0).items() if one.queues}
    assert queues == {
        "collect": 2, "normalise": 1, "clusters": 1, "filter": 2, "verify_golds": 1, "reading": 1, "difficulty": 3, "mixture": 1, "shards": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("all_die", "left", "seconds"),
    [(False, [[3.0]], 7.0), (True, [[3.0], [2.0]], 4.5)],
)
def test_what_the_dead_have_left_is_done_again(all_die: bool, left: list[list[float]], seconds: float) -> None:
    """The first of three tasks dies after 4.5 s, in its second part; with it, in one pool, the third, in its only part."""
    lives = iter([4.5, inf, inf])
    wave = run_wave([[3.0, 3.0], [3.0], [2.0]], 2, 1.0, lambda: next(lives), all_die)
    assert (wave.left, wave.seconds) == (left, seconds)
