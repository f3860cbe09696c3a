"""Merging of small segments, so that an append a second for hours does not leave thousands of files.

Whoever merges, and whatever else is written or merged at the time, no line is lost: a file is removed only by a writer that has all its
lines on disk in another, which it wrote later. Two that merge the same files at once leave its lines twice, which readers know.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from curation.core.errors import SamplingError
from curation.sampling.rollouts.layout import Layout
from curation.sampling.rollouts.segment_index import SegmentIndex
from curation.sampling.rollouts.segments import (
    VanishedSegmentError,
    contents_of,
    open_segment,
    segment_path,
    write_segment,
    writer_of,
)

SEGMENT_BYTES = 16 * 2**20
"""In memory; as Parquet about a quarter. A segment of half of it is full: it is not merged any more."""
FAN_IN = 16
"""Segments of a writer that become one, sixteen of which become one: a line is written about three times in all."""
QUIET_S = 600.0
"""A writer that has written nothing so long before the last segment of all is taken to have ended."""


class SegmentWriter:
    """One writer's part of a folder: it writes segments and merges those of its own that are small."""

    def __init__(self, folder: Path, layout: Layout, writer: str) -> None:
        self.folder, self.layout, self.writer = folder, layout, writer
        self.n_written = 0
        self._tiers: list[list[tuple[Path, int]]] = []

    def append(self, table: pa.Table) -> Path:
        """Write the lines; when this returns they are on disk."""
        path = self.write(table)
        self._note(path, table.nbytes, tier=0)
        return path

    def write(self, table: pa.Table, replaces: Sequence[str] = ()) -> Path:
        """Write one segment."""
        path = segment_path(self.folder, self.writer, self.n_written)
        self.n_written += 1
        write_segment(table, path, replaces)
        return path

    def finish(self) -> None:
        """Merge what is small and left."""
        left = [one for tier in reversed(self._tiers) for one in tier]
        self._tiers = []
        for batch in batches(left):
            self.merge(batch)

    def merge(self, paths: Sequence[Path]) -> tuple[Path, int] | None:
        """Put the lines of several segments into one; returns it and its bytes. One that is gone was merged by another writer.

        Raises:
            SamplingError: a segment is damaged; nothing is removed.
        """
        tables, replaced = [], list[str]()
        for path in paths:
            with suppress(VanishedSegmentError), open_segment(path, self.layout.schema) as file:
                tables.append(file.read(use_threads=False).select(self.layout.schema.names))
                replaced += [path.name, *contents_of(file).replaces]
        if len(tables) < 2:
            return None
        table = self.layout.unique(pa.concat_tables(tables)).combine_chunks()
        path = self.write(table, replaced)
        for name in replaced:
            (self.folder / name).unlink(missing_ok=True)
        return path, table.nbytes

    def _note(self, path: Path, nbytes: int, tier: int) -> None:
        """Remember a segment; where there are enough of its tier, merge them. What cannot be merged stays as it is, whole and found."""
        if is_full(nbytes):
            return
        self._tiers += [[]] if tier == len(self._tiers) else []
        members = self._tiers[tier]
        members.append((path, nbytes))
        if len(members) < FAN_IN and sum(size for _, size in members) < SEGMENT_BYTES:
            return
        self._tiers[tier] = []
        with suppress(OSError, SamplingError):
            if merged := self.merge([path for path, _ in members]):
                self._note(*merged, tier=tier + 1)


def compact(index: SegmentIndex, writer: SegmentWriter, only_quiet: bool = False) -> None:
    """Merge the small segments of all writers, or of those that have ended, and remove what a killed one had merged.

    Raises:
        SamplingError: a segment is damaged.
        OSError: the folder cannot be written.
    """
    index.refresh()
    for path in index.replaced:
        path.unlink(missing_ok=True)
    small = small_segments(index)
    ended = ended_writers(list(index.segments)) if only_quiet else {writer_of(path) for path, _ in small}
    for batch in batches([(path, nbytes) for path, nbytes in small if writer_of(path) in ended]):
        writer.merge(batch)
    index.refresh()


def small_segments(index: SegmentIndex) -> list[tuple[Path, int]]:
    """The segments that are to be merged and their bytes, by writer and number. Those of earlier releases stay: their names were used
    again."""
    sizes = [(path, contents.nbytes) for path, contents in sorted(index.segments.items())]
    return [(path, nbytes) for path, nbytes in sizes if nbytes is not None and not is_full(nbytes)]


def ended_writers(paths: Sequence[Path]) -> set[str]:
    """The writers that are quiet, by the file system's clock alone. A wrong answer, where that jumped, costs work and no line."""
    newest: dict[str, float] = {}
    for path in paths:
        with suppress(FileNotFoundError):
            newest[writer_of(path)] = max(newest.get(writer_of(path), 0.0), path.stat().st_mtime)
    last = max(newest.values(), default=0.0)
    return {writer for writer, written in newest.items() if last - written > QUIET_S}


def batches(segments: Sequence[tuple[Path, int]]) -> list[list[Path]]:
    """Segments in their order, as many together as make a full one."""
    made, size = list[list[Path]](), SEGMENT_BYTES
    for path, nbytes in segments:
        if size + nbytes > SEGMENT_BYTES:
            made.append([])
            size = 0
        made[-1].append(path)
        size += nbytes
    return made


def is_full(nbytes: int) -> bool:
    """Whether a segment of so many bytes is merged no more."""
    return 2 * nbytes >= SEGMENT_BYTES
