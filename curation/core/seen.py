"""Digests of files that were read before, so that a build that changes nothing does not read them all again.

    with digests_seen(out / "stages" / "rl-inputs.json"):
        sha256_of(path)                         # read only where the file is another than when its digest was recorded

A file is the same one as long as its size, its inode and the times at which its content and its inode last changed are the same; the system
alone sets the last of them, so a program that puts back a file's date is noticed too. One that was changed in the last seconds is not
recorded: it may change again within the same tick of the clock.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

State = tuple[int, ...]
SETTLED_S = 2.0
"""Since the last change of a file whose digest is recorded."""


class Seen:
    """Path -> what the file was and its digest, those of the last time and of this one."""

    def __init__(self, record: Path) -> None:
        self.record = record
        self._before = _recorded(record)
        self._now: dict[str, tuple[State, str]] = {}

    def digest(self, path: Path, digest: Callable[[Path], str]) -> str:
        """The digest of a file, by `digest` unless it is known."""
        name, state = str(path.absolute()), state_of(path)
        of, known = self._now.get(name) or self._before.get(name) or ((), "")
        found = known if state and of == state else digest(path)
        if state and (of == state or time.time() - max(state[2], state[3]) / 1e9 > SETTLED_S):
            self._now[name] = state, found
        return found

    def save(self) -> None:
        """Record the digests that were asked for, if one is new; nothing where there is no build's folder."""
        from curation.core.parquet import write_text

        if self._now != self._before and self.record.parent.is_dir():
            write_text(self.record, json.dumps({name: [list(of), digest] for name, (of, digest) in self._now.items()}))


_seen: list[Seen] = []


@contextmanager
def digests_seen(record: Path, save: bool = True) -> Iterator[None]:
    """Inside, `sha256_of` reads no file whose digest is in `record`; what it reads is recorded there, if it is to `save` it."""
    _seen.append(Seen(record))
    try:
        yield
        if save:
            _seen[-1].save()
    finally:
        _seen.pop()


def by_seen(path: Path, digest: Callable[[Path], str]) -> str:
    """The digest of a file: as it was recorded, where that is asked for, or by `digest`."""
    return _seen[-1].digest(path, digest) if _seen else digest(path)


def state_of(path: Path) -> State:
    """What changes with a file; of one that is not there what no file has."""
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def _recorded(record: Path) -> dict[str, tuple[State, str]]:
    try:
        return {name: (tuple(of), digest) for name, (of, digest) in json.loads(record.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
