"""A table that only grows, in a folder of Parquet segments: what the rollouts and their verdicts are kept in.

An append replaces the newest segment by itself and the new lines, in one rename, until it is full. So a reader never
sees a line twice or half a batch, nothing has to be compacted later, and thousands of small batches leave a hundred
files. What a `kill -9` loses is the batch that is being appended.

Memory holds the newest segment and twelve bytes for every key of every row group, never the rest of the lines.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.sampling.rollouts.key_index import KeyIndex
from curation.sampling.rollouts.segments import (
    list_segments,
    lock_folder,
    next_segment,
    read_groups,
    stale_files,
    unlock_folder,
    write_segment,
)

SEGMENT_BYTES = 16 * 2**20
"""In memory; as Parquet about a quarter."""
SMALL_BYTES = 2**18
BATCHES = 32
"""A segment is full at so many batches, so that no byte is written more often; a small one costs next to nothing."""
GROUP_BYTES = 2**20
"""A look-up reads whole row groups."""
_GROUPS = 2**12


class SegmentLog:
    """The lines in `folder`, open for their one writer until the end of a `with`. They are found by `key`, some columns of `schema`.

    Raises:
        SamplingError: another process has it open, or a segment is damaged.
    """

    def __init__(self, folder: Path, schema: pa.Schema, key: Sequence[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        self.schema, self.key = schema, list(key)
        self._lock = lock_folder(self.folder)
        try:
            for path in stale_files(self.folder):
                path.unlink()
            self._segments = list_segments(self.folder)
            self._index = KeyIndex()
            for number, path in enumerate(self._segments):
                for group, keys in enumerate(read_groups(path, schema, self.key)):
                    self._add_to_index(keys, number * _GROUPS + group)
            self._tail = read_groups(self._segments[-1], schema) if self._segments else []
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let another writer in."""
        unlock_folder(self.folder, self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def append_lines(self, lines: Sequence[dict[str, Any]]) -> None:
        """Add lines, all or none of them; when this returns they are on disk."""
        if not lines:
            return
        table = pa.Table.from_pylist(list(lines), schema=self.schema)
        limit = max(SMALL_BYTES, min(SEGMENT_BYTES, BATCHES * table.nbytes))
        before = self._tail if sum(group.nbytes for group in self._tail) + table.nbytes <= limit else []
        # A rename replaces a whole file, so a batch joins the newest segment by writing both again; the limit bounds how often.
        groups = _packed(before, table)
        path = self._segments[-1] if before else next_segment(self._segments, self.folder)
        write_segment(groups, path)
        if not before:
            self._segments.append(path)
        first = max(len(before) - 1, 0)  # the groups before it are as they were
        self._tail = groups
        for group in range(first, len(groups)):
            self._add_to_index(groups[group].select(self.key), (len(self._segments) - 1) * _GROUPS + group)

    def find_lines(self, keys: Iterable[tuple[Any, ...]], columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The lines of `keys`, oldest first, perhaps among others: of the row groups that hold a key, those lines whose
        first key column agrees with one of them. All columns, or `columns` and that one.
        """
        wanted = list(dict.fromkeys(keys))
        first = pa.array([key[0] for key in wanted], self.schema.field(self.key[0]).type)
        names = self.schema.names if columns is None else list(dict.fromkeys([self.key[0], *columns]))
        for location in self._index.find(np.array([_hashed(key) for key in wanted], np.uint64)):
            segment, group = divmod(location, _GROUPS)
            if segment == len(self._segments) - 1:
                lines = self._tail[group].select(names)
            else:
                (lines,) = read_groups(self._segments[segment], self.schema, names, [group])
            yield lines.filter(pc.is_in(lines[self.key[0]], first))

    def _add_to_index(self, keys: pa.Table, location: int) -> None:
        held = keys.group_by(self.key, use_threads=False).aggregate([]).select(self.key)
        hashes = [_hashed(key) for key in zip(*(column.to_pylist() for column in held.columns), strict=True)]
        self._index.add(np.array(hashes, np.uint64), location)


def _packed(groups: Sequence[pa.Table], table: pa.Table) -> list[pa.Table]:
    """`groups` followed by the lines of `table`: in the last group while that is small, then in groups of their own."""
    packed = list(groups)
    if packed and packed[-1].nbytes < GROUP_BYTES:
        table = pa.concat_tables([packed.pop(), table])
    rows = max(1, table.num_rows * GROUP_BYTES // max(table.nbytes, 1), -(-table.num_rows // (_GROUPS // 2)))
    return packed + [table.slice(start, rows).combine_chunks() for start in range(0, table.num_rows, rows)]


def _hashed(key: tuple[Any, ...]) -> int:
    """64 bits: a collision costs a look into one more row group, nothing else."""
    return int.from_bytes(hashlib.blake2b(repr(key).encode(), digest_size=8).digest(), "big")
