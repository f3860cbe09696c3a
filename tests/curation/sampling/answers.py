"""What a session's stream comes to."""

from collections.abc import Sequence
from typing import Any

from curation.sampling.engines.base import Request, Response, SamplingOptions, gathered


def answers(session: Any, requests: Sequence[Request], options: SamplingOptions) -> list[Response]:
    """A response for every request, once all are finished."""
    return gathered(requests, session.generate(requests, options))
