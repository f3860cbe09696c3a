"""What goes wrong inside a build's processes: a module that the manifest of `tests.chaos` names as a plugin, so that each process imports it.

`fault.json` beside it says what, where and from which moment on: {"kind": "disk_full", "where": "worker", "at": 1234.5}, a time of the
monotonic clock, which all processes share.
"""

import errno
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
fsync, replace, clock = os.fsync, os.replace, time.time


def before_writing(what: Callable[[], None]) -> None:
    """Do something before a file is brought to the disk, and before it gets its name."""

    def _fsync(file: Any) -> None:
        what()
        fsync(file)

    def _replace(old: Any, new: Any, **places: Any) -> None:
        what()
        replace(old, new, **places)

    os.fsync, os.replace = _fsync, _replace


def once(name: str) -> bool:
    """Whether no process was here before."""
    try:
        (HERE / f"{name}.was").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def inject(kind: str, at: float, request: int, jump_s: float) -> None:
    def fail(number: int) -> None:
        if time.monotonic() > at:
            raise OSError(number, os.strerror(number))

    def run_out() -> None:
        if time.monotonic() > at and once(kind):
            raise MemoryError

    def hang() -> None:
        if time.monotonic() > at and once(kind):
            time.sleep(1000)

    if kind == "disk_full":
        before_writing(lambda: fail(errno.ENOSPC))
    elif kind == "read_only":
        before_writing(lambda: fail(errno.EROFS))
    elif kind == "clock":
        time.time = lambda: clock() + jump_s * (time.monotonic() > at)
    elif kind == "out_of_memory":
        before_writing(run_out)
    elif kind == "hang":
        before_writing(hang)
    elif kind == "kill_engine":
        kill_engine(request)


def kill_engine(request: int) -> None:
    """SIGKILL of the process that samples, before it answers one of the requests."""
    engine = sys.modules["guessing"].Guesses
    generate, answered = engine.generate, 0

    def _generate(self: Any, requests: Any, options: Any) -> Any:
        nonlocal answered
        for response in generate(self, requests, options):
            answered += 1
            if answered > request and once("kill_engine"):
                os.kill(os.getpid(), signal.SIGKILL)
            yield response

    engine.generate = _generate


if (HERE / "fault.json").exists():
    fault = json.loads((HERE / "fault.json").read_text())
    where = "build" if multiprocessing.parent_process() is None else "worker"
    if fault["where"] in ("any", where):
        inject(fault["kind"], fault["at"], fault["request"], fault["jump_s"])
