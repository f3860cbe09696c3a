"""One build at a time in a folder, also where machines share it.

    with FolderLock(out):
        ...

Two locks. `flock` keeps out the processes of this machine, and goes with its process; on a file system of a network it may hold on one
machine alone, or not at all. So there is a file too, `.lock.7`, which says who holds the folder and whose time changes every `BEAT_S`
seconds. The number makes taking over safe: whoever finds that 7 is free creates 8, which one of several can. Nobody's clock is asked:
another machine's lock is watched until its time changes, or has not changed for `STALE_S`.
"""

import errno
import fcntl
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from curation.core.errors import BuildError

LOCK = ".lock"
BEAT_S = 5.0
STALE_S = 60.0
"""A dozen beats: a server may be away for a while."""
DYING_S = 2.0
"""A process that is killed gives back its `flock` a moment before it is gone."""
NO_FLOCK = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
"""What a file system without `flock` says: Lustre and NFS, as they may be mounted."""
FREE_NS = 0
"""The time of a lock's file that was given back."""


def is_of_a_build(folder: Path) -> bool:
    """Whether a folder was ever held; one that may not be looked into was not."""
    with suppress(OSError):
        return os.path.isfile(folder / LOCK) and newest(folder) is not None
    return False


class FolderLock:
    """Holds a folder that exists, from `acquire` to `release`. `on_lost` is called in a thread when another build has taken it over, which
    happens to a process that stood still for long: by default it interrupts the main thread.
    """

    def __init__(self, folder: Path, on_lost: Callable[[], None] = lambda: _interrupt_main()) -> None:
        self.folder, self.on_lost, self.is_lost = folder, on_lost, False
        self._flock = _Flock(folder / LOCK)
        self._path, self._ended, self._is_held = folder / LOCK, threading.Event(), False
        self._beating: threading.Thread | None = None

    def __enter__(self) -> "FolderLock":
        if not self._is_held:
            self.acquire()
        return self

    def acquire(self) -> None:
        """Take the folder; where a machine that does not answer held it, after `STALE_S`.

        Raises:
            BuildError: another build has it.
            OSError: the folder cannot be written to.
        """
        try:
            self._flock.acquire()
        except BlockingIOError:
            raise BuildError(self._held(_read(newest(self.folder)))) from None
        try:
            self._path = self._claim()
        except BaseException:
            self._flock.release()
            raise
        self._is_held = True
        self._beating = threading.Thread(target=self._beat, args=(self._path.read_bytes(),), daemon=True, name="lock")
        self._beating.start()

    def release(self) -> None:
        """Give the folder back."""
        self._is_held = False
        self._ended.set()
        if self._beating and self._beating is not threading.current_thread():
            self._beating.join(BEAT_S)  # its last beat would be a sign of life
        if not self.is_lost:
            with suppress(OSError):
                os.utime(self._path, ns=(FREE_NS, FREE_NS))
        self._flock.release()

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    def _claim(self) -> Path:
        """The file of this build, once every one before it is free."""
        while True:
            if (held := newest(self.folder)) is not None and not self._is_free(held):
                raise BuildError(self._held(_read(held)))
            path = self.folder / f"{LOCK}.{_number(held) + 1}"
            try:
                _create(path)
            except FileExistsError:  # another was faster
                continue
            if newest(self.folder) == path:
                for old in self.folder.glob(f"{LOCK}.[0-9]*"):
                    if _number(old) < _number(path):
                        old.unlink(missing_ok=True)
                return path
            path.unlink(missing_ok=True)

    def _is_free(self, path: Path) -> bool:
        holder = _read(path)
        if _time_of(path) in (FREE_NS, None):
            return True
        if holder.get("machine") == machine():
            return _ends(holder)
        return not self._beats(path, holder)

    def _beats(self, path: Path, holder: dict[str, Any]) -> bool:
        """Whether the file's time changes while it is watched."""
        print(f"{self.folder}: waits for a sign of life of {_name(holder)}, {STALE_S:g} s at most", file=sys.stderr)
        before, until = _time_of(path), time.monotonic() + STALE_S
        while time.monotonic() < until:
            time.sleep(BEAT_S / 10)
            if (now := _time_of(path)) != before:
                return now not in (FREE_NS, None)
        return False

    def _held(self, holder: dict[str, Any]) -> str:
        return f"{self.folder}: another build is running in this folder: {_name(holder)}"

    def _beat(self, mine: bytes) -> None:
        while not self._ended.wait(BEAT_S):
            with suppress(OSError):  # a server that does not answer now may do so at the next beat
                if newest(self.folder) != self._path or self._path.read_bytes() != mine:
                    self.is_lost = True
                    self.on_lost()
                    return
                os.utime(self._path)


class _Flock:
    """`flock` on a file, which stays. A file system without it lets everyone in: the numbered file decides."""

    def __init__(self, path: Path) -> None:
        self.path, self._file = path, -1

    def acquire(self) -> None:
        """Take it at once.

        Raises:
            BlockingIOError: another process has it.
            OSError: the file cannot be written.
        """
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in NO_FLOCK:
                self.release()
                if error.errno == errno.EACCES:  # some say so of one that is held
                    raise BlockingIOError(errno.EAGAIN, "held") from error
                raise

    def release(self) -> None:
        if self._file >= 0:
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)  # a process that was forked has the file open too
            os.close(self._file)
        self._file = -1


def newest(folder: Path) -> Path | None:
    """The file of the build that holds a folder, or held it last."""
    return max(folder.glob(f"{LOCK}.[0-9]*"), key=_number, default=None)


def machine() -> str:
    """What tells where a process number means something: this start of the machine, and its space of processes (a container's)."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def _number(path: Path | None) -> int:
    return int(path.name.rpartition(".")[2]) if path else 0


def _create(path: Path) -> None:
    """Create a lock's file, which is not there.

    Raises:
        FileExistsError: it is.
    """
    holder = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "started": _start_of(os.getpid()),
        "machine": machine(),
    }
    with path.open("x") as file:
        try:
            file.write(json.dumps(holder))
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise


def _read(path: Path | None) -> dict[str, Any]:
    """Who holds a lock; empty where its file is gone, or being written."""
    with suppress(OSError, ValueError):
        return dict(json.loads(path.read_text())) if path else {}
    return {}


def _time_of(path: Path) -> int | None:
    """The time of a file, None where it is gone. It is opened: a client of NFS asks its server then."""
    try:
        with path.open("rb") as file:
            return os.fstat(file.fileno()).st_mtime_ns
    except FileNotFoundError:
        return None


def _ends(holder: dict[str, Any]) -> bool:
    """Whether the process of this machine that holds a lock is gone, or about to be."""
    until = time.monotonic() + DYING_S
    while alive := _is_alive(holder):
        if time.monotonic() > until:
            break
        time.sleep(0.05)
    return not alive


def _is_alive(holder: dict[str, Any]) -> bool:
    """Whether a process of this machine is still the one that holds a lock."""
    pid = int(holder["pid"])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _start_of(pid) in ("", holder["started"])


def _start_of(pid: int) -> str:
    """When a process began, in ticks since the machine did: numbers of processes are given again. Empty where it is not known, and for one
    that has ended and was not yet waited for another text.
    """
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "ended" if state in "ZX" else rest[18]


def _name(holder: dict[str, Any]) -> str:
    if not holder:
        return "one that has not said who it is"
    return f"process {holder['pid']} of {holder['host']}, since {holder['since']}"


def _interrupt_main() -> None:
    import _thread

    _thread.interrupt_main()
