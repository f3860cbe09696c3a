"""Which failures of the Hub pass by themselves, and how long to wait for it.

`huggingface_hub` retries uploads and listings a few times; a commit it never retries. This waits longer, asks no more often than the Hub
says (`Retry-After`, `RateLimit`) and says every wait.
"""

from collections.abc import Callable, Iterator

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from curation.core.errors import first_line

ATTEMPTS = 8
LONGEST_WAIT_S = 3_900.0
"""The Hub counts commits by the hour."""
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
CONFLICT = frozenset({409, 412})
"""Somebody else committed in between."""
LOST = (httpx.TransportError, ConnectionError, TimeoutError)

_backoff = wait_exponential_jitter(initial=1, max=60, jitter=0.5)


def retrying(
    what: str, say: Callable[[str], None], also: Callable[[BaseException], bool] = lambda _: False
) -> Retrying:
    """Attempts at one request, for `for attempt in retrying(...): with attempt: ...`; the last failure is raised as it is.

    `also` says which other failures are worth another attempt.
    """

    def wait_said(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        seconds = state.next_action.sleep if state.next_action else 0.0
        reason = describe(error) if error else "no answer"
        say(f"{what}: {reason}; attempt {state.attempt_number + 1} of {ATTEMPTS} in {seconds:.0f} s")

    return Retrying(
        retry=retry_if_exception(lambda error: is_transient(error) or also(error)),
        wait=_wait,
        stop=stop_after_attempt(ATTEMPTS),
        before_sleep=wait_said,
        reraise=True,
    )


def is_transient(error: BaseException) -> bool:
    """Whether the same request may succeed later: a lost connection, a busy or failing server, and a wait that is not absurd."""
    if (status := status_of(error)) is not None:
        return status in TRANSIENT and (asked_wait(error) or 0) <= LONGEST_WAIT_S
    return any(isinstance(one, LOST) for one in causes(error)) or _is_of_xet(error)


def is_conflict(error: BaseException) -> bool:
    return status_of(error) in CONFLICT


def status_of(error: BaseException) -> int | None:
    """The status of the answer that an error, or one behind it, is about."""
    for one in causes(error):
        if (response := getattr(one, "response", None)) is not None:
            return int(response.status_code)
    return None


def asked_wait(error: BaseException) -> float | None:
    """The seconds that the Hub asks to wait."""
    from huggingface_hub.utils._http import parse_ratelimit_headers

    for one in causes(error):
        if (response := getattr(one, "response", None)) is not None:
            limit = parse_ratelimit_headers(response.headers)
            if limit is not None and limit.remaining == 0:
                return float(limit.reset_in_seconds)
            text = response.headers.get("Retry-After", "").strip()
            return float(text) if text.isdigit() else None
    return None


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it was raised from."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def describe(error: BaseException) -> str:
    """A failure in a few words."""
    if (status := status_of(error)) is not None:
        return f"the Hub answers {status}"
    return f"{type(error).__name__}: {first_line(error)}"


def _wait(state: RetryCallState) -> float:
    asked = asked_wait(error) if state.outcome and (error := state.outcome.exception()) else None
    return _backoff(state) if asked is None else asked


def _is_of_xet(error: BaseException) -> bool:
    """The Xet client has one class for all that fails on the way, `RuntimeError`, without a cause; what is refused for good has its own."""
    return type(error) is RuntimeError and error.__cause__ is None
