"""What a file was when it was written: its size, its time and a digest of its bytes.

    with recording() as files:
        ...                          # every file that `core.parquet` writes here
    files[path]                      # FileRecord(size=81233, mtime_ns=..., digest="...")
    is_as_recorded(path, files[path])

Size and time are looked at always, the bytes where the time is another one (a build that was copied) or where a caller wants to be sure: a
disk may lose a bit without a new time.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import xxhash


class FileRecord(NamedTuple):
    """A file as it was."""

    size: int
    mtime_ns: int
    digest: str


_files: ContextVar[dict[Path, FileRecord] | None] = ContextVar("files", default=None)


@contextmanager
def recording() -> Iterator[dict[Path, FileRecord]]:
    """Record every file that this thread writes."""
    files: dict[Path, FileRecord] = {}
    token = _files.set(files)
    try:
        yield files
    finally:
        _files.reset(token)


def note_written(path: Path) -> None:
    """Record a file that was just written, where someone is recording."""
    if (files := _files.get()) is not None:
        files[path] = record_of(path)


def record_of(path: Path) -> FileRecord:
    """What a file is now.

    Raises:
        OSError: it cannot be read.
    """
    status = path.stat()
    return FileRecord(status.st_size, status.st_mtime_ns, _digest_of(path, status.st_size, status.st_mtime_ns))


def is_as_recorded(path: Path, record: FileRecord, thorough: bool = False) -> bool:
    """Whether a file is as it was; `thorough`: its bytes are read, whatever its time."""
    try:
        status = path.stat()
        if status.st_size != record.size:
            return False
        if status.st_mtime_ns == record.mtime_ns and not thorough:
            return True
        found = digest_of_file(path) if thorough else _digest_of(path, status.st_size, status.st_mtime_ns)
    except OSError:
        return False
    return found == record.digest


def digest_of_file(path: Path) -> str:
    """32 hex digits over a file's bytes: against accidents, not against forgers.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, xxhash.xxh3_128).hexdigest()


@lru_cache(maxsize=100_000)
def _digest_of(path: Path, size: int, mtime_ns: int) -> str:
    return digest_of_file(path)
