"""Several copies of an engine, each in a process of its own, that share every batch.

A sample is a draw from a seed of its own, so it does not matter which copy draws it. What a copy leaves that is given up
is shared out to the others.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue
from typing import Protocol, TypeVar

from curation.core.errors import SamplingError
from curation.sampling.engines.base import Request, Response, SamplingOptions, Session, Underway

T = TypeVar("T")
Told = Response | Underway | BaseException | None
"""What a copy says: None when it is done."""


class Copy(Session, Protocol):
    """A session that may be given up."""

    @property
    def is_given_up(self) -> bool:
        """Whether it will answer nothing any more."""


class Replicas:
    """Copies that answer as one; of n that live, request i goes to copy i modulo n."""

    def __init__(self, copies: Sequence[Copy]) -> None:
        self._copies = copies

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response | Underway]:
        """See `Session.generate`. What a lost copy leaves goes to those that live, and what it has refused too, since it may have died of
        itself; where none lives, it has failed.
        """
        missing = {request.key: set(request.sample_numbers) for request in requests}
        copies = [copy for copy in self._copies if not copy.is_given_up] or list(self._copies)
        wanted, answered = list(requests), False
        errors: list[SamplingError] = []
        while wanted and copies:
            shares = [wanted[k :: len(copies)] for k in range(len(copies))]
            lost: dict[int, SamplingError] = {}
            refused: list[tuple[int, Response]] = []
            tokens = [0] * len(copies)
            for k, part in _told(copies, shares, options):
                if isinstance(part, Underway):
                    tokens[k] = part.tokens
                    yield Underway(sum(tokens))
                elif isinstance(part, SamplingError):
                    lost[k] = part
                elif part.failed and not part.samples and copies[k].is_given_up:
                    lost[k] = SamplingError(part.failed)
                elif part.refused:
                    refused.append((k, part))
                else:
                    answered = answered or bool(part.samples)
                    missing[part.key] -= {sample.number for sample in part.samples}
                    if part.failed:
                        missing[part.key].clear()
                    yield part
            for k, part in refused:
                if k not in lost:
                    missing[part.key].clear()
                    yield part
            wanted = [
                replace(request, sample_numbers=tuple(sorted(missing[request.key])))
                for k in sorted(lost)
                for request in shares[k]
                if missing[request.key]
            ]
            copies = [copy for k, copy in enumerate(copies) if k not in lost]
            errors += lost.values()
        if wanted and not answered:
            raise errors[0]
        yield from (Response(request.key, (), 0, failed=str(errors[0])) for request in wanted)


def _told(
    copies: Sequence[Copy], shares: Sequence[Sequence[Request]], options: SamplingOptions
) -> Iterator[tuple[int, Response | Underway | SamplingError]]:
    """What the copies say of their shares, with the number of the copy, until all are done or have failed."""
    told: SimpleQueue[tuple[int, Told]] = SimpleQueue()
    pool = ThreadPoolExecutor(len(copies))
    for k, (copy, share) in enumerate(zip(copies, shares, strict=True)):
        pool.submit(_tell, told, k, copy, share, options)
    running = len(copies)
    try:
        while running:
            k, part = told.get()
            if part is None or isinstance(part, SamplingError):
                running -= 1
            if isinstance(part, Response | Underway | SamplingError):
                yield k, part
            elif part is not None:
                raise part
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


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
