"""When to ask a server again and when there is no point: why an attempt failed, and how long to wait after it.

The client library's own retries are switched off. They know dropped connections, 429 and 5xx, but neither an incomplete
response nor a limit on a whole attempt (its timeouts are for the gap between two bytes), and they do not wait out a
Retry-After of several minutes.
"""

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TypeVar

from curation.core.errors import first_line

T = TypeVar("T")

_FIRST_WAIT_S = 0.5
_MAX_BACKOFF_S = 30.0
_MAX_WAIT_S = 300.0
"""A server that asks for a longer pause (Retry-After) is given up."""
_PROMPT_ERRORS = (400, 413, 415, 422)
_LATER = (408, 409, 425, 429)
_OF_THE_RUN = {"model", "n", "seed", "temperature", "top_p", "max_tokens", "top_k", "min_p", "repetition_penalty"}
"""Parameters that are the same for every prompt."""


class IncompleteResponse(Exception):  # noqa: N818 - as its siblings: an outcome of an attempt
    """The server said 200 and sent something that is no answer, or a part of one."""


class PromptRejected(Exception):  # noqa: N818
    """The server does not take this prompt."""


class RetriesExhausted(Exception):  # noqa: N818
    """Every attempt failed."""


class FatalError(Exception):
    """The server takes no request of this run: a wrong key, no such model, an option it does not know."""


async def with_retries(attempt: Callable[[], Awaitable[T]], max_retries: int, timeout_s: float) -> T:
    """The result of the first attempt that has one; each may take `timeout_s`.

    Raises:
        PromptRejected, FatalError: another attempt would not help.
        RetriesExhausted: no attempt succeeded, or the server asks for too long a pause.
    """
    from openai import APIError

    failures: Counter[str] = Counter()
    for number in range(max_retries + 1):
        wait_s = backoff_s(number)
        try:
            async with asyncio.timeout(timeout_s):
                return await attempt()
        except TimeoutError:
            failures[f"no answer in {timeout_s:g} s"] += 1
        except IncompleteResponse as error:
            failures[f"incomplete response ({error})"] += 1
        except APIError as error:
            if (final := _final(error)) is not None:
                raise final from error
            failures[describe(error)] += 1
            asked_s = retry_after_s(getattr(getattr(error, "response", None), "headers", {}))
            wait_s = wait_s if asked_s is None else asked_s
            if wait_s > _MAX_WAIT_S:
                raise RetriesExhausted(f"{describe(error)}, and the server asks to wait {wait_s:g} s") from error
        if number < max_retries:
            await asyncio.sleep(wait_s)
    raise RetriesExhausted(", ".join(f"{count} x {failure}" for failure, count in failures.items()))


def _final(error: Exception) -> PromptRejected | FatalError | None:
    """What a status says that no further attempt will change."""
    status = getattr(error, "status_code", None)
    if status is None or status >= 500:
        return None
    if status in _LATER and getattr(error, "code", None) != "insufficient_quota":
        return None
    if status in _PROMPT_ERRORS and getattr(error, "param", None) not in _OF_THE_RUN:
        return PromptRejected(describe(error))
    return FatalError(describe(error))


def describe(error: Exception) -> str:
    """Why an attempt failed, in the server's words or the system's, one line."""
    status, body = getattr(error, "status_code", None), getattr(error, "body", None)
    if status is None:
        cause = error.__cause__ or error
        return f"{type(cause).__name__}: {first_line(cause)}"
    message = body.get("message") if isinstance(body, dict) else None
    text = message.strip() if isinstance(message, str) else ""
    return f"{status} {text.splitlines()[0]}" if text else str(status)


def backoff_s(attempt: int) -> float:
    """Seconds after attempt 0, 1, ...: twice as long each time, less up to a half by chance, so that requests
    that failed together are not repeated together.
    """
    return min(_FIRST_WAIT_S * 2.0**attempt, _MAX_BACKOFF_S) * random.uniform(0.5, 1)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The header Retry-After, seconds or a date (RFC 9110, section 10.2.3); None where there is none to understand.

    >>> retry_after_s({"retry-after": "1.5"}), retry_after_s({"retry-after": "soon"})
    (1.5, None)
    """
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return None if math.isnan(seconds) else max(seconds, 0.0)
