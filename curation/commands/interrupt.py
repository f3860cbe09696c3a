"""Ctrl-C and SIGTERM, a cluster's way to say it: a command puts away what it has and ends with 130 or 143."""

import signal
import threading
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM was received."""


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def end_at_sigterm() -> None:
    """From here on SIGTERM is raised as `Terminated`."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)


def exit_code(error: KeyboardInterrupt) -> int:
    """What a shell expects of a program that a signal has ended."""
    return 128 + (signal.SIGTERM if isinstance(error, Terminated) else signal.SIGINT)
