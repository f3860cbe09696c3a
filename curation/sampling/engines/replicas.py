"""Several copies of an engine, each in a process of its own, that share every batch.

A sample is a draw from a seed of its own, so it does not matter which copy draws it.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from curation.core.errors import SamplingError
from curation.sampling.engines.base import Request, Response, SamplingOptions, Session, Underway

T = TypeVar("T")
Told = Response | Underway | BaseException | None
"""What a copy says: None when it is done."""


class Replicas:
    """Sessions that answer as one; request i goes to session i modulo their number."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self._sessions = sessions

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response | Underway]:
        """See `Session.generate`. A copy that is lost costs its share alone, as failed: the others' shares count."""
        shares = [requests[k :: len(self._sessions)] for k in range(len(self._sessions))]
        told: SimpleQueue[tuple[int, Told]] = SimpleQueue()
        pool = ThreadPoolExecutor(len(shares))
        for k, (copy, share) in enumerate(zip(self._sessions, shares, strict=True)):
            pool.submit(_tell, told, k, copy, share, options)
        running, answered = len(shares), False
        lost: dict[int, SamplingError] = {}
        tokens = [0] * len(shares)
        try:
            while running:
                k, part = told.get()
                if isinstance(part, Underway):
                    tokens[k] = part.tokens
                    yield Underway(sum(tokens))
                elif isinstance(part, Response):
                    answered = answered or bool(part.samples)
                    yield part
                elif isinstance(part, SamplingError):
                    lost[k] = part
                    running -= 1
                elif part is None:
                    running -= 1
                else:
                    raise part
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        if lost and not answered:
            raise next(iter(lost.values()))
        for k, error in lost.items():
            yield from (Response(request.key, (), 0, failed=str(error)) for request in shares[k])


def _tell(
    told: "SimpleQueue[tuple[int, Told]]", k: int, copy: Session, share: Sequence[Request], options: SamplingOptions
) -> None:
    """Put what copy `k` says into `told`."""
    try:
        for part in copy.generate(share, options) if share else ():
            told.put((k, part))
        told.put((k, None))
    except BaseException as error:  # it is raised where the others are waited for
        told.put((k, error))


def in_parallel(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """The tasks' results, from a thread each. An interrupt does not wait for the threads: who closes the sessions they
    wait for ends them.
    """
    if len(tasks) == 1:
        return [tasks[0]()]
    pool = ThreadPoolExecutor(len(tasks))
    try:
        return [future.result() for future in [pool.submit(task) for task in tasks]]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
