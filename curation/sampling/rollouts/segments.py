"""The rollout store's files: a lock that dies with its process, Parquet segments that are whole or not there."""

import fcntl
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.errors import SamplingError, first_line
from curation.core.parquet import whole_file

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


def stale_files(folder: Path) -> list[Path]:
    """What a writer is writing, or was when it was killed; only the holder of the lock may remove it."""
    return sorted(folder.glob(".segment-*.tmp"))


def list_segments(folder: Path) -> list[Path]:
    """The whole segments, oldest first."""
    return sorted(folder.glob("segment-*.parquet"))


def next_segment(segments: Sequence[Path], folder: Path) -> Path:
    """The name of the segment after the last of `segments`."""
    last = int(segments[-1].stem.removeprefix("segment-")) if segments else -1
    return folder / f"segment-{last + 1:08d}.parquet"


def write_segment(groups: Sequence[pa.Table], path: Path) -> None:
    """Write one row group for each table, so that `path` holds all of them or what it held before, even if the machine
    stops.
    """
    options = {"compression": "zstd", "write_page_checksum": True}
    with whole_file(path) as file, pq.ParquetWriter(file, groups[0].schema, **options) as writer:
        for group in groups:
            writer.write_table(group, row_group_size=group.num_rows)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_groups(
    path: Path, schema: pa.Schema, columns: Sequence[str] | None = None, only: Iterable[int] | None = None
) -> list[pa.Table]:
    """The row groups of a segment, all or those of the numbers `only`, all columns or some.

    Raises:
        SamplingError: the file is damaged, or it has not the columns of `schema`.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            numbers = range(file.num_row_groups) if only is None else only
            names = schema.names if columns is None else list(columns)
            _check_columns(path, file.schema_arrow, schema)
            return [file.read_row_group(number, columns=names, use_threads=False) for number in numbers]
    except (pa.ArrowException, OSError) as error:
        reason = first_line(error)
        message = f"rollout segment {str(path)!r} cannot be read ({reason}); remove it to sample its prompts again"
        raise SamplingError(message) from error


def _check_columns(path: Path, found: pa.Schema, expected: pa.Schema) -> None:
    if not found.equals(expected):
        differing = sorted({field.name for field in set(found) ^ set(expected)})
        message = f"rollout segment {str(path)!r} has other columns than this version writes: {', '.join(differing)}"
        raise SamplingError(f"{message}; move it away to sample its prompts again")
