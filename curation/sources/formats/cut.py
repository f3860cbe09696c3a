"""A large file is read in pieces, each by itself: lines of JSON Lines by their bytes, rows of Parquet and Arrow by their numbers.

Where a file is cut depends on its bytes alone. It is cut only where no record can reach over the cut, so that the pieces together give
what the whole gives, in the same order and under the same numbers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from curation.core.errors import SourceError
from curation.sources.formats.json_text import BOM
from curation.sources.formats.streams import has_wide_mark, is_compressed

_BLOCK = 4 << 20
_MOST_PIECES = 8
"""Of one row group, which a piece decodes from its beginning."""
Starts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PartSize:
    """How large a part may be; the first limit that is met ends it."""

    bytes: int = 64 << 20
    """In the files as they are stored."""
    rows: int = 20_000


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of a file: bytes [start, stop) of its lines, or rows [start, stop); `before` rows or lines are in front of its `n`."""

    start: int
    stop: int
    before: int
    n: int

    def check(self, n: int, where: str) -> None:
        """Raise SourceError where a reader has found another number of rows or lines."""
        if n != self.n:
            raise SourceError(
                f"{where} changed while it was read: got {n} rows behind row {self.before}, expected {self.n}"
            )


def can_be_cut(path: Path) -> bool:
    """Whether the places in a file are those of its plain bytes: neither compressed nor in UTF-16 or UTF-32."""
    with path.open("rb") as file:
        head = file.read(10)
    return not (is_compressed(head) or has_wide_mark(head))


def line_cuts(path: Path, size: PartSize) -> list[Cut]:
    """The pieces of JSON Lines. None where a line begins with anything but an object's first key: it may belong to the line before."""
    cuts, start, before, count, end = list[Cut](), 0, 0, 0, path.stat().st_size
    with path.open("rb") as file:
        for starts in _line_starts(file):
            if starts is None:
                return []
            starts = starts[starts < end]  # behind the last line end begins none
            while (at := _first_over(starts, start + size.bytes, before - count, size.rows)) < len(starts):
                cuts.append(Cut(start, int(starts[at]), before, count + at - before))
                start, before = int(starts[at]), count + at
            count += len(starts)
    return [*cuts, Cut(start, end, before, count - before)]


def _first_over(starts: Starts, byte: int, line: int, rows: int) -> int:
    """The place of the first line start at `byte` or `rows` lines behind `line`, whichever comes first, but behind `line`."""
    return max(line + 1, min(int(np.searchsorted(starts, byte)), line + rows))


def _line_starts(file: IO[bytes]) -> Iterator[Starts | None]:
    """Where lines begin, block by block; None where one begins neither an object with its first key nor is empty."""
    head = file.read(len(BOM))
    data, offset = (
        (b"\n", len(BOM) - 1) if head == BOM else (b"\n" + head, -1)
    )  # as if a line ended in front of the first
    while block := file.read(_BLOCK):
        data += block
        ends = _line_ends(data)
        yield _starts(data, ends[ends + 2 < len(data)], offset)
        data, offset = data[-2:], offset + len(data) - 2
    yield _starts(data + b"\n\n", _line_ends(data), offset)


def _line_ends(data: bytes) -> Starts:
    return np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))


def _starts(data: bytes, ends: Starts, offset: int) -> Starts | None:
    text = np.frombuffer(data, np.uint8)
    first, second = text[ends + 1], text[ends + 2]
    is_object = (first == ord("{")) & (second == ord('"'))
    is_blank = (first == ord("\n")) | ((first == ord("\r")) & (second == ord("\n")))
    return ends + 1 + offset if bool((is_object | is_blank).all()) else None


def row_cuts(groups: Iterable[tuple[int, int]], size: PartSize) -> list[Cut]:
    """The pieces of a file whose row groups or batches have so many (rows, bytes).

    >>> [(cut.start, cut.stop) for cut in row_cuts([(3, 10), (3, 10), (9, 10)], PartSize(bytes=100, rows=5))]
    [(0, 6), (6, 11), (11, 15)]
    """
    cuts, start, end, n_bytes = list[Cut](), 0, 0, 0

    def close(stop: int) -> None:
        nonlocal start, n_bytes
        if stop > start:
            cuts.append(Cut(start, stop, start, stop - start))
        start, n_bytes = stop, 0

    for rows, stored in groups:
        pieces = min(max(ceil(rows / size.rows), ceil(stored / size.bytes), 1), _MOST_PIECES)
        if rows and pieces > 1:
            for stop in range(end, end + rows, ceil(rows / pieces)):
                close(stop)
        end, n_bytes = end + rows, n_bytes + stored
        if end - start >= size.rows or n_bytes >= size.bytes:
            close(end)
    close(end)
    return cuts
