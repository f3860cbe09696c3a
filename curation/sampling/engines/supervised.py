"""An engine in a process of its own, so that a crash costs a restart and not the run.

When the process dies (killed, out of memory, a segmentation fault), fails or hangs, what was finished is kept. What is
missing of the batch is asked for once more, in case no prompt was to blame, and then in halves, until the prompt that
kills the engine is alone. That one is refused with `engine_died`; all others get their samples, and since a sample is a
draw from a seed of its own they are the samples of a run in which nothing happened.
"""

import os
import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import replace
from typing import Protocol

from pydantic import Field

from curation.core.errors import SamplingError
from curation.sampling.engines.base import (
    Engine,
    Hardware,
    Request,
    Response,
    SamplingOptions,
    Session,
    Underway,
)
from curation.sampling.engines.process import EngineDied, EngineProcess
from curation.sampling.engines.replicas import Replicas, in_parallel

_MAX_PAUSE_S = 30.0


class Heartbeat(Protocol):
    """What an engine calls while it works; `tokens` of responses that are not finished. Once it samples, only another number than the
    last keeps it from being taken for one that has hung.
    """

    def __call__(self, tokens: int = 0) -> None: ...


def no_op(tokens: int = 0) -> None:
    """The heartbeat of an engine that is not watched."""


class LocalEngine(Engine):
    """An engine that runs on this machine, in a process of its own."""

    isolate: bool = True
    """Run it in a process of its own; false: in this process, which dies with the engine."""
    max_restarts: int = Field(default=16, ge=0)
    """Crashes in a row, with no prompt answered between them, after which the engine is given up. To find a bad prompt
    among n takes log2(n) + 3."""
    hang_timeout_s: float = Field(default=900, gt=0)
    """Seconds. An engine that for so long generates no token has hung, which counts as a crash."""
    start_timeout_s: float = Field(default=1800, gt=0)
    """Seconds that loading the model may take, the download included; then the build ends with an error."""

    @abstractmethod
    def load(self, heartbeat: Heartbeat = no_op) -> AbstractContextManager[Session]:
        """The engine in this very process; otherwise as `open`. The session calls `heartbeat` with every step in which it
        gives nothing.
        """

    def hardware(self) -> Hardware:
        """The GPUs where torch sees one, else the cores of this machine."""
        try:
            import torch
        except ImportError:  # it cannot run here
            return Hardware("GPU", self.gpus)
        if torch.accelerator.is_available():
            return Hardware("GPU", self.gpus)
        return Hardware(
            "CPU", len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        )

    def environments(self) -> list[dict[str, str]]:
        """The variables that each copy of the engine gets in addition to ours; one copy unless an engine says otherwise.

        Raises:
            SamplingError: there is no room for them.
        """
        return [{}]

    @contextmanager
    def open(self) -> Iterator[Session]:
        with ExitStack() as exits:
            if not self.isolate:
                yield exits.enter_context(self.load())
                return
            copies = [exits.enter_context(closing(SupervisedSession(self, env))) for env in self.environments()]
            in_parallel([copy.start for copy in copies])
            yield copies[0] if len(copies) == 1 else Replicas(copies)


class SupervisedSession:
    """An engine elsewhere, running from `start` to `close`. `env`: variables of its process in addition to ours."""

    def __init__(self, engine: LocalEngine, env: dict[str, str]) -> None:
        self._engine = engine
        self._env = env
        self._deaths = 0
        self._reason = ""
        self._closed = False
        self._process: EngineProcess | None = None

    @property
    def is_given_up(self) -> bool:
        """Whether it is closed or has died too often; neither passes."""
        return self._closed or self._deaths > self._engine.max_restarts

    def start(self) -> None:
        """Load the model.

        Raises:
            SamplingError: it does not start.
        """
        self._process = EngineProcess(self._env)
        try:
            self._process.load(self._engine, self._engine.start_timeout_s)
        except EngineDied as error:
            self._end_process()
            reason = str(error) if error.reported else f"engine {self._engine.kind!r} does not start: {error}"
            raise SamplingError(reason) from error

    def close(self) -> None:
        """End the engine's process and the processes it has started, for good."""
        self._closed = True
        self._end_process()

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.close()

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response | Underway]:
        """See `Session.generate`."""
        missing = {request.key: set(request.sample_numbers) for request in requests}
        batches, answered = [(list(requests), 0)], False
        while batches:
            batch, deaths = batches.pop()
            wanted = [replace(r, sample_numbers=tuple(sorted(missing[r.key]))) for r in batch if missing[r.key]]
            if not wanted:
                continue
            try:
                process = self._running()
            except SamplingError as error:
                if not answered:
                    raise
                lost = [request.key for request in requests if missing[request.key]]
                yield from (Response(key, (), 0, failed=str(error)) for key in lost)
                return
            finished = False
            try:
                for part in process.ask((wanted, options), self._engine.hang_timeout_s):
                    if isinstance(part, Response):
                        self._deaths, answered = 0, answered or bool(part.samples)
                        missing[part.key] -= {sample.number for sample in part.samples}
                        if part.refused or part.failed:
                            missing[part.key] = set()
                    yield part
                finished = True
            except EngineDied as error:
                self._deaths += 1
                self._reason = str(error)
                left = [request for request in wanted if missing[request.key]]
                if len(wanted) == 1 and deaths and left:
                    missing[left[0].key] = set()
                    yield Response(left[0].key, (), 0, f"engine_died: {error}")
                elif left:
                    batches += _again(left, deaths + 1)
            finally:  # an engine that has died, or that nobody listens to any more
                if not finished:
                    self._end_process()

    def _running(self) -> EngineProcess:
        """The engine's process, restarted where it is gone and has not died too often."""
        while self._process is None:
            if self._closed:
                raise SamplingError(f"engine {self._engine.kind!r} is closed")
            if self._deaths > self._engine.max_restarts:
                times = f"{self._deaths} times in a row"
                raise SamplingError(f"engine {self._engine.kind!r} died {times} and was given up: {self._reason}")
            try:
                self.start()
            except SamplingError as error:
                self._deaths += 1
                self._reason = str(error)
                time.sleep(min(2.0**self._deaths, _MAX_PAUSE_S))
        return self._process


def _again(batch: list[Request], deaths: int) -> list[tuple[list[Request], int]]:
    """What of a batch that has killed the engine `deaths` times is asked next, the last of the list first: all of it,
    halves, nothing of a single prompt. A prompt that is alone for the first time gets its second chance then.
    """
    if deaths == 1:
        return [(batch, deaths)]
    half = len(batch) // 2
    return [(part, int(len(part) > 1)) for part in (batch[half:], batch[:half])] if half else []
