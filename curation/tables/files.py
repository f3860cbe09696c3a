"""Find the files of a source, tell their format by content, and digest them."""

import glob
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Literal

from curation.errors import SourceError

Format = Literal["json", "jsonl", "csv", "parquet", "arrow"]

_HEAD_BYTES = 16 << 20
"""A first line longer than this is a JSON file on one line, not JSON Lines."""
_LINE_SUFFIXES = (".jsonl", ".ndjson", ".jsonlines")
_TABLE_SUFFIXES = (".csv", ".tsv")
_REFUSED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "a zip archive", b"\xff\xfe": "UTF-16 text", b"\xfe\xff": "UTF-16 text"}


def find_files(patterns: Sequence[str]) -> list[tuple[str, Path]]:
    """(name to show, path) of every file that a pattern matches, in the order of the patterns, sorted by name within one.

    Raises:
        SourceError: a pattern matches no file.
    """
    found: dict[Path, str] = {}
    for pattern in patterns:
        base = _fixed_part(pattern)
        paths = sorted(Path(name) for name in glob.glob(pattern, recursive=True) if os.path.isfile(name))
        if not paths:
            what = "no file matches" if glob.has_magic(pattern) else "no such file:"
            raise SourceError(f"{what} {pattern!r}")
        for path in paths:
            found.setdefault(path, path.relative_to(base).as_posix())
    return [(name, path) for path, name in found.items()]


def sniff(path: Path) -> Format:
    """The format of a file, by its content; its extension decides only where the content allows several.

    Raises:
        SourceError: unreadable, empty, or no format that is known.
    """
    try:
        with path.open("rb") as file:
            head = file.read(8)
            for magic, what in _REFUSED.items():
                if head.startswith(magic):
                    raise SourceError(f"{path} is {what}; expected JSON, JSON Lines, CSV, Parquet or Arrow")
            if head.startswith(b"PAR1"):
                return "parquet"
            if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
                return "arrow"
            file.seek(0)
            lines = _first_lines(file)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error
    if not lines:
        raise SourceError(f"{path} is empty")
    return _sniff_text(path, lines)


def _sniff_text(path: Path, lines: list[bytes]) -> Format:
    first = lines[0].removeprefix(b"\xef\xbb\xbf").lstrip()
    suffix = path.suffix.lower()
    if suffix in _LINE_SUFFIXES:
        return "jsonl"
    if first[:1] not in (b"{", b"["):
        if b"\0" in first or suffix in (".json", ".parquet", ".arrow"):
            raise SourceError(f"{path} starts with {first[:20]!r}; expected JSON, JSON Lines, CSV, Parquet or Arrow")
        return "csv"
    if suffix in _TABLE_SUFFIXES and not _is_json(first):
        return "csv"
    return "jsonl" if len(lines) > 1 and _is_json(first) else "json"


def sha256_of(path: Path) -> str:
    """Hex digest of a file's bytes.

    Raises:
        SourceError: unreadable.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error


def folder_digest(root: Path) -> str:
    """Hex digest of the names and sizes of all files below a folder: cheap, and it sees a picture come, go or change size."""
    digest = hashlib.sha256()
    for folder, subfolders, names in os.walk(root):
        subfolders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            line = f"{path.relative_to(root).as_posix()}\0{path.stat().st_size if path.exists() else 'missing'}\n"
            digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


def _fixed_part(pattern: str) -> Path:
    """The folder that a glob starts from: its leading parts without magic."""
    parts = Path(pattern).parts[:-1]
    fixed: list[str] = []
    for part in parts:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return Path(*fixed)


def _first_lines(file: BinaryIO) -> list[bytes]:
    """The first two lines that are not blank, cut at `_HEAD_BYTES`."""
    lines: list[bytes] = []
    while len(lines) < 2:
        line = file.readline(_HEAD_BYTES)
        if not line:
            break
        if line.strip(b" \t\r\n\xef\xbb\xbf"):
            lines.append(line)
    return lines


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
