"""The files beside the shards - stages, evidence, ledger, lock: there, readable, and as the build left them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curation.build.files import FILES
from curation.build.publish import LISTED
from curation.commands.check.base import Finding, Looked, Said, Skipped
from curation.commands.check.subject import Subject
from curation.core.file_records import digest_of_file

AGAIN = "copy or build the file again"


def files_beside(subject: Subject) -> Iterator[Said]:
    """What is wrong with them. Those of which no digest is recorded have to be readable."""
    recorded: dict[str, str] = {}
    if (subject.path / FILES).exists():
        yield from _read(subject, FILES, recorded)
        yield Looked(len(recorded), "other files")
    elif subject.dataset.is_build:
        yield Skipped(f"the files of the stages, their bytes: there is no {FILES}, as of an earlier version")
    published: dict[str, str] = {}
    if not recorded and (subject.path / LISTED).exists():
        yield from _read(subject, LISTED, published)
    others = {
        path.relative_to(subject.path).as_posix()
        for place in ("*.parquet", "stages/*.json")
        for path in subject.path.glob(place)
    }
    for name in sorted({*recorded, *published, *others} - {FILES.as_posix(), LISTED.as_posix()} | recorded.keys()):
        if what := _fault(subject, subject.path / name, recorded.get(name, "")):
            yield Finding(name, what, AGAIN)


def _read(subject: Subject, name: Path, into: dict[str, str]) -> Iterator[Finding]:
    """The names of files that a record has, with their digests or without."""
    try:
        found = json.loads((subject.path / name).read_text(encoding="utf-8"))
        into.update(found if isinstance(found, dict) else dict.fromkeys(found, ""))
    except (OSError, ValueError, TypeError) as error:
        subject.broken.add(subject.path / name)
        yield Finding(name.as_posix(), f"cannot be read: {_words(error)}", AGAIN)


def _fault(subject: Subject, path: Path, digest: str) -> str:
    """What is wrong with one file; empty where nothing is."""
    if not path.is_file():
        subject.broken.add(path)
        return "is missing; the build has left it"
    if digest and digest_of_file(path) == digest:
        return ""
    if why := unreadable(path):
        subject.broken.add(path)
        return why
    if digest:
        subject.changed.add(path)
        return "is not as the build left it: it has another digest"
    return ""


def unreadable(path: Path, *, to_the_end: bool = False) -> str:
    """Why a file cannot be read, by its ending; empty where it can. Of Parquet the footer is looked at, or all of it."""
    try:
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".parquet":
            with pq.ParquetFile(path) as file:
                for _ in file.iter_batches(100) if to_the_end else ():
                    pass
    except (pa.ArrowException, OSError) as error:
        return f"is no whole Parquet file: {_words(error)}"
    except ValueError as error:
        return f"is no JSON: {_words(error)}"
    return ""


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
