"""Find the files of a source, on disk and in archives, and recognise their format by content.

data/*.json                 files on disk; `**` goes through folders, a folder that links lead to twice is read once
data                        a folder: every file below it whose name ends like data, and archives that hold such files
data/set.zip                every file of the archive whose name ends like data: .json, .jsonl, .csv, .tsv, .parquet, .arrow
data/*.tar!/train/**/*.txt  the members whose names match
"""

import glob
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from curation.core.errors import SourceError
from curation.sources.formats.archive import SEPARATOR, is_archive, open_archive
from curation.sources.formats.json_text import BOM
from curation.sources.formats.json_values import DoubledKeyError, TooManyValuesError, decode
from curation.sources.formats.patterns import fixed_part, is_hidden, matches, matching_paths, split_pattern
from curation.sources.formats.record import TruncatedError
from curation.sources.formats.streams import HEAD_BYTES, is_compressed, open_plain, spool

Format = Literal["json", "jsonl", "csv", "parquet", "arrow"]

_HEAD_BYTES = 16 << 20
"""A first line longer than this is a JSON file on one line, not JSON Lines."""
_CHUNK = 1 << 16
_LINE_SUFFIXES = (".jsonl", ".ndjson", ".jsonlines")
_TABLE_SUFFIXES = (".csv", ".tsv")
_BINARY_SUFFIXES = (".parquet", ".arrow", ".feather")
_DATA_SUFFIXES = (".json", *_LINE_SUFFIXES, *_TABLE_SUFFIXES, *_BINARY_SUFFIXES)
_NO_DATA = {
    b"version https://git-lfs": "a pointer of Git LFS, not the file it stands for; fetch that with `git lfs pull`",
    b"<!doctype html": "a web page, expected data; was it saved from a link to a page about it?",
    b"<html": "a web page, expected data; was it saved from a link to a page about it?",
    b"<?xml": "XML; expected JSON, JSON Lines, CSV, Parquet or Arrow",
}
_ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz")
_ABOUT = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")
"""What `datasets` writes about the data, beside it."""
_OPEN = (b"{", b"[", b"[{")
"""A line that begins a value over several lines."""
_PACKED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of records: `path` on disk, or `member` of the archive there. `problem` says why it cannot be read: (reason, detail)."""

    name: str
    """To show: relative to the fixed part of the pattern."""
    path: Path
    member: str = ""
    problem: tuple[str, str] | None = None
    encoding: str = ""
    """Of its text, where it is neither UTF-8 nor begins with a byte order mark."""

    def __str__(self) -> str:
        return f"{self.path}{SEPARATOR}{self.member}" if self.member else str(self.path)

    @property
    def folder(self) -> Path:
        """What it is in: a folder, an archive, or a folder of one as `set.zip!/folder`."""
        return (Path(str(self)).parent if "/" in self.member else self.path) if self.member else self.path.parent

    @property
    def n_bytes(self) -> int:
        """What it takes on disk, or, of an archive's member, its bytes; 0 of one that cannot be read."""
        if self.problem:
            return 0
        return open_archive(self.path).size_of(self.member) if self.member else self.path.stat().st_size

    @property
    def suffix(self) -> str:
        """The extension that names the format, that of a compression left off."""
        name = PurePosixPath(self.member or self.path)
        return (PurePosixPath(name.stem) if name.suffix.lower() in _PACKED_SUFFIXES else name).suffix.lower()

    def open(self) -> BufferedReader:
        """Its plain bytes as a stream (see `streams.open_plain`)."""
        if self.member:
            return open_archive(self.path).open(self.member, self.encoding)
        return open_plain(self.path.open("rb", buffering=0), str(self.path), self.path.stat().st_size, self.encoding)

    @contextmanager
    def seekable(self) -> Iterator[Path | IO[bytes]]:
        """Its plain bytes where they can be sought in: the file itself, or a temporary copy.

        Raises:
            TruncatedError, SourceError: as `open`.
        """
        with ExitStack() as stack:
            if not self.member and not is_compressed(_head(self.path)):
                yield self.path
                return
            copy, cut = spool(stack.enter_context(replace(self, encoding="").open()), str(self))
            stack.enter_context(copy)
            if cut:
                raise SourceError(cut)
            yield copy


def find_files(patterns: Sequence[str]) -> list[tuple[str, Path, str]]:
    """(name to show, path, pattern inside it) of every file on disk that a pattern matches, in the order of the patterns, then by name.

    Raises:
        SourceError: a pattern matches no file.
    """
    names: dict[tuple[Path, str], str] = {}
    for pattern in patterns:
        outer, inner = split_pattern(pattern)
        if os.path.isfile(outer):  # its name may have brackets
            base, paths = Path(outer).parent, [Path(outer)]
        elif not glob.has_magic(outer) and os.path.isdir(outer):
            base, paths = Path(outer), _below(outer)
            if not paths:
                raise SourceError(f"{outer!r} holds no data: no file below it ends in {', '.join(_DATA_SUFFIXES)}")
        else:
            base = fixed_part(outer)
            paths = sorted(Path(name) for name in matching_paths(outer) if os.path.isfile(name))
        if not paths:
            what = "no file matches" if glob.has_magic(outer) else "no such file:"
            folders = " (only folders do; a folder is named without a glob)" if any(matching_paths(outer)) else ""
            raise SourceError(f"{what} {outer!r}{folders}")
        for path in paths:
            names.setdefault((path, inner), path.relative_to(base).as_posix())
    return [(_shown(name), path, inner) for (path, inner), name in names.items()]


def data_files(patterns: Sequence[str]) -> Iterator[DataFile]:
    """The data files of a source: those on disk, and the members of archives, sorted by name in each.

    A member that is refused (a link, a name that leaves the archive, an archive) comes with its `problem`.

    Raises:
        SourceError: a pattern matches nothing, or a damaged archive.
    """
    for name, path, inner in find_files(patterns):
        if inner or is_archive(path):
            yield from _members(name, path, inner)
        else:
            yield DataFile(name, path)


def sniff(file: DataFile) -> Format:
    """The format of a file, by its content; its extension decides only where the content allows several.

    Raises:
        SourceError: unreadable, empty, or no format that is known.
    """
    try:
        with replace(file, encoding="").open() as stream:
            head = stream.peek(8)[:8]
        if head.startswith(b"PAR1"):
            return "parquet"
        if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
            return "arrow"
        if head.startswith(b"PK\3\4"):
            raise SourceError(f"{file} is a zip archive; expected JSON, JSON Lines, CSV, Parquet or Arrow")
        with file.open() as stream:
            lines = _first_lines(stream)
    except OSError as error:
        raise SourceError(f"cannot read {file}: {error.strerror or error}") from error
    if not lines:
        raise SourceError(f"{file} is empty")
    return _sniff_text(file, lines)


def _members(name: str, path: Path, inner: str) -> Iterator[DataFile]:
    archive, any_matches = open_archive(path), False
    pattern, names = inner.split("/"), _names_in(path)
    for member in names:
        if not (matches(member.split("/"), pattern) if inner else _is_data(member)):
            continue
        any_matches, problem = True, None
        if member not in archive:
            problem = ("member_refused", f"{member!r} in {path} is {archive.refused[member]}")
        yield DataFile(_shown(f"{name}{SEPARATOR}{member}"), path, member, problem)
    if archive.cut:
        yield DataFile(_shown(name), path, problem=("truncated_file", archive.cut))
    elif not any_matches:
        expected = f"matches {inner!r}" if inner else f"ends in {', '.join(_DATA_SUFFIXES)}"
        has = ", ".join(names[:3]) or "nothing"
        raise SourceError(f"{path}: no member {expected}; it has {len(names)}: {has}")


def _below(folder: str) -> list[Path]:
    """The data files of a folder: by their names, and archives by what they hold; those of images alone are none."""
    names = [name for name in matching_paths(f"{glob.escape(folder)}/**/*") if os.path.isfile(name)]
    paths = sorted(Path(name) for name in names if Path(name).name not in _ABOUT and "__MACOSX" not in Path(name).parts)
    return [path for path in paths if _is_data(path.name) and (not _is_packed(path.name) or _holds_data(path))]


def _holds_data(path: Path) -> bool:
    return not is_archive(path) or any(_is_data(name) and not _is_packed(name) for name in _names_in(path))


def _names_in(path: Path) -> list[str]:
    """The names in an archive, those that are refused, too."""
    archive = open_archive(path)
    return sorted([*archive.names, *archive.refused])


def _is_data(name: str) -> bool:
    parts = name.split("/")
    if any(map(is_hidden, parts)):
        return False
    return _bare(parts[-1]).endswith((*_DATA_SUFFIXES, *_ARCHIVE_SUFFIXES))


def _is_packed(name: str) -> bool:
    return _bare(name).endswith(_ARCHIVE_SUFFIXES)


def _bare(name: str) -> str:
    """The name in small letters without the extensions of compressions."""
    name = name.lower()
    for suffix in _PACKED_SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def _sniff_text(file: DataFile, lines: list[bytes]) -> Format:
    first = lines[0].removeprefix(BOM).strip(b" \t\r,\x1e")
    begins = first[:1] in (b"{", b"[")
    if said := next((said for start, said in _NO_DATA.items() if first.lower().startswith(start)), ""):
        raise SourceError(f"{file} is {said}")
    if b"\0" in first[:2] and first.strip(b"\0"):
        raise SourceError(
            f"{file} starts with {first[:20]!r}; UTF-16 without a byte order mark? name its `encoding`: utf-16-le"
        )
    if file.suffix in _LINE_SUFFIXES:
        runs_on = begins and len(lines) > 1 and (first in _OPEN or not any(map(_is_json, lines)))
        return "json" if runs_on else "jsonl"
    if first.startswith((b"//", b"/*")) and file.suffix in (".json", ".json5", ".jsonc"):
        return "json"
    if not begins:
        if b"\0" in first or file.suffix in (".json", *_BINARY_SUFFIXES):
            raise SourceError(f"{file} starts with {first[:20]!r}; expected JSON, JSON Lines, CSV, Parquet or Arrow")
        return "csv"
    if file.suffix in _TABLE_SUFFIXES and not _is_json(first):
        return "csv"
    return "jsonl" if len(lines) > 1 and first.startswith(b"{") and _is_json(first) else "json"


def _shown(name: str) -> str:
    """A name as text that UTF-8 can hold; file systems and archives may hold others."""
    return name.encode(errors="backslashreplace").decode()


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _first_lines(file: BufferedReader) -> list[bytes]:
    """The first three lines that are not blank, of the first `_HEAD_BYTES`; what comes before a cut counts."""
    head, lines = bytearray(), list[bytes]()
    with suppress(TruncatedError):
        while len(lines) < 4 and len(head) < _HEAD_BYTES and (chunk := file.read1(_CHUNK)):
            head += chunk
            if b"\n" in chunk:
                lines = _not_blank(head)
    return _not_blank(head)[:3]


def _not_blank(head: bytearray) -> list[bytes]:
    return [line for line in bytes(head).split(b"\n", 50) if line.strip(b" \t\r\x1e\xef\xbb\xbf")]


def _is_json(line: bytes) -> bool:
    """Whether a line is an object or a list as a whole, in a dialect that is read."""
    text = line.removeprefix(BOM).strip(b" \t\r,\x1e")
    if not (text.startswith((b"{", b"[")) and text.endswith((b"}", b"]"))):
        return False
    try:
        return isinstance(decode(text), dict | list)
    except (DoubledKeyError, TooManyValuesError):
        return True
    except (ValueError, RecursionError):
        return False
