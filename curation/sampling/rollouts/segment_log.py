"""A table that only grows, in a folder of Parquet segments: what the rollouts and their verdicts are kept in.

Any number of processes, on any number of machines that share the folder, append and read at once; none waits for another. A `kill -9`
loses what its process had not appended yet, and nothing of another's. `segments` says why, `compaction` how the files stay few.
"""

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock

from curation.core.errors import SamplingError
from curation.sampling.rollouts.compaction import SegmentWriter, compact, small_segments
from curation.sampling.rollouts.key_index import Keys, row_hashes
from curation.sampling.rollouts.layout import Layout
from curation.sampling.rollouts.segment_index import SegmentIndex
from curation.sampling.rollouts.segments import read_groups, remove_stale, reread, writer_name

MANY = 64
"""Small segments, which the last writer to close merges."""


class SegmentLog:
    """The lines in `folder`, until the end of a `with`. Opening and reading write nothing. Threads may share it; a forked process goes on
    as a writer of its own.

    Raises:
        SamplingError: a segment is damaged, or of another version.
    """

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.folder, self.layout = folder.resolve(), layout
        self._begin()
        self.refresh()

    def close(self) -> None:
        """Merge what this writer has left in small segments. It may be used on, and closed again."""
        with self._mine(), suppress(OSError, SamplingError):  # what cannot be merged is whole and found
            self._writer.finish()
            if self._writer.n_written:
                self._index.refresh()
            if self._writer.n_written and len(small_segments(self._index)) > MANY:
                self._compact_once()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def refresh(self) -> None:
        """Take in what others have appended; a look-up does so by itself.

        Raises:
            SamplingError: a segment is damaged, or of another version.
        """
        with self._mine():
            self._index.refresh()

    def compact(self) -> None:
        """Merge all small segments, whoever wrote them. Better when no other writer lives, as both would merge the same.

        Raises:
            SamplingError: a segment is damaged.
            OSError: the folder cannot be written.
        """
        with self._mine():
            compact(self._index, self._writer)

    def append_lines(self, lines: Sequence[dict[str, Any]]) -> None:
        """Add lines, all or none of them; when this returns they are on disk."""
        if not lines:
            return
        table = pa.Table.from_pylist(list(lines), schema=self.layout.schema)
        with self._mine():
            is_first = not self._writer.n_written
            path = self._writer.append(table)
            if is_first:
                with suppress(OSError):
                    remove_stale(self.folder, path.stat().st_mtime)

    def find_lines(self, keys: Iterable[tuple[Any, ...]], columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The lines of `keys`, perhaps among others and some of them twice: of the row groups that hold a key, those lines whose first key
        column agrees with one of them. All columns, or `columns` and that one.
        """
        wanted = self._key_table(keys)
        name = self.layout.key[0]
        names = self.layout.schema.names if columns is None else list(dict.fromkeys([name, *columns]))
        if wanted.num_rows:
            hashes, seen = row_hashes(wanted), set[tuple[Path, int]]()
            for lines in reread(lambda: self._groups(hashes, names, seen)):
                yield lines.filter(pc.is_in(lines[name], wanted[name].combine_chunks()))

    def find_unique(self, keys: Iterable[tuple[Any, ...]], columns: Sequence[str]) -> pa.Table:
        """What `find_lines` finds in `columns`, every line once: the one that counts (see `Layout`)."""
        names = list(dict.fromkeys([*self.layout.identity, *columns]))
        empty = pa.schema([self.layout.schema.field(name) for name in names]).empty_table()
        found = [lines.select(names) for lines in self.find_lines(keys, names)]
        return self.layout.unique(pa.concat_tables([empty, *found]))

    @property
    def segments(self) -> list[Path]:
        """The segments, as of the last look."""
        with self._mine():
            return sorted(self._index.segments)

    def _groups(self, keys: Keys, names: Sequence[str], seen: set[tuple[Path, int]]) -> Iterator[pa.Table]:
        """The row groups that hold a key, but for those that were `seen`."""
        with self._mine():
            self._index.refresh()
            places = self._index.find(keys)
        for place in places:
            if place not in seen:
                (lines,) = read_groups(place[0], self.layout.schema, names, [place[1]])
                seen.add(place)
                yield lines

    def _key_table(self, keys: Iterable[tuple[Any, ...]]) -> pa.Table:
        fields = [self.layout.schema.field(name) for name in self.layout.key]
        columns = zip(*dict.fromkeys(keys), strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, fields, strict=False)]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields)) if arrays else pa.schema(fields).empty_table()

    def _compact_once(self) -> None:
        """Merge what writers have left that ended, unless another does (an OSError): the lock saves work and nothing else."""
        with FileLock(self.folder / ".compact.lock", timeout=0):
            compact(self._index, self._writer, only_quiet=True)

    def _begin(self) -> None:
        self._pid, self._lock = os.getpid(), threading.RLock()
        self._index = SegmentIndex(self.folder, self.layout)
        self._writer = SegmentWriter(self.folder, self.layout, writer_name())

    def _mine(self) -> threading.RLock:
        """The lock on what this process knows and writes; after a fork it has a name of its own and knows nothing yet."""
        if self._pid != os.getpid():
            self._begin()
        return self._lock
