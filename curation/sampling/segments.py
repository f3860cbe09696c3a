"""The rollout store's files: a lock that dies with its process, Parquet segments that are whole or not there."""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.errors import SamplingError, first_line

_locked_here: set[Path] = set()


def lock_folder(folder: Path) -> IO[bytes]:
    """Take the one writer's lock of `folder`; `unlock_folder` gives it back, and so does the end of the process.

    A POSIX record lock, because a forked child (an engine's worker) does not inherit it: after `kill -9` an orphan
    must not keep the store shut. Such a lock does not hold within its own process, and closing the file a second time
    loses it, hence the set.

    Raises:
        SamplingError: another writer holds it.
    """
    if folder in _locked_here:
        raise SamplingError(f"rollout store {str(folder)!r} is already open in this process, expected one writer")
    file = (folder / ".lock").open("ab")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise SamplingError(f"rollout store {str(folder)!r} is open in another process, expected one writer") from error
    _locked_here.add(folder)
    return file


def unlock_folder(folder: Path, file: IO[bytes]) -> None:
    """Let another writer in."""
    file.close()
    _locked_here.discard(folder)


def remove_stale(folder: Path) -> None:
    """Remove what a killed writer left half-written. Only for the holder of the lock."""
    for path in folder.glob(".*.tmp"):
        path.unlink()


def list_segments(folder: Path) -> list[Path]:
    """The whole segments, oldest first."""
    return sorted(folder.glob("segment-*.parquet"))


def next_segment(segments: Sequence[Path], folder: Path) -> Path:
    """The name of the segment after the last of `segments`."""
    last = int(segments[-1].stem.removeprefix("segment-")) if segments else -1
    return folder / f"segment-{last + 1:08d}.parquet"


def write_segment(table: pa.Table, path: Path) -> None:
    """Write `table` so that `path` holds all of it or does not exist, even if the machine stops."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        pq.write_table(table, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_segment(path: Path, columns: list[str] | None = None, only: pc.Expression | None = None) -> pa.Table:
    """The lines of a segment, or some columns and lines of it.

    Raises:
        SamplingError: the file is damaged.
    """
    try:
        return pq.read_table(path, columns=columns, filters=only, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        reason = first_line(error)
        message = f"rollout segment {str(path)!r} cannot be read ({reason}); remove it to sample its prompts again"
        raise SamplingError(message) from error
