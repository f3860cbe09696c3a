"""A pass of a stage: what several engines do early, each for its parts, into a store that the stage then finds full.

A pass decides nothing. One that was cut off, or whose store was lost, costs time: the stage samples what it does not find.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.progress import TaskProgress
from curation.core.rows import Numbers

PASSES = "passes"
"""In a stage's folder: a folder for every pass."""
Fill = Callable[[int, TaskProgress], None]
"""Does a part, and reports on it."""


class FillStore(PipelineStep):  # type: ignore[misc]
    """The one step of a pass. What `begin` opens, a store or an engine, serves all parts of a task and is closed behind the last."""

    type, name = "pass", "store"

    def __init__(self, begin: Callable[[ExitStack], Fill], folder: Path) -> None:
        super().__init__()
        self._begin, self._progress = begin, folder / "progress"
        self._held = ExitStack()
        self._fill: Fill | None = None

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        if self._fill is None:
            self._fill = self._begin(self._held)
        progress = TaskProgress(self._progress, rank)
        self._fill(rank, progress)
        progress.clear()
        yield from ()

    def close(self) -> None:
        self._held.close()


def pieces_of(alike: Numbers, size: int) -> list[Numbers]:
    """The places of some things in pieces of about `size`; things with the same number in `alike` are in one piece. They are of like size,
    so that none is a few things alone.

    >>> [piece.tolist() for piece in pieces_of(np.array([0, 1, 2, 3, 0, 5]), 2)]
    [[0, 4], [1, 2], [3, 5]]
    """
    pieces = -(-len(alike) // size)
    _, which, counts = np.unique(alike, return_inverse=True, return_counts=True)
    piece_of = ((np.cumsum(counts) - counts) * pieces // max(len(alike), 1))[which]
    return [found for piece in range(pieces) if len(found := np.flatnonzero(piece_of == piece))]


def number_alike(names: Iterable[object]) -> Numbers:
    """Of every name the place where it comes first; None is like no other. Memory: a digest for each.

    >>> number_alike(["a", "b", "a", None, None]).tolist()
    [0, 1, 0, 3, 4]
    """
    first_of: dict[bytes, int] = {}
    digests = (None if name is None else blake2b(repr(name).encode(), digest_size=8).digest() for name in names)
    return np.array([i if one is None else first_of.setdefault(one, i) for i, one in enumerate(digests)], np.int64)
