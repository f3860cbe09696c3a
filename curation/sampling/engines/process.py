"""A process that holds one engine and answers batches until the pipe to it closes: both ends of that pipe.

Messages are pickles. To it: the engine, then (requests, options) each time. From it: ("done", None) once the engine
runs, then ("part", response) for what is finished and ("done", None) behind the last, each time; and ("alive", tokens
under way) while it works; or ("failed", one line), after which the engine is not to be trusted.

While it loads, any message says that it has not hung. While it samples, a response does, and a number of tokens under way
other than the last: what counts the tokens may be alive where what samples them is not. So the time in which it reads
prompts and no response goes on is silence.
"""

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from curation.core.errors import CurationError, first_line
from curation.sampling.engines.base import Response, Underway

_CHILD = "import sys; sys.path[:] = sys.argv[3:]; from curation.sampling.engines.process import main; main(*map(int, sys.argv[1:3]))"
_GRACE_S = 15.0
_HEARTBEAT_S = 1.0


class EngineDied(Exception):  # noqa: N818 - it says what happened
    """The engine's process ended, failed, or was ended because it hung; one line says which. `reported`: by the engine itself."""

    def __init__(self, reason: str, reported: bool = False) -> None:
        super().__init__(reason)
        self.reported = reported


class EngineProcess:
    """The process, its group and our end of the pipe. `env`: variables in addition to ours.

    A command of its own instead of `multiprocessing`, which would run the caller's main module again and refuses to
    start anything from a worker of a pool.
    """

    def __init__(self, env: dict[str, str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _CHILD, str(theirs.fileno()), str(os.getpid()), *sys.path],
                env={**os.environ, **env},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=2,
                start_new_session=True,
            )
        self._connection: Connection[Any, Any] = Connection(ours.detach())
        self._idle = True

    def load(self, engine: object, silence_s: float) -> None:
        """Have the process load the engine.

        Raises:
            EngineDied: as `ask`.
        """
        for _ in self._exchange(engine, silence_s, any_is_sign=True):
            pass

    def ask(self, batch: object, silence_s: float) -> Iterator[Response | Underway]:
        """Send requests and options, and give what comes back until all is there, as long as there are signs of life.

        Raises:
            EngineDied: nothing comes, no sign of life for so long, or a failure.
        """
        return self._exchange(batch, silence_s, any_is_sign=False)

    def _exchange(self, message: object, silence_s: float, any_is_sign: bool) -> Iterator[Response | Underway]:
        self._idle, tokens = False, 0
        watchdog = Watchdog(silence_s, self.kill)
        try:
            self._connection.send(message)
            while (reply := self._receive())[0] not in ("done", "failed"):
                kind, payload = reply
                if any_is_sign or kind == "part" or payload != tokens:
                    watchdog.heartbeat()
                tokens = payload if kind == "alive" else tokens
                given = time.monotonic()
                yield Underway(tokens) if kind == "alive" else payload
                watchdog.extend(time.monotonic() - given)  # it is not the engine that took this time
        except (EOFError, OSError) as error:
            self.kill()
            raise EngineDied(f"no sign of life for {silence_s:g} s" if watchdog.timed_out else self._end()) from error
        finally:
            watchdog.stop()
        outcome, payload = reply
        if outcome == "failed":
            raise EngineDied(payload, reported=True)
        self._idle = True

    def _receive(self) -> tuple[str, Any]:
        """The next message. The end of the process is looked for as well: what it has started may keep the pipe open."""
        while not self._connection.poll(0.5):
            if self._process.poll() is not None and not self._connection.poll():
                raise EOFError
        reply: tuple[str, Any] = self._connection.recv()
        return reply

    def _end(self) -> str:
        code = self._process.wait()
        if code >= 0:
            return f"its process ended with exit code {code}"
        hint = ", for lack of memory perhaps" if code == -signal.SIGKILL else ""
        return f"its process was ended by {signal.Signals(-code).name}{hint}"

    def kill(self) -> None:
        """End the whole group at once: an engine may have processes of its own."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def close(self) -> None:
        """Let an idle engine free what it holds, end a busy one, and end what is left."""
        if self._idle:
            self._connection.close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_S)
        self.kill()
        self._process.wait()
        self._connection.close()


class Watchdog:
    """Calls `on_timeout` once, from a thread of its own, when `timeout_s` have passed since the last `heartbeat`."""

    def __init__(self, timeout_s: float, on_timeout: Callable[[], None]) -> None:
        self.timed_out = False
        self._timeout_s, self._on_timeout = timeout_s, on_timeout
        self._deadline = time.monotonic() + timeout_s
        self._stopped = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def heartbeat(self) -> None:
        self._deadline = time.monotonic() + self._timeout_s

    def extend(self, seconds: float) -> None:
        self._deadline += seconds

    def stop(self) -> None:
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(max(0.0, self._deadline - time.monotonic())):
            if time.monotonic() >= self._deadline:
                self.timed_out = True
                self._on_timeout()
                return


def main(descriptor: int, parent: int) -> None:
    """The process itself: serve the process `parent` over the socket `descriptor`."""
    os.set_inheritable(descriptor, False)
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    is_done = threading.Event()

    @atexit.register  # the first to register is the last to run
    def end_group_when_done() -> None:
        if is_done.is_set():
            _end_group()

    with Connection(descriptor) as connection:
        try:
            _serve(connection)
        except Exception as error:  # whatever it was, the other side decides what becomes of the batch
            with suppress(OSError):  # the other side may be gone
                connection.send(("failed", str(error) if isinstance(error, CurationError) else _described(error)))
    is_done.set()


def _described(error: Exception) -> str:
    return f"engine failed with {type(error).__name__}: {first_line(error)}"


def _serve(connection: Any) -> None:
    last = time.monotonic()

    def heartbeat(tokens: int = 0) -> None:
        nonlocal last
        if time.monotonic() - last > _HEARTBEAT_S:
            connection.send(("alive", tokens))
            last = time.monotonic()

    with connection.recv().load(heartbeat) as session:
        connection.send(("done", None))
        while True:
            try:
                requests, options = connection.recv()
            except EOFError:
                return
            for part in session.generate(requests, options):
                if isinstance(part, Underway):
                    heartbeat(part.tokens)
                else:
                    connection.send(("part", part))
            connection.send(("done", None))


def _die_with(parent: int) -> None:
    """End this process and its children when `parent` is gone, which no signal says."""
    while os.getppid() == parent:
        time.sleep(0.5)
    _end_group()


def _end_group() -> None:
    os.killpg(os.getpgid(0), signal.SIGKILL)
