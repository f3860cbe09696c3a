"""Engines that keep a log of what they have finished: a line (time, key, number) for every sample, in a
file. A module of plugins."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from curation.sampling.engines.base import Request, Response, Sample, SamplingOptions, Underway, sample_seed
from curation.sampling.engines.supervised import Heartbeat, LocalEngine, no_op
from curation.sampling.engines.transformers import Transformers
from curation.sampling.engines.vllm import Vllm


class Paced(LocalEngine):
    """A response now and then, of all prompts by turns."""

    kind: Literal["paced"] = "paced"
    model: str = "paced"
    log: str
    """The file, with `log:` in front: what names a file is a part of a build's fingerprint."""
    pause_s: float = 0.03
    """Seconds from one response to the next, on average."""

    def identity(self) -> tuple[str, str]:
        return "paced", "1"

    @contextmanager
    def load(self, heartbeat: Heartbeat = no_op) -> Iterator["Logged"]:
        yield Logged(PacedSession(self.pause_s), self.log)


class PacedSession:
    def __init__(self, pause_s: float) -> None:
        self.pause_s = pause_s

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response]:
        left = [(request, number) for request in requests for number in request.sample_numbers]
        random.shuffle(left)
        for request, number in left:
            time.sleep(random.expovariate(1 / self.pause_s))
            seed = sample_seed(request.seed, request.key, number)
            yield Response(request.key, (Sample(number, rf"\boxed{{{seed % 3}}}", "stop", 5 + seed % 9, seed),), 3)


class LoggedTransformers(Transformers):
    """transformers, logged."""

    kind: Literal["logged_transformers"] = "logged_transformers"  # type: ignore[assignment]
    log: str
    """The file, with `log:` in front: what names a file is a part of a build's fingerprint."""

    @contextmanager
    def load(self, heartbeat: Heartbeat = no_op) -> Iterator[Any]:
        with super().load(heartbeat) as session:
            yield Logged(session, self.log)


class LoggedVllm(Vllm):
    """vLLM, logged."""

    kind: Literal["logged_vllm"] = "logged_vllm"  # type: ignore[assignment]
    log: str
    """The file, with `log:` in front: what names a file is a part of a build's fingerprint."""

    @contextmanager
    def load(self, heartbeat: Heartbeat = no_op) -> Iterator[Any]:
        with super().load(heartbeat) as session:
            yield Logged(session, self.log)


class Logged:
    """A session that writes down what it gives."""

    def __init__(self, session: Any, log: str) -> None:
        self.session, self.log = session, Path(log.removeprefix("log:"))

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response | Underway]:
        for part in self.session.generate(requests, options):
            if isinstance(part, Response):
                write(self.log, [(part.key, sample.number) for sample in part.samples])
            yield part


def write(log: Path, finished: Sequence[tuple[str, int]]) -> None:
    """Add lines, in one write."""
    with log.open("a") as file:
        file.write("".join(f"{time.time()} {key} {number}\n" for key, number in finished))
