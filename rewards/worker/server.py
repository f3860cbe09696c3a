"""The server process behind `rewards.worker.client`: imports one library, then forks a judge for each connection it is
handed.

Run as `python -P -m rewards.worker.server FLAVOUR FD` by `rewards.worker.client` alone. A judge answers requests on
its socket until the socket closes. It may read the libraries it needs and nothing else: an audit hook refuses
writing, sockets and processes, resource limits bound its memory and its files, and the kernel holds both for native code too
(`rewards.worker.confine`). These are the second and the third fence; the first is that no model text is handed to eval.
"""

import gc
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from rewards.worker.confine import confine

MEMORY_BYTES = 4 << 30
"""Address space of a judge. sympy needs well under 1 GiB; reasoning-gym maps more than it uses."""

Task = Callable[..., Any]


def math_tasks() -> dict[str, Task]:
    from rewards.worker import symbolic

    symbolic.warm_up()
    return {"equal": symbolic.equal}


def reasoning_gym_tasks() -> dict[str, Task]:
    from rewards.worker import gym

    return {"score": gym.score}


FLAVOURS: dict[str, Callable[[], dict[str, Task]]] = {"math": math_tasks, "reasoning_gym": reasoning_gym_tasks}

_REFUSED = ("os.", "shutil.", "socket.", "subprocess.", "pty.", "ctypes.dlopen",
            "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.")  # fmt: skip
_HARMLESS = ("os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.getxattr", "os.listxattr")


def _fence(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what a judge has no business with. Reading is left to the import system and to data files of the libraries."""
    if event == "open":
        mode, flags = arguments[1], arguments[2]
        writes = (isinstance(mode, str) and any(letter in mode for letter in "wax+")) or (
            isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        )
        path = os.path.abspath(os.fspath(arguments[0])) if isinstance(arguments[0], str | os.PathLike) else ""
        if writes or not path.startswith(_READABLE):
            raise PermissionError(f"a judge may not open {arguments[0]!r}")
    elif event.startswith(_REFUSED) and event not in _HARMLESS:
        raise PermissionError(f"a judge may not use {event}")


_READABLE = tuple(
    {os.path.abspath(p) + os.sep for p in (*sys.path, sys.prefix, sys.base_prefix) if p} | {"/proc/self/"}
)
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
"""Where the loader looks for what the libraries are linked with."""


def real_places() -> list[str]:
    """Where the imported packages are in fact: the folders of `sys.path` may hold links to them."""
    files = (getattr(module, "__file__", None) for name, module in list(sys.modules.items()) if "." not in name)
    folders = {os.path.dirname(os.path.realpath(file)) + os.sep for file in files if file}
    return sorted(folder for folder in folders if not folder.startswith(_READABLE))


def limit(linked: list[str]) -> None:
    """Confine this process for good; `linked` are the `real_places` of its libraries."""
    confine([*_READABLE, *_SYSTEM, *linked])
    for which, value in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        resource.setrlimit(which, (value, value))
    sys.setrecursionlimit(10_000)
    sys.addaudithook(_fence)


def serve(sock: socket.socket, tasks: dict[str, Task], linked: list[str]) -> None:
    """Answer requests until the other end closes."""
    limit(linked)
    for line in sock.makefile("rb"):
        task, arguments = json.loads(line)
        try:
            answer = ["answer", tasks[task](**arguments)]
        except Exception as error:  # any library error on hostile text: the caller decides what it means
            answer = ["error", f"{type(error).__name__}: {error}"[:500]]
        sock.sendall(json.dumps(answer).encode() + b"\n")


def _fork(sock: socket.socket, control: socket.socket, tasks: dict[str, Task], linked: list[str]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        control.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        serve(sock, tasks, linked)
    finally:
        os._exit(0)


def main(flavour: str, control_fd: int) -> None:
    control = socket.socket(fileno=control_fd)
    children: set[int] = set()
    try:
        tasks = FLAVOURS[flavour]()
    except Exception as error:  # an import that fails: say why, once
        control.send(f"the {flavour} worker cannot start: {type(error).__name__}: {error}"[:4000].encode())
        return
    linked = real_places()
    gc.freeze()
    control.send(b"ready")
    poll = select.poll()  # select.select refuses descriptors over 1023
    poll.register(control, select.POLLIN)
    while True:
        ready = poll.poll(5_000)
        children -= _reap(children)
        if not ready:
            continue
        message, fds, _, _ = socket.recv_fds(control, 64, 1)
        if not message:
            break
        with socket.socket(fileno=fds[0]) as sock:
            pid = _fork(sock, control, tasks, linked)
        children.add(pid)
        control.send(b"pid %d" % pid)
    children -= _reap(children)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    _reap(children, wait=True)


def _reap(children: set[int], *, wait: bool = False) -> set[int]:
    return {pid for pid in children if os.waitpid(pid, 0 if wait else os.WNOHANG)[0]}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
