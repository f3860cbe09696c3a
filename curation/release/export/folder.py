"""The folder that an export is written to: made beside its place, moved there when whole, in place of an earlier export of ours only."""

import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.core.errors import CurationError
from curation.core.parquet import AtomicParquetWriter, whole_file
from curation.release.export.images import image_name

MARK = "export.json"
"""The file that says what an export is of; a folder without it is not ours to replace."""


class Folder:
    """Where an exporter writes. Images are written once, by content."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        """The data set's name, safe as the name of a file, a package and a key."""

    def text(self, name: str, text: str) -> None:
        """A small text file; the folder appears whole, so it need not do so itself."""
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_bytes(text.encode())

    def json_lines(self, name: str, records: Iterable[Mapping[str, Any]]) -> None:
        """Records, one a line."""
        with whole_file(self.path / name) as file:
            for record in records:
                file.write(f"{json_line(record)}\n".encode())

    def parquet(self, name: str, schema: pa.Schema, records: Iterable[tuple[Mapping[str, Any], int]]) -> None:
        """Records, each with its rough size in bytes."""
        with AtomicParquetWriter(self.path / name, schema) as writer:
            for record, n_bytes in records:
                writer.write(record, n_bytes)

    def image(self, data: bytes) -> str:
        """Write an image; returns its path inside the folder, with `/`."""
        name = f"images/{image_name(data)}"
        if not (target := self.path / name).exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return name


def json_line(record: Mapping[str, Any]) -> str:
    """A record in one line for every reader: those that end lines where Unicode does, too.

    >>> json_line({"a": "é\\u2028b"})
    '{"a": "é\\\\u2028b"}'
    """
    line = json.dumps(record, ensure_ascii=False)
    return line.replace("\x85", "\\u0085").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@contextmanager
def replaced(out: Path, name: str) -> Iterator[Folder]:
    """A folder to write to, which takes the place of `out` when the block ends without an error.

    Raises:
        CurationError: there is something at `out` that no export wrote.
    """
    if out.exists() and not (out.is_dir() and ((out / MARK).is_file() or not any(out.iterdir()))):
        raise CurationError(f"{out}: there, and no earlier export (no {MARK} in it); give --out a new folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    building = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}.building")
    building.mkdir()
    try:
        yield Folder(building, name)
        old = building.with_suffix(".old")
        if out.exists():
            os.replace(out, old)
        os.replace(building, out)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(building, ignore_errors=True)
