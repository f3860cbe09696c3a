"""Ctrl-C, SIGTERM, a cluster's way to say it, and SIGHUP, a terminal's that is gone: a command puts away what it has and ends with 130, 143
or 129.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from curation.core.errors import CurationError


class Terminated(KeyboardInterrupt):
    """A signal that ends a program was received."""

    def __init__(self, number: int = signal.SIGTERM) -> None:
        super().__init__()
        self.number = number


_received: list[KeyboardInterrupt] = []


def _interrupt(number: int, frame: FrameType | None) -> None:
    _received.append(KeyboardInterrupt() if number == signal.SIGINT else Terminated(number))
    raise _received[-1]


def end_at_sigterm() -> None:
    """From here on SIGTERM is raised as `Terminated`, and SIGHUP, which `nohup` has ignored."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, _interrupt)


@contextmanager
def interruptible() -> Iterator[None]:
    """What a library raises inside after Ctrl-C or SIGTERM is that: some make other errors of it."""
    _received.clear()
    is_ours = threading.current_thread() is threading.main_thread()
    if is_ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    except CurationError:
        raise
    except Exception as error:
        if _received:
            raise _received[0] from error
        raise
    finally:
        if is_ours and signal.getsignal(signal.SIGINT) is _interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def exit_code(error: KeyboardInterrupt) -> int:
    """What a shell expects of a program that a signal has ended."""
    return 128 + (error.number if isinstance(error, Terminated) else signal.SIGINT)
