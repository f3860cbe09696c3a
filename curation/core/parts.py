"""The parts of a stage and the tasks that do them.

A part is what the data determine: a file of rows, a piece of a source, a shard. A task is what the machine determines: a process, a job of
Slurm, a worker of Ray. Task `rank` of `n` does the parts `rank`, `rank + n`, `rank + 2 n` and so on, one after the other; every part leaves
files of its own, named by its number, and then a mark that lists them. So neither the bytes nor what a rerun finds done depend on how many
tasks there are.
"""

import json
import shutil
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Protocol

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core import attempts, errors
from curation.core.errors import BuildError, CurationError
from curation.core.file_records import FileRecord, recording
from curation.core.parquet import write_text

DONE = "parts"
"""In a stage's folder: a file for every part that is done, with the record of all that it wrote there."""
FAILED = "failed"
"""In a stage's folder: of every task that failed why."""


MOST_PARTS = 10**5
"""Files are named by their parts in five digits, and read in the order of their names."""


class Work(Protocol):
    """What a task needs to know, small enough to be sent to it."""

    @property
    def folder(self) -> Path: ...

    @property
    def n_parts(self) -> int: ...

    def part_sizes(self) -> Sequence[float]: ...

    def start(self) -> Callable[[], None]:
        """Say what its parts are done for. What is returned raises `BuildError` once they are done for something else."""
        ...

    def steps(self) -> list[PipelineStep]: ...


class DoParts(PipelineStep):  # type: ignore[misc]
    """The one step of every task: it does the parts of its rank that are not done, each through all steps of the stage.

    The steps are made once a task, so what they load (a model, an index) serves all of its parts; one that has a `close` is closed then.
    """

    type, name = "task", "parts"

    def __init__(self, work: Work, attempt: int = 0) -> None:
        super().__init__()
        self.work, self.attempt = work, attempt

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        attempts.begin(self.attempt)
        check_start = self.work.start()
        if parts := parts_of(rank, world_size, left(self.work.folder, self.work.n_parts)):
            with ExitStack() as closing:
                steps = self.work.steps()
                for step in steps:
                    closing.callback(getattr(step, "close", lambda: None))
                for part in parts:
                    self._do(part, steps, check_start)
                    self.stat_update("parts")
        yield from ()

    def _do(self, part: int, steps: list[PipelineStep], check_start: Callable[[], None]) -> None:
        documents: Any = None
        with recording() as files:
            for step in steps:
                documents = step(documents, part, self.work.n_parts)
            deque(documents or (), maxlen=0)
        check_start()
        mark(self.work.folder, part, files)


def checked(n_parts: int, folder: Path) -> int:
    """The number of parts.

    Raises:
        BuildError: there are more than five digits can name, and rows would come out of order.
    """
    if n_parts > MOST_PARTS:
        raise BuildError(
            f"{folder.name}: got {n_parts:,} parts, expected at most {MOST_PARTS:,}; put several files of a source"
            " together, or give `rows_per_shard` a larger number"
        )
    return n_parts


def mark(folder: Path, part: int, files: Mapping[Path, FileRecord]) -> None:
    """Mark a part as done; of the files that it wrote those in the stage's folder are listed."""
    listed = {path.relative_to(folder).as_posix(): of for path, of in files.items() if path.is_relative_to(folder)}
    write_text(folder / DONE / f"{part:05d}", json.dumps(listed))


def unmark(folder: Path, parts: Iterable[int]) -> None:
    """Let parts be done again."""
    for part in parts:
        (folder / DONE / f"{part:05d}").unlink(missing_ok=True)


def marked_files(folder: Path) -> dict[str, tuple[int, FileRecord]]:
    """File -> the part that wrote it and what it was then. A part whose mark is damaged is no longer done."""
    found: dict[str, tuple[int, FileRecord]] = {}
    for file in sorted((folder / DONE).glob("[0-9]*")):
        try:
            listed = json.loads(file.read_text())
            found |= {name: (int(file.name), FileRecord(*record)) for name, record in listed.items()}
        except (ValueError, TypeError, AttributeError):
            file.unlink()
    return found


def left(folder: Path, n_parts: int) -> list[int]:
    """The parts that are not done."""
    done = {mark.name for mark in (folder / DONE).glob("*")}
    return [part for part in range(n_parts) if f"{part:05d}" not in done]


def refresh(folder: Path) -> None:
    """Write into a folder, so that a client of NFS asks its server anew for what others have put there."""
    with suppress(OSError):
        (folder / ".look.tmp").touch()
        (folder / ".look.tmp").unlink()


def parts_of(rank: int, tasks: int, parts: Collection[int]) -> list[int]:
    """Those of `parts` that a task does.

    >>> parts_of(1, 2, [0, 1, 3, 4])
    [1, 3]
    """
    return [part for part in parts if part % tasks == rank]


def largest_first(tasks: int, parts: Collection[int], sizes: Sequence[float]) -> list[int]:
    """The tasks that do some parts, those with the most to do first.

    >>> largest_first(2, [0, 1, 3], [5, 1, 1, 8]), largest_first(2, [0, 1, 3], [])
    ([1, 0], [0, 1])
    """
    to_do = {rank: parts_of(rank, tasks, parts) for rank in sorted({part % tasks for part in parts})}
    if len(sizes) <= max(parts, default=0):  # not known
        return list(to_do)
    return sorted(to_do, key=lambda rank: -sum(sizes[part] for part in to_do[rank]))


def is_done(folder: Path, part: int) -> bool:
    """Whether a part is done."""
    return (folder / DONE / f"{part:05d}").exists()


def keep_failure(folder: Path, rank: int, error: BaseException) -> None:
    """Leave why a task failed, for the build, which may run on another machine."""
    record = {"kind": type(error).__name__, "message": str(error), "is_message": isinstance(error, CurationError)}
    write_text(folder / FAILED / f"{rank:05d}.json", json.dumps(record))


def failure(folder: Path) -> CurationError | None:
    """Why the first of the tasks failed that left word of it, as it was raised."""
    for file in sorted((folder / FAILED).glob("*.json")):
        record = json.loads(file.read_text())
        if record["is_message"]:
            return getattr(errors, record["kind"], BuildError)(record["message"])
        detail = f"{record['kind']}: {record['message']}"
        return BuildError(f"{folder.name}: task {int(file.stem)} failed with {detail}; traceback in {folder}/logs")
    return None


def forget_failures(folder: Path) -> None:
    shutil.rmtree(folder / FAILED, ignore_errors=True)
