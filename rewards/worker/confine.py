"""Take from a process what a judge has no use for, by the kernel: files but those named, the network, other processes.

`python -m rewards.worker.confine` prints what of it this machine can do. Two parts of Linux, each used where it is there:

- Landlock (5.13; TCP since 6.7, signals since 6.12): nothing is opened, made, changed or removed but for reading below the paths given.
- seccomp: no socket, no new process or program, no look into others, no change of a file's owner, mode or times.

Both hold for native code too and cannot be taken back. The libraries that wrap them are no longer kept up, or need a library of C's that
not every machine has; this is the little that is needed of them.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_CALLS = {
    "x86_64": (0xC000003E, 56, {
        "network": (41, 42, 43, 49, 50, 53, 288),
        "processes": (57, 58, 59, 62, 101, 200, 310, 311, 322, 434, 438),
        "owner, mode, times, attributes": (90, 91, 92, 93, 94, 132, 188, 189, 190, 197, 198, 199, 235, 260, 261, 268, 280, 452),
        "kernel": (165, 248, 249, 250, 272, 298, 304, 308, 321, 323, 425, 428, 430, 442),
    }),
    "aarch64": (0xC00000B7, 220, {
        "network": (198, 199, 200, 201, 202, 203, 242),
        "processes": (117, 129, 130, 221, 270, 271, 281, 434, 438),
        "owner, mode, times, attributes": (5, 6, 7, 14, 15, 16, 52, 53, 54, 55, 88, 452),
        "kernel": (40, 97, 217, 218, 219, 241, 265, 268, 280, 282, 425, 428, 430, 442),
    }),
}  # fmt: skip
"""Machine -> its audit number, its number of clone, and the numbers of what is refused: socket, connect, accept, bind, listen, socketpair;
fork, vfork, execve, kill, ptrace, tkill, process_vm_*, execveat, pidfd_*; ch*, *setxattr, *removexattr, utime*; mount, keys, unshare,
perf_event_open, open_by_handle_at, setns, bpf, userfaultfd, io_uring_setup, the new mount calls."""
_CLONE3, _CLONE_THREAD, _X32 = 435, 0x10000, 0x40000000
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _FILTER_MODE = 22, 38, 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _HAS_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_READ_FILE, _READ_DIR = 4, 8


class Confined(NamedTuple):
    """Which of the two parts the kernel took."""

    files: bool
    calls: bool


def confine(readable: Iterable[str]) -> Confined:
    """Confine this thread and what it starts, as far as the kernel can; files below `readable` can still be read."""
    if sys.platform != "linux":
        return Confined(False, False)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return Confined(_restrict_files(libc, readable), _refuse_calls(libc))


def _restrict_files(libc: ctypes.CDLL, readable: Iterable[str]) -> bool:
    version = libc.syscall(_CREATE, None, 0, 1)
    if version < 1:
        return False
    bits = {1: 13, 2: 14, 3: 15, 4: 15}.get(
        version, 16
    )  # what may be done to files, and since which version it is asked
    network, scopes = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    handled = struct.pack("=QQQ", (1 << bits) - 1, network, scopes)[: 8 if version < 4 else 16 if version < 6 else 24]
    rules = libc.syscall(_CREATE, handled, len(handled), 0)
    for path in readable:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        rights = _READ_FILE | (_READ_DIR if os.path.isdir(path) else 0)
        libc.syscall(_ADD, rules, 1, struct.pack("=Qi", rights, place), 0)
        os.close(place)
    refused = libc.syscall(_RESTRICT, rules, 0)
    os.close(rules)
    return not refused


def _refuse_calls(libc: ctypes.CDLL) -> bool:
    if platform.machine() not in _CALLS:
        return False
    program = b"".join(struct.pack("=HBBI", *line) for line in _program())
    lines = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(lines))
    return not libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, head, 0, 0)


def _program() -> Iterator[tuple[int, int, int, int]]:
    """The filter in the kernel's bytecode: (operation, lines to skip if so, if not, operand). Threads are let through."""
    machine, clone, refused = _CALLS[platform.machine()]
    yield from ((_LOAD, 0, 0, 4), (_EQUAL, 1, 0, machine), _refuse(errno.EPERM))  # calls of a 32-bit program
    yield from ((_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, _X32), _refuse(errno.EPERM))
    yield from ((_EQUAL, 0, 1, _CLONE3), _refuse(errno.ENOSYS))  # its flags are out of sight; libc falls back on clone
    for number in (number for numbers in refused.values() for number in numbers):
        yield from ((_EQUAL, 0, 1, number), _refuse(errno.EPERM))
    yield from ((_EQUAL, 0, 3, clone), (_LOAD, 0, 0, 16), (_HAS_BIT, 1, 0, _CLONE_THREAD), _refuse(errno.EPERM))
    yield _RETURN, 0, 0, _ALLOW


def _refuse(error: int) -> tuple[int, int, int, int]:
    return _RETURN, 0, 0, _REFUSE | error


if __name__ == "__main__":
    confined = confine(sys.path)
    print(f"files: {'Landlock' if confined.files else 'the audit hook alone'}")
    print(f"network and processes: {'seccomp' if confined.calls else 'the audit hook alone'}")
