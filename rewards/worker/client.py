"""The last tier's process: started once, killed at a deadline, never trusted.

sympy, ANTLR and the scorers of reasoning-gym can run for hours inside one C call, which no signal interrupts and no
thread can leave. So they run elsewhere: a small server process (`rewards.worker.server`, started by exec, hence safe in
notebooks, threads, asyncio, Ray and CUDA processes) imports the library once and forks a judge per connection, in
about 10 ms. The caller waits on a socket with a deadline, which runs once the server is up; when it passes, the judge
is killed with SIGKILL and the next one is forked from the clean server.

The idea of kill and respawn is prime-rl's and inspect_ai's; what differs is that no signal, no thread and no fork of
the caller is involved.
"""

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Literal

from rewards.worker.connection import Judge, TimedOutError, WorkerError, discard, is_readable, left

Flavour = Literal["math", "reasoning_gym"]
MAX_IDLE = 4
"""Judges kept warm per flavour; more are forked under load and closed afterwards."""
MAX_USES = 2_000
"""Judgements after which a judge is replaced, so that caches inside the libraries cannot grow without end."""
START_S = 60.0
"""How long the server may take to import its library; no judgement's deadline runs meanwhile."""


class Server:
    """The server process of one flavour, started at first need, and the judges forked from it. Thread-safe."""

    def __init__(self, flavour: Flavour) -> None:
        self.flavour: Flavour = flavour
        self._lock = threading.Lock()
        self._idle: list[Judge] = []
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, task: str, arguments: dict[str, Any], timeout_s: float) -> Any:
        """Return the task's answer. The deadline runs from when the server is up; its start has a limit of its own, START_S.

        Raises:
            TimedOutError: no answer within `timeout_s` seconds, or the server did not start.
            WorkerError: the worker has no answer.
        """
        request = json.dumps([task, arguments]).encode()
        judge: Judge | None = None
        try:
            judge, deadline = self._take(timeout_s)
            kind, answer = judge.ask(request, deadline)
        except TimeoutError:
            discard(judge, kill=True)
            raise TimedOutError(f"no verdict within {timeout_s:g} s") from None
        except (OSError, ValueError, WorkerError) as error:  # it died, or sent no JSON; closing the socket ends it
            discard(judge)
            raise WorkerError(str(error)) from None
        except BaseException:  # KeyboardInterrupt in an exchange: the judge must not serve the next caller
            discard(judge, kill=True)
            raise
        self._give_back(judge)
        if kind == "error":
            raise WorkerError(answer)
        return answer

    def _take(self, timeout_s: float) -> tuple[Judge, float]:
        """Return a judge and its deadline. A server that died since it was up is restarted, once: its death says nothing about the task."""
        self._start()
        try:
            return self._idle_or_forked(timeout_s)
        except TimeoutError:
            raise
        except (OSError, WorkerError):
            self._start()
            return self._idle_or_forked(timeout_s)

    def _idle_or_forked(self, timeout_s: float) -> tuple[Judge, float]:
        deadline = time.monotonic() + timeout_s
        if judge := self._idle_judge():
            return judge, deadline
        if not self._lock.acquire(timeout=left(deadline)):
            raise TimeoutError
        try:
            return self._fork(deadline), deadline
        finally:
            self._lock.release()

    def _idle_judge(self) -> Judge | None:
        with contextlib.suppress(IndexError):  # none, or another thread took the last one
            while True:
                judge = self._idle.pop()
                if not is_readable(judge.sock):
                    return judge
                judge.sock.close()  # readable while idle: it died
        return None

    def _fork(self, deadline: float) -> Judge:
        if self._control is None:
            raise WorkerError("the worker's server is gone")
        self._control.settimeout(left(deadline))
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control, [b"fork"], [theirs.fileno()])
            return Judge(ours, int(self._expect(self._control, b"pid ").removeprefix(b"pid ")))
        except (OSError, WorkerError):  # it died, or its answer would be read by the next caller
            ours.close()
            self.close(kill=True)
            raise

    @staticmethod
    def _expect(control: socket.socket, prefix: bytes) -> bytes:
        answer = control.recv(4096)
        if not answer.startswith(prefix):
            raise WorkerError(answer.decode(errors="replace") or "the worker's server died while starting")
        return answer

    def _is_up(self) -> bool:
        process = self._process
        return self._control is not None and process is not None and process.poll() is None

    def _start(self) -> None:
        """Wait until the server is up, while no deadline runs. Who comes first starts it."""
        if self._is_up():
            return
        late = TimedOutError(f"the {self.flavour} worker did not start within {START_S:g} s")
        if not self._lock.acquire(timeout=START_S):
            raise late
        try:
            if not self._is_up():
                self.close()
                self._control = self._spawn()
        except TimeoutError:
            raise late from None
        except (OSError, WorkerError) as error:
            raise TimedOutError(str(error)) from None
        finally:
            if self._control is None:
                self.close(kill=True)
            self._lock.release()

    def _spawn(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = os.pathsep.join([str(Path(__file__).parents[2]), *(p for p in sys.path if p)])
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "rewards.worker.server", self.flavour, str(theirs.fileno())],
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
        try:
            ours.settimeout(START_S)
            self._expect(ours, b"ready")
        except BaseException:
            ours.close()
            raise
        return ours

    def _give_back(self, judge: Judge) -> None:
        """Keep the judge for the next caller. No lock is taken, so a verdict never waits for another thread's start; two threads
        at once may keep one judge too many.
        """
        if judge.uses < MAX_USES and len(self._idle) < MAX_IDLE:
            self._idle.append(judge)
        else:
            judge.sock.close()

    def close(self, *, kill: bool = False) -> None:
        """End the server and its idle judges, without waiting for it where it may hang. The next `ask` starts a new one."""
        while judge := self._idle_judge():
            judge.sock.close()
        if self._control is not None:
            self._control.close()  # the server kills its judges and exits when this end closes
        if self._process is not None:
            if kill:
                self._process.kill()
            try:
                self._process.wait(timeout=1.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._control, self._process = None, None

    def forget(self) -> None:
        """Drop the parent's server without ending it, in a forked child of the caller."""
        for judge in self._idle:
            judge.sock.close()
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.returncode = 0  # it is the parent's child, not ours
        self.__init__(self.flavour)  # type: ignore[misc]


SERVERS: dict[Flavour, Server] = {"math": Server("math"), "reasoning_gym": Server("reasoning_gym")}


def ask(flavour: Flavour, task: str, arguments: dict[str, Any], timeout_s: float) -> Any:
    """Run a task of `rewards.worker.server` in the worker of that flavour. Raises TimedOutError or WorkerError."""
    return SERVERS[flavour].ask(task, arguments, timeout_s)


def close_all() -> None:
    """End every worker of this process."""
    for server in SERVERS.values():
        server.close()


def _forget_all() -> None:
    for server in SERVERS.values():
        server.forget()


atexit.register(close_all)
os.register_at_fork(after_in_child=_forget_all)
