"""A judge that the worker's server forked, seen from the caller: the socket to it, and what asking it may raise."""

import contextlib
import json
import os
import select
import signal
import socket
import time
from typing import Any


class TimedOutError(Exception):
    """The deadline passed and the judge was killed, or there is no worker to ask; either says nothing about the answer."""


class WorkerError(Exception):
    """The worker could not answer: the library refused the input, or ran out of memory."""


class Judge:
    """One forked judge and the socket to it, over which requests and answers go as lines of JSON."""

    def __init__(self, sock: socket.socket, pid: int) -> None:
        self.sock, self.pid, self.uses = sock, pid, 0

    def ask(self, request: bytes, deadline: float) -> Any:
        self.uses += 1
        self.sock.settimeout(left(deadline))
        self.sock.sendall(request + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            self.sock.settimeout(left(deadline))
            part = self.sock.recv(1 << 16)
            if not part:
                raise WorkerError("the worker died (out of memory?)")
            answer += part
        return json.loads(answer)


def discard(judge: Judge | None, *, kill: bool = False) -> None:
    """Drop a judge. It is killed here, without asking its server, so that no caller waits beyond a deadline."""
    if judge is not None:
        judge.sock.close()
        if kill:
            with contextlib.suppress(ProcessLookupError):
                os.kill(judge.pid, signal.SIGKILL)


def left(deadline: float) -> float:
    """Return the seconds until the deadline. TimeoutError once it has passed."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def is_readable(sock: socket.socket) -> bool:
    """Return whether there is something to read now. `select.select` would refuse descriptors over 1023."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
