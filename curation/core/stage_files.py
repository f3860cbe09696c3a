"""The files of a stage: as they were when it was done, and what is done again where one of them is not so any more.

A file belongs to the part that wrote it, whose mark lists it; one that only the whole shows belongs to none: the stage is redone for it.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import xxhash

from curation.core.errors import BuildError
from curation.core.file_records import FileRecord, is_as_recorded, record_of
from curation.core.parquet import write_text
from curation.core.parts import DONE, FAILED, marked_files, unmark
from curation.core.passes import PASSES

Records = Mapping[str, FileRecord]
"""Name of a file, relative to the folder of its stage -> what it was."""
STARTED, FINISHED, BEGUN = "started.json", "done.json", "begun"
"""In its folder: what it was started for, and finished for; an empty file as old as the last start of its tasks."""
OF_THE_TASKS = frozenset(
    (STARTED, FINISHED, BEGUN, DONE, FAILED, PASSES, "progress", "running", "completions", "stats", "logs", "job", "check", "executor.json")
)  # fmt: skip
"""In its folder: what is about its tasks, and no row depends on."""


def read_record(path: Path) -> dict[str, Any]:
    """A small JSON file; empty where it is not there or damaged."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Finished:
    """What a stage that is done says of itself."""

    fingerprint: str
    """What it was finished for."""
    seconds: float
    """What it took."""
    files: Records
    read: str = ""
    """A digest of all that the stages before had left when it ran (see `left`)."""

    @cached_property
    def left(self) -> str:
        """A digest of all that it and the stages before have left: their bytes, whenever they were written."""
        files = sorted((name, record.digest) for name, record in self.files.items())
        return xxhash.xxh3_128_hexdigest(json.dumps([self.read, files]).encode())

    def write(self, folder: Path) -> None:
        """Into the folder of the stage, with a digest: a flipped bit would make another record of it."""
        fields = {name: getattr(self, name) for name in ("fingerprint", "seconds", "files", "read")}
        write_text(folder / FINISHED, json.dumps({**fields, "digest": _digest_of(fields)}))


NOT_DONE = Finished("", 0.0, {})


def read_finished(folder: Path) -> Finished:
    """The record of a stage; `NOT_DONE` where it is not there or damaged."""
    try:
        return _finished_of((folder / FINISHED).read_bytes())
    except OSError:
        return NOT_DONE


@lru_cache(maxsize=128)
def _finished_of(text: bytes) -> Finished:
    """The record in a file, which is asked for again and again."""
    try:
        record = json.loads(text)
        if record.pop("digest", "") != _digest_of(record):
            return NOT_DONE
    except (ValueError, AttributeError, TypeError):
        return NOT_DONE
    return Finished(**{**record, "files": {name: FileRecord(*values) for name, values in record["files"].items()}})


def _digest_of(record: Mapping[str, Any]) -> str:
    return xxhash.xxh3_128_hexdigest(json.dumps(record, sort_keys=True).encode())


def records(folder: Path, outside: Iterable[Path] = ()) -> dict[str, FileRecord]:
    """What a stage has left, in its folder and `outside` of it, for its record.

    Raises:
        BuildError: a file changed since its part was done; the part is forgotten.
    """
    of_parts = marked_files(folder)
    found: dict[str, FileRecord] = {}
    for path in sorted(_left(folder)):
        name = path.relative_to(folder).as_posix()
        part, record = of_parts.get(name, (None, None))
        if part is not None and record and not is_as_recorded(path, record):
            unmark(folder, [part])
            raise changed(path)
        found[name] = record or record_of(path)
    for path in outside:
        found[Path(os.path.relpath(path, folder)).as_posix()] = record_of(path)
    return found


def remove_partial(folder: Path) -> None:
    """Remove what killed processes were writing; none is writing any more."""
    for path in sorted(folder.rglob(".*.tmp")):
        path.unlink(missing_ok=True)


def changed(path: Path) -> BuildError:
    """A file changed while the build went on."""
    return BuildError(
        f"{path}: changed after the build wrote it; run the same command again, which makes this file once more"
    )


def _left(folder: Path) -> Iterator[Path]:
    for child in folder.iterdir():
        if child.name in OF_THE_TASKS or child.name.startswith("."):
            continue
        within = child.rglob("*") if child.is_dir() else [child]
        yield from (path for path in within if path.is_file() and not path.name.startswith("."))  # `.nfs0000...`


def differing(folder: Path, files: Records, thorough: bool = False) -> list[str]:
    """Those of the files that are not as they were."""
    return [name for name, record in files.items() if not is_as_recorded(folder / name, record, thorough)]


def forget_differing(folder: Path) -> list[str]:
    """Let nothing count as done that left a file which is not as it was, byte by byte; returns those that are there and differ.

    What a stage that was cut off has already put elsewhere is missing here, and is made once more.
    """
    of_parts = marked_files(folder)
    marked = {name: record for name, (_, record) in of_parts.items()}
    finished = read_finished(folder).files
    names = {
        name
        for name, record in {**marked, **finished}.items()
        if not is_as_recorded(folder / name, record, thorough=True)
    }
    for inner in (folder / PASSES).glob("*"):
        forget_differing(inner)
    there = sorted(name for name in names if name in finished or (folder / name).exists())
    if names - of_parts.keys():
        shutil.rmtree(folder)
    else:
        unmark(folder, {of_parts[name][0] for name in names})
    return there
