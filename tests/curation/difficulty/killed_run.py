"""A sampling run that is there to be killed; a file of its own because its processes import it."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from curation.core.row import Message, Row
from curation.difficulty.pass_rate import PassRate, measure
from curation.difficulty.rounds import Rounds
from curation.sampling.engines.base import Request, Response, Sample, SamplingOptions, sample_seed
from curation.sampling.engines.supervised import Heartbeat, LocalEngine, no_op
from curation.sampling.sample_cached import CachedSampler


class Steady(LocalEngine):
    """Right on every other prompt. `folder` remembers the process of the last start and holds up batches while it has a
    file `slow`.
    """

    kind: str = "steady"
    model: str = "steady"
    folder: Path
    words: int = 150

    def identity(self) -> tuple[str, str]:
        return "steady", "1"

    @contextmanager
    def load(self, heartbeat: Heartbeat = no_op) -> Iterator["SteadySession"]:
        (self.folder / "engine").write_text(str(os.getpid()))
        yield SteadySession(self.folder / "slow", self.words)


class SteadySession:
    def __init__(self, slow: Path, words: int) -> None:
        self.slow, self.words = slow, words

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> list[Response]:
        if self.slow.exists():
            time.sleep(0.01)
        return [
            Response(request.key, tuple(sample(request, k, self.words) for k in request.sample_numbers), 3)
            for request in requests
        ]


def sample(request: Request, number: int, words: int) -> Sample:
    seed = sample_seed(request.seed, request.key, number)
    text = f"{request.key} {number} " * words + rf"\boxed{{{7 + number % 2}}}"
    return Sample(number, text, "length" if seed % 5 == 0 else "stop", 5 + seed % 3, seed)


class SteadyPassRate(PassRate):
    sampler: Any


def run(folder: Path, n_prompts: int, isolate: bool = True) -> None:
    """Measure the prompts; `acknowledged` gets a line for each batch: how many prompts have their samples safe."""
    rows = [Row(f"row{i}", "test", str(i), (Message("user", f"{i}?"),), answer="7") for i in range(n_prompts)]
    sampler = Steady(folder=folder, isolate=isolate)
    options = SteadyPassRate(sampler=sampler, n=2, batch_prompts=4, sampling=SamplingOptions(max_tokens=8))
    with (folder / "acknowledged").open("a", buffering=1) as acknowledged:

        def report(sampler: CachedSampler, rounds: Rounds) -> None:
            acknowledged.write(f"{rounds.n_stopped}\n")

        for _ in measure(rows, options, folder / "rollouts", 0, "{question}", report=report):
            pass
    (folder / "finished").touch()
