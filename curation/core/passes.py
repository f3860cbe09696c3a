"""A pass of a stage: what several engines do early, each for its parts, into a store that the stage then finds full.

A pass decides nothing. One that was cut off, or whose store was lost, costs time: the stage samples what it does not find.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.progress import TaskProgress

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


def n_pieces(n: int, size: int) -> int:
    """In how many pieces of about `size` so many things are cut."""
    return -(-n // size)


def piece(n: int, number: int, pieces: int) -> slice:
    """Where one of the pieces of `n` things is; they are of like size, so that none is a few things alone.

    >>> [piece(10, number, 3) for number in range(3)]
    [slice(0, 3, None), slice(3, 6, None), slice(6, 10, None)]
    """
    return slice(n * number // pieces, n * (number + 1) // pieces)
