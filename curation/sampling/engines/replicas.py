"""Several copies of an engine, each in a process of its own, that share every batch.

A sample is a draw from a seed of its own, so it does not matter which copy draws it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from curation.core.errors import SamplingError
from curation.sampling.engines.base import Request, Response, SamplingOptions, Session

T = TypeVar("T")


class Replicas:
    """Sessions that answer as one; request i goes to session i modulo their number."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self._sessions = sessions

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> list[Response]:
        """See `Session.generate`."""
        n = len(self._sessions)
        shares = [partial(_answered, copy, requests[k::n], options) for k, copy in enumerate(self._sessions)]
        answers = in_parallel(shares)
        errors = [error for _, error in answers if error is not None]
        if errors and not any(response.samples for responses, _ in answers for response in responses):
            raise errors[0]
        return [answers[i % n][0][i // n] for i in range(len(requests))]


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


def _answered(
    session: Session, requests: Sequence[Request], options: SamplingOptions
) -> tuple[list[Response], SamplingError | None]:
    """One copy's share, as failed where the copy is lost: the others' shares count."""
    if not requests:
        return [], None
    try:
        return session.generate(requests, options), None
    except SamplingError as error:
        return [Response(request.key, (), 0, failed=str(error)) for request in requests], error
