"""The last tier's process: started once, killed at a deadline, never trusted.

sympy, ANTLR and the scorers of reasoning-gym can run for hours inside one C call, which no signal interrupts and no
thread can leave. So they run elsewhere: a small server process (`rewards._worker`, started by exec, hence safe in
notebooks, threads, asyncio, Ray and CUDA processes) imports the library once and forks a judge per connection, in
about 10 ms. The caller waits on a socket with a deadline; when it passes, the judge is killed with SIGKILL and the
next one is forked from the clean server.

The idea of kill and respawn is prime-rl's and inspect_ai's; what differs is that no signal, no thread and no fork of
the caller is involved.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

Flavour = Literal["math", "reasoning_gym"]
MAX_IDLE = 4
"""Judges kept warm per flavour; more are forked under load and closed afterwards."""
MAX_USES = 2_000
"""Judgements after which a judge is replaced, so that caches inside the libraries cannot grow without end."""
START_S = 60.0
"""How long the server may take to import its library when nobody's deadline is running (`warm_up`)."""


class TimedOutError(Exception):
    """The deadline passed; the judge was killed."""


class WorkerError(Exception):
    """The worker could not answer: the library refused the input, ran out of memory, or could not be started."""


class DeferredError(Exception):
    """Inside `deferring()`: a worker would have been asked."""


_deferred = threading.local()


@contextlib.contextmanager
def deferring() -> Iterator[set[Flavour]]:
    """In this thread, raise DeferredError instead of asking a worker. Yields the flavours that were wanted."""
    wanted: set[Flavour] = set()
    _deferred.wanted = wanted
    try:
        yield wanted
    finally:
        del _deferred.wanted


class _Judge:
    """One forked judge and the socket to it."""

    def __init__(self, sock: socket.socket, pid: int) -> None:
        self.sock, self.pid, self.uses = sock, pid, 0

    def ask(self, request: bytes, deadline: float) -> Any:
        self.uses += 1
        self.sock.settimeout(_left(deadline))
        self.sock.sendall(struct.pack("<I", len(request)) + request)
        size = struct.unpack("<I", self._read(4, deadline))[0]
        return json.loads(self._read(size, deadline))

    def _read(self, n_bytes: int, deadline: float) -> bytes:
        parts = b""
        while len(parts) < n_bytes:
            self.sock.settimeout(_left(deadline))
            part = self.sock.recv(n_bytes - len(parts))
            if not part:
                raise WorkerError("the worker died (out of memory?)")
            parts += part
        return parts


def _discard(judge: _Judge | None, *, kill: bool = False) -> None:
    """Drop a judge. It is killed here, without asking its server, so that nobody waits beyond a deadline."""
    if judge is not None:
        judge.sock.close()
        if kill:
            with contextlib.suppress(ProcessLookupError):
                os.kill(judge.pid, signal.SIGKILL)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class Server:
    """The server process of one flavour, started at first need, and the judges forked from it. Thread-safe."""

    def __init__(self, flavour: Flavour) -> None:
        self.flavour: Flavour = flavour
        self._lock = threading.Lock()
        self._idle: list[_Judge] = []
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False

    def ask(self, task: str, arguments: dict[str, Any], timeout_s: float) -> Any:
        """The task's answer. TimedOutError after `timeout_s` seconds, the start of the server included; WorkerError when it cannot tell."""
        deadline = time.monotonic() + timeout_s
        request = json.dumps([task, arguments]).encode()
        judge: _Judge | None = None
        try:
            judge = self._take(deadline)
            kind, answer = judge.ask(request, deadline)
        except TimeoutError:
            _discard(judge, kill=True)
            raise TimedOutError(f"no verdict within {timeout_s:g} s") from None
        except (OSError, ValueError, WorkerError) as error:  # it died or talks nonsense; closing the socket ends it
            _discard(judge)
            raise WorkerError(str(error)) from None
        except (
            BaseException
        ):  # KeyboardInterrupt in the middle of an exchange: the judge must not serve the next caller
            _discard(judge, kill=True)
            raise
        self._give_back(judge)
        if kind == "error":
            raise WorkerError(answer)
        return answer

    def warm_up(self) -> None:
        """Start the server now and wait for it, so that no judgement pays for the imports."""
        with contextlib.suppress(TimeoutError):
            self._give_back(self._take(time.monotonic() + START_S))

    def _take(self, deadline: float) -> _Judge:
        if not self._lock.acquire(timeout=_left(deadline)):
            raise TimeoutError
        try:
            while self._idle:
                judge = self._idle.pop()
                if not select.select([judge.sock], [], [], 0)[0]:
                    return judge
                judge.sock.close()  # readable while idle: it died
            return self._fork(deadline)
        finally:
            self._lock.release()

    def _fork(self, deadline: float) -> _Judge:
        control = self._start()
        try:
            control.settimeout(_left(deadline))
            if not self._ready:
                self._expect(control, b"ready")
                self._ready = True
            ours, theirs = socket.socketpair()
            with theirs:
                socket.send_fds(control, [b"fork"], [theirs.fileno()])
            return _Judge(ours, int(self._expect(control, b"pid ").removeprefix(b"pid ")))
        except TimeoutError:
            if self._ready:  # it owes us an answer that nobody will read
                self.close()
            raise
        except (OSError, WorkerError):
            self.close()
            raise

    @staticmethod
    def _expect(control: socket.socket, prefix: bytes) -> bytes:
        answer = control.recv(4096)
        if not answer.startswith(prefix):
            raise WorkerError(answer.decode(errors="replace") or "the worker's server died while starting")
        return answer

    def _start(self) -> socket.socket:
        if self._control is not None and self._process is not None and self._process.poll() is None:
            return self._control
        self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = os.pathsep.join([str(Path(__file__).parent.parent), *(p for p in sys.path if p)])
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "rewards._worker", self.flavour, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={
                    "PYTHONPATH": path,
                    "PATH": os.environ.get("PATH", ""),
                    "HOME": os.environ.get("HOME", "/"),
                    "PYTHONHASHSEED": "0",
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in the terminal is for the caller
            )
        self._control = ours
        return ours

    def _give_back(self, judge: _Judge) -> None:
        with self._lock:
            if judge.uses < MAX_USES and len(self._idle) < MAX_IDLE:
                self._idle.append(judge)
                return
        judge.sock.close()

    def close(self) -> None:
        """End the server and its judges. The next `ask` starts a new one."""
        for judge in self._idle:
            judge.sock.close()
        self._idle.clear()
        if self._control is not None:
            self._control.close()  # the server kills its judges and leaves when this end closes
        if self._process is not None:
            try:
                self._process.wait(timeout=1.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._control, self._process, self._ready = None, None, False

    def forget(self) -> None:
        """In a forked child of the caller: drop the parent's server without ending it."""
        for judge in self._idle:
            judge.sock.close()
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.returncode = 0  # it is the parent's child, not ours
        self.__init__(self.flavour)  # type: ignore[misc]


SERVERS: dict[Flavour, Server] = {"math": Server("math"), "reasoning_gym": Server("reasoning_gym")}


def ask(flavour: Flavour, task: str, arguments: dict[str, Any], timeout_s: float) -> Any:
    """Run a task of `rewards._worker` in the worker of that flavour. Raises TimedOutError or WorkerError."""
    wanted: set[Flavour] | None = getattr(_deferred, "wanted", None)
    if wanted is not None:
        wanted.add(flavour)
        raise DeferredError
    return SERVERS[flavour].ask(task, arguments, timeout_s)


def warm_up(flavour: Flavour = "math") -> None:
    """Start the worker before the first judgement that needs it."""
    SERVERS[flavour].warm_up()


def close_all() -> None:
    """End every worker of this process."""
    for server in SERVERS.values():
        server.close()


def _forget_all() -> None:
    for server in SERVERS.values():
        server.forget()


atexit.register(close_all)
os.register_at_fork(after_in_child=_forget_all)
