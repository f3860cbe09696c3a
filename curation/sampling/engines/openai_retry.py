"""When to ask a server again and when there is no point: what a failed attempt was, and how long to wait after it.

The client library's own retries are switched off. They know dropped connections, 429 and 5xx, but neither an answer
that is half there nor a limit on a whole attempt (its timeouts are for the gap between two bytes), and they give up
at once on a Retry-After of more than two minutes.
"""

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

from curation.core.errors import first_line

T = TypeVar("T")

_FIRST_WAIT_S = 0.5
_LONGEST_OWN_WAIT_S = 30.0
_PROMPT_ERRORS = (400, 413, 415, 422)
_LATER = (408, 409, 425, 429)
_OF_THE_RUN = {"model", "n", "seed", "temperature", "top_p", "max_tokens", "top_k", "min_p", "repetition_penalty"}
"""Parameters that are the same for every prompt."""


class HalfAnswer(Exception):  # noqa: N818 - it says what came
    """The server said that all is well and sent something that is no answer to what was asked."""


class Refused(Exception):  # noqa: N818 - it says what happened
    """The server does not take this prompt."""


class Spent(Exception):  # noqa: N818 - it says what happened
    """Every attempt failed."""


class Hopeless(Exception):  # noqa: N818 - it says what it is
    """The server takes no request of this run: a wrong key, no such model, an option it does not know."""


@dataclass(frozen=True)
class Retries:
    """How often, how long."""

    max_retries: int
    timeout_s: float
    longest_wait_s: float

    async def of(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What `ask` gives when it gives something.

        Raises:
            Refused, Hopeless: another attempt would not help.
            Spent: no attempt did.
        """
        from openai import APIError

        failures: Counter[str] = Counter()
        for attempt in range(self.max_retries + 1):
            try:
                async with asyncio.timeout(self.timeout_s):
                    return await ask()
            except TimeoutError:
                failures[f"no answer in {self.timeout_s:g} s"] += 1
                wait_s = back_off_s(attempt)
            except HalfAnswer as error:
                failures[f"half an answer ({error})"] += 1
                wait_s = back_off_s(attempt)
            except APIError as error:
                if (final := _final(error)) is not None:
                    raise final from error
                failures[told(error)] += 1
                asked_s = retry_after_s(getattr(getattr(error, "response", None), "headers", {}))
                wait_s = back_off_s(attempt) if asked_s is None else asked_s
                if wait_s > self.longest_wait_s:
                    raise Spent(f"{told(error)}, and the server asks to wait {wait_s:g} s") from error
            if attempt < self.max_retries:
                await asyncio.sleep(wait_s)
        raise Spent(", ".join(f"{count} x {failure}" for failure, count in failures.items()))


def _final(error: Exception) -> Refused | Hopeless | None:
    """What a status says that no further attempt will change."""
    status = getattr(error, "status_code", None)
    if status is None or status >= 500:
        return None
    if status in _LATER and getattr(error, "code", None) != "insufficient_quota":
        return None
    if status in _PROMPT_ERRORS and getattr(error, "param", None) not in _OF_THE_RUN:
        return Refused(told(error))
    return Hopeless(told(error))


def told(error: Exception) -> str:
    """What an attempt came to, in the server's words or the system's, one line."""
    status, body = getattr(error, "status_code", None), getattr(error, "body", None)
    if status is None:
        cause = error.__cause__ or error
        return f"{type(cause).__name__}: {first_line(cause)}"
    message = body.get("message") if isinstance(body, dict) else None
    return (
        f"{status} {message.strip().splitlines()[0]}" if isinstance(message, str) and message.strip() else str(status)
    )


def back_off_s(attempt: int) -> float:
    """Seconds after attempt 0, 1, ...: twice as long each time, less up to a half by chance, so that requests that
    failed together do not come back together.
    """
    return min(_FIRST_WAIT_S * 2.0**attempt, _LONGEST_OWN_WAIT_S) * random.uniform(0.5, 1)


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
