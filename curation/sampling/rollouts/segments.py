"""The rollout store's files: Parquet segments that are never changed, under names that no other writer takes.

A segment is written under a temporary name, synced and renamed: it is whole or not there, and nobody needs a lock. Its footer says what it
`replaces`: a writer that merges segments renames the merged one into place first and removes the others then. So every line is in some
segment at any moment, and in two of them for a moment, or for longer where the writer was killed in between.
"""

import errno
import json
import os
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.errors import SamplingError, first_line
from curation.core.parquet import whole_file

T = TypeVar("T")
GROUP_BYTES = 2**20
"""Of a row group, in memory: a look-up reads whole ones."""
MAX_GROUPS = 2**12
WAITS_S = (0.0, 0.1, 1.0, 10.0, 60.0)
"""Before a folder is listed again in which a segment was that is gone; NFS shows a listing that is up to a minute old."""
STALE_S = 3600.0
"""A temporary file so old is what a killed writer left. A living one that loses its file writes it again."""
_TRIES = 3
_KEY = b"ovr.segment"


class VanishedSegmentError(SamplingError):
    """A segment is gone: its lines are in one that another writer has merged."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"rollout segment {str(path)!r} is listed and cannot be opened, expected a file")
        self.path = path


class Contents(NamedTuple):
    """What the footer says: bytes in memory, None where an earlier release wrote it, and the names of the segments that it replaces."""

    nbytes: int | None
    replaces: tuple[str, ...]


def writer_name() -> str:
    """A name that no other writer has."""
    return uuid.uuid4().hex[:12]


def segment_path(folder: Path, writer: str, number: int) -> Path:
    """The path of a writer's segment."""
    return folder / f"segment-{writer}-{number:06d}.parquet"


def writer_of(path: Path) -> str:
    """The name of the writer of a segment; that of one of earlier releases is its number."""
    return path.stem.split("-")[1]


def list_segments(folder: Path) -> list[Path]:
    """The segments by name. A listing may miss what is renamed while it is made, and not see the files either that this replaces: so one
    counts that misses nothing of the listing before it. Only a merge removes files; what is appended meanwhile may be in it or not.

    Raises:
        SamplingError: the folder cannot be listed.
    """
    before, names = _names(folder), _names(folder)
    while not before <= names:
        before, names = names, _names(folder)
    return [folder / name for name in sorted(names)]


def temporary_files(folder: Path) -> list[Path]:
    """What writers are writing, or were when they were killed."""
    return sorted(folder.glob(".segment-*.tmp"))


def remove_stale(folder: Path, now: float) -> None:
    """Remove what killed writers left. `now` is by the clock of the file system: the time of a file that was just written."""
    for path in temporary_files(folder):
        with suppress(OSError):
            if now - path.stat().st_mtime > STALE_S:
                path.unlink()


def write_segment(table: pa.Table, path: Path, replaces: Sequence[str] = ()) -> None:
    """Write the lines in row groups of about `GROUP_BYTES`; when this returns they are on disk, even if the machine stops."""
    contents = json.dumps(Contents(table.nbytes, tuple(replaces))._asdict())
    schema = table.schema.with_metadata({**(table.schema.metadata or {}), _KEY: contents.encode()})
    rows = max(1, table.num_rows * GROUP_BYTES // max(table.nbytes, 1), -(-table.num_rows // MAX_GROUPS))
    for left in reversed(range(_TRIES)):
        try:
            with (
                whole_file(path) as file,
                pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer,
            ):
                writer.write_table(table, row_group_size=rows)
            break
        except FileNotFoundError:  # a clock jumped, and another writer took the temporary file for a stale one
            if not left:
                raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def open_segment(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetFile]:
    """A segment to read from.

    Raises:
        VanishedSegmentError: it is gone.
        SamplingError: the file is damaged, or it has not the columns of `schema`.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            _check_columns(path, file.schema_arrow, schema)
            yield file
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOENT, errno.ESTALE):
            raise VanishedSegmentError(path) from error
        reason = first_line(error)
        message = f"rollout segment {str(path)!r} cannot be read ({reason}); remove it to sample its prompts again"
        raise SamplingError(message) from error


def contents_of(file: pq.ParquetFile) -> Contents:
    """What the footer of a segment says."""
    found = (file.schema_arrow.metadata or {}).get(_KEY)
    fields: dict[str, Any] = json.loads(found) if found else {"nbytes": None, "replaces": ()}
    return Contents(fields["nbytes"], tuple(fields["replaces"]))


def read_groups(
    path: Path, schema: pa.Schema, columns: Sequence[str] | None = None, only: Iterable[int] | None = None
) -> list[pa.Table]:
    """The row groups of a segment, all or those of the numbers `only`, all columns or some.

    Raises:
        VanishedSegmentError: it is gone.
        SamplingError: the file is damaged, or it has not the columns of `schema`.
    """
    with open_segment(path, schema) as file:
        numbers = range(file.num_row_groups) if only is None else only
        names = schema.names if columns is None else list(columns)
        return [file.read_row_group(number, columns=names, use_threads=False) for number in numbers]


def visit(folder: Path, read: Callable[[Path], Iterable[T]]) -> Iterator[T]:
    """What `read` yields of every segment. Where one vanishes, the folder is listed again and what is new is read as well: no line is
    missed, and those that were merged meanwhile may come twice.

    Raises:
        SamplingError: the folder cannot be listed; what `read` raises.
    """
    done: set[Path] = set()

    def rest() -> Iterator[T]:
        for path in list_segments(folder):
            if path not in done:
                yield from read(path)
                done.add(path)

    return reread(rest)


def reread(read: Callable[[], Iterable[T]]) -> Iterator[T]:
    """What `read` yields, and what it yields when it is called again, where a segment vanished under it.

    Raises:
        VanishedSegmentError: one segment vanished again and again, listed as it was.
    """
    times: Counter[Path] = Counter()
    while True:
        try:
            yield from read()
            return
        except VanishedSegmentError as error:
            if times[error.path] == len(WAITS_S):
                raise
            time.sleep(WAITS_S[times[error.path]])
            times[error.path] += 1


def _names(folder: Path) -> set[str]:
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return set()
    except OSError as error:
        raise SamplingError(f"rollout store {str(folder)!r} cannot be listed ({first_line(error)})") from error
    return {name for name in names if name.startswith("segment-") and name.endswith(".parquet")}


def _check_columns(path: Path, found: pa.Schema, expected: pa.Schema) -> None:
    if not found.equals(expected):
        differing = sorted({field.name for field in set(found) ^ set(expected)})
        message = f"rollout segment {str(path)!r} has other columns than this version writes: {', '.join(differing)}"
        raise SamplingError(f"{message}; move it away to sample its prompts again")
