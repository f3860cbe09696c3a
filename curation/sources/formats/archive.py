"""Zip and tar archives as folders that can only be read: an index of their plain files, opened one at a time, nothing ever extracted.

Refused, each with its reason, are links, devices, encrypted files, archives in the archive, names that leave it (`../x`, `/x`) and names
that several members have. Tars one behind the other are one. A compressed tar is spooled to a temporary file once per process, so that its
members can be sought.
"""

import io
import posixpath
import stat
import struct
import tarfile
import weakref
import zipfile
from abc import ABC, abstractmethod
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from curation.core.errors import SourceError, first_line
from curation.sources.formats.limits import MAX_DIRECTORY_BYTES, MAX_MEMBERS, MAX_RATIO, RATIO_FREE_BYTES
from curation.sources.formats.record import TruncatedError
from curation.sources.formats.streams import (
    DECODER_ERRORS,
    HEAD_BYTES,
    Guarded,
    Reader,
    is_compressed,
    open_plain,
    spool,
    unpacked,
)

_NESTED = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar")
_BLOCKS = 1 << 11
"""Blocks of a tar that are looked through at once."""
SEPARATOR = "!/"
"""Between an archive and what is meant in it: `set.zip!/train/*.json`."""


class Archive(ABC):
    """The plain files of an archive. `refused` says why of those that are not read; `cut` what was wrong where it ends early."""

    def __init__(self, path: Path) -> None:
        self.path, self.refused, self.cut = path, dict[str, str](), ""
        self._members: dict[str, Any] = {}

    @property
    def names(self) -> list[str]:
        """Names of the files that can be opened, sorted."""
        return sorted(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    @abstractmethod
    def open_packed(self, name: str) -> tuple[io.RawIOBase, int]:
        """A file's bytes as they were put in, and what they take in the archive; KeyError where there is none."""

    @abstractmethod
    def size_of(self, name: str) -> int:
        """Bytes of a file; KeyError where there is none."""

    def open(self, name: str, encoding: str = "") -> io.BufferedReader:
        """A file's plain bytes (see `streams.open_plain`)."""
        raw, packed_bytes = self.open_packed(name)
        return open_plain(raw, f"{self.path}{SEPARATOR}{name}", packed_bytes, encoding)

    def _take_in(self, name: str, refused: str, member: Any) -> None:
        """Keep a member under its normal name, or why it is refused; of several with one name none, as nothing says which is meant."""
        unsafe = _unsafe(name)
        name = name if unsafe else posixpath.normpath(name)
        if name in self._members or name in self.refused:
            self._members.pop(name, None)
            self.refused[name] = "the name of several members"
        elif refused or unsafe:
            self.refused[name] = refused or unsafe
        else:
            self._members[name] = member

    def _check_count(self, count: int) -> None:
        if count > MAX_MEMBERS:
            raise SourceError(f"{self.path} has more than {MAX_MEMBERS} members; expected fewer, in several archives")


class ZipArchive(Archive):
    """A zip file, by its directory."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        _check_directory(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except DECODER_ERRORS as error:
            raise SourceError(f"{path} is not a valid zip archive: {first_line(error)}") from error
        infos = self._zip.infolist()
        self._check_count(len(infos))
        files = [info for info in infos if not info.is_dir()]
        expanded, size = sum(info.file_size for info in files), path.stat().st_size
        if expanded > max(RATIO_FREE_BYTES, MAX_RATIO * size):
            raise SourceError(f"{path} expands its {size} bytes to {expanded}: a decompression bomb?")
        for info in files:
            self._take_in(info.filename, _zip_refusal(info), info)

    def size_of(self, name: str) -> int:
        return int(self._members[name].file_size)

    def open_packed(self, name: str) -> tuple[io.RawIOBase, int]:
        info, where = self._members[name], f"{self.path}{SEPARATOR}{name}"
        try:
            return Guarded(self._zip.open(info), where, info.compress_size), info.compress_size
        except (*DECODER_ERRORS, EOFError) as error:
            raise SourceError(f"{where} cannot be expanded: {first_line(error)}") from error


class TarArchive(Archive):
    """A tar file, by an index of where its members begin."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        file = path.open("rb")
        self._file: IO[bytes] = file
        if is_compressed(file.peek(HEAD_BYTES)):
            with file:
                self._file, self.cut = spool(unpacked(file, str(path), path.stat().st_size), str(path))
        weakref.finalize(self, self._file.close)
        self._size = self._file.seek(0, io.SEEK_END)
        self._file.seek(0)
        try:
            self._index()
        except (*DECODER_ERRORS, EOFError) as error:
            if isinstance(error, SourceError):
                raise
            self.cut = self.cut or f"{path} is truncated or damaged: {first_line(error)}"
        if self.cut and not self._members:
            raise TruncatedError(self.cut)

    def _index(self) -> None:
        start: int | None = 0
        count = 0
        while start is not None:
            self._file.seek(start)
            with tarfile.open(fileobj=self._file, mode="r:") as tar:
                while (member := tar.next()) is not None:
                    tar.members.clear()  # type: ignore[attr-defined]  # it would remember every one
                    self._check_count(count := count + 1)
                    if member.isdir() or (
                        member.islnk() and member.linkname == member.name
                    ):  # a file that `tar` was given twice
                        continue
                    refused = _tar_refusal(member)
                    if not refused and member.offset_data + member.size > self._size:
                        raise tarfile.ReadError(f"it ends inside {member.name!r}")
                    self._take_in(member.name, refused, (member.offset_data, member.size))
                start = self._behind_end(tar.offset)

    def _behind_end(self, end: int) -> int | None:
        """Where the next tar begins behind the end mark of one; None where zeros alone follow.

        Raises:
            ReadError: there is no end mark.
        """
        self._file.seek(end)
        if (block := self._file.read(HEAD_BYTES)).strip(b"\0") or not block:  # tarfile takes both for the end
            raise tarfile.ReadError(f"no valid header and no end at byte {end}")
        place = end + len(block)
        while chunk := self._file.read(_BLOCKS * HEAD_BYTES):
            if rest := chunk.lstrip(b"\0"):
                return place + (len(chunk) - len(rest)) // HEAD_BYTES * HEAD_BYTES
            place += len(chunk)
        return None

    def size_of(self, name: str) -> int:
        return int(self._members[name][1])

    def open_packed(self, name: str) -> tuple[io.RawIOBase, int]:
        start, size = self._members[name]
        return _Slice(self, self._file, start, size), size


class _Slice(Reader):
    """A part of a file that others read, too. It holds its `archive`, which closes the file when it is collected."""

    def __init__(self, archive: TarArchive, file: IO[bytes], start: int, size: int) -> None:
        super().__init__()
        self.archive, self.file, self.place, self.end = archive, file, start, start + size

    def take(self, n: int) -> bytes:
        self.file.seek(self.place)
        data = self.file.read(min(n, self.end - self.place))
        self.place += len(data)
        return data


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or tar archive, compressed tars included, by its content.

    Raises:
        SourceError: it cannot be read.
    """
    return _kind(path) is not None


def open_archive(path: Path) -> Archive:
    """The archive, indexed once per process as long as the file stays the same.

    Raises:
        SourceError: no archive, damaged, too many members, a bomb.
    """
    status = path.stat()
    return _open_archive(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=32)
def _open_archive(path: Path, size: int, changed: int) -> Archive:
    kind = _kind(path)
    if kind is None:
        raise SourceError(f"{path} is neither a zip nor a tar archive")
    return kind(path)


def split_place(place: str | Path) -> tuple[Path, str] | None:
    """(archive, name in it) of `set.zip`, `set.zip!/train`; None where the place is no archive."""
    whole = str(place)
    outer, separator, inner = whole.partition(SEPARATOR)
    if separator and Path(outer).is_file():
        return Path(outer), inner.strip("/")
    return (Path(whole), "") if Path(whole).is_file() else None


def _kind(path: Path) -> type[ZipArchive] | type[TarArchive] | None:
    try:
        with path.open("rb", buffering=0) as file:
            head = file.read(HEAD_BYTES)
            if head.startswith((b"PK\3\4", b"PK\5\6")):
                return ZipArchive
            if is_compressed(head):
                file.seek(0)
                head = unpacked(file, str(path), path.stat().st_size).read(HEAD_BYTES)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror or error}") from error
    except SourceError:
        return None  # damaged: its reader says how
    return TarArchive if head[257:262] == b"ustar" else None


def _unsafe(name: str) -> str:
    if name.startswith("/") or name[1:2] == ":":
        return "an absolute name"
    if ".." in name.replace("\\", "/").split("/"):
        return "a name that leaves the archive"
    if "\0" in name or "\\" in name:
        return "a name with a NUL or a backslash"
    return "an archive inside the archive" if name.lower().endswith(_NESTED) else ""


def _zip_refusal(info: zipfile.ZipInfo) -> str:
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link"
    if "\0" in getattr(info, "orig_filename", ""):
        return "a name with a NUL or a backslash"
    return "encrypted" if info.flag_bits & 1 else ""


def _tar_refusal(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return "a link"
    return "" if member.isreg() and not member.issparse() else "not a plain file"


def _check_directory(path: Path) -> None:
    """Refuse a directory that `zipfile` would read into more memory than there is; it is before the last 22 bytes (or the comment).

    The end record holds its size, at 12; where that is FFFFFFFF, the zip64 end record before it does, at 40. Both are read by hand:
    `zipfile` has already read the directory when it could be asked.
    """
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - (1 << 16) - 100, 0))
        tail = file.read()
    end, end64 = tail.rfind(b"PK\5\6"), tail.rfind(b"PK\6\6")
    size = struct.unpack_from("<L", tail, end + 12)[0] if 0 <= end <= len(tail) - 22 else 0
    if 0 <= end64 <= len(tail) - 56:
        size = max(struct.unpack_from("<Q", tail, end64 + 40)[0], 0 if size == 0xFFFFFFFF else size)
    if 0xFFFFFFFF > size > MAX_DIRECTORY_BYTES or (size > MAX_DIRECTORY_BYTES and end64 >= 0):
        raise SourceError(f"{path} has a directory of {size} bytes, limit {MAX_DIRECTORY_BYTES}")
