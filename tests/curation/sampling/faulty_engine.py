"""An engine that dies as its prompts tell it to; a file of its own because the engine's process imports it."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from curation.core.errors import SamplingError
from curation.sampling.engines.base import Request, Response, Sample, SamplingOptions, sample_seed
from curation.sampling.engines.supervised import Heartbeat, LocalEngine, no_op


class Faulty(LocalEngine):
    """`folder` remembers across restarts: `starts` has a line with the process id for each start."""

    kind: str = "faulty"
    model: str = "faulty"
    folder: Path
    at_start: str = ""
    copies: int = 1

    def environments(self) -> list[dict[str, str]]:
        return [{"FAULTY_COPY": str(k)} for k in range(self.copies)]

    @contextmanager
    def load(self, heartbeat: Heartbeat = no_op) -> Iterator["FaultySession"]:
        with (self.folder / "starts").open("a") as file:
            file.write(f"{os.getpid()}\n")
        if os.environ.get("FAULTY_COPY", "0") == "0":
            _obey(self.at_start, self.folder)
            _work(self.at_start, heartbeat)
        yield FaultySession(self.folder, heartbeat)

    @property
    def starts(self) -> list[int]:
        return [int(line) for line in (self.folder / "starts").read_text().split()]


class FaultySession:
    def __init__(self, folder: Path, heartbeat: Heartbeat) -> None:
        self.folder = folder
        self.heartbeat = heartbeat

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> list[Response]:
        for request in requests:
            _obey(request.messages[0].content, self.folder)
            _work(request.messages[0].content, self.heartbeat)
        return [
            Response(request.key, tuple(_sample(request, k) for k in request.sample_numbers), 3) for request in requests
        ]


def _sample(request: Request, number: int) -> Sample:
    seed = sample_seed(request.seed, request.key, number)
    return Sample(number, f"{request.key} {seed}", "stop", 5, seed)


def _work(order: str, heartbeat: Heartbeat) -> None:
    """`work` and `idle` for 5 seconds: with another number of tokens under way every time, or with the same."""
    for step in range(50 if order in ("work", "idle") else 0):
        time.sleep(0.1)
        heartbeat(step if order == "work" else 0)


def _obey(order: str, folder: Path) -> None:
    """Do what the text says; `... once` does it the first time only, `die1` in copy 1 only."""
    fault, _, once = order.partition(" ")
    if once:
        if (folder / order).exists():
            return
        (folder / order).touch()
    if fault == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault == "die1":
        if os.environ["FAULTY_COPY"] == "1":
            os.kill(os.getpid(), signal.SIGKILL)
    elif fault == "exit":
        os._exit(3)
    elif fault == "hang":
        time.sleep(600)
    elif fault == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif fault == "error":
        raise SamplingError("engine 'faulty' says no")
    elif fault == "bug":
        raise KeyError("oops")
    elif fault == "spawn":
        child = subprocess.Popen(["sleep", "600"])
        (folder / "grandchild").write_text(str(child.pid))
    elif fault == "copy":
        (folder / f"copy{os.environ['FAULTY_COPY']}").touch()
