"""Files as streams of plain bytes: compression and UTF-16 are undone while reading, errors of decoders become ours, bombs are refused.

Nothing is expanded whole into memory; what needs seeking is spooled to an unnamed temporary file.
"""

import bz2
import codecs
import gzip
import io
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from curation.core.errors import CurationError, SourceError, first_line
from curation.sources.formats.limits import MAX_RATIO, MAX_SPOOL_BYTES, RATIO_FREE_BYTES
from curation.sources.formats.record import TruncatedError

HEAD_BYTES = 512
_CHUNK = 1 << 17
_ENCODINGS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""The longer marks first: those of UTF-16 begin them."""
DECODER_ERRORS = (
    OSError, RuntimeError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError,
)  # fmt: skip
"""What gzip, bz2, lzma, zipfile and tarfile raise on bytes that are not theirs; encrypted members are a RuntimeError."""


def _zstd(file: Any) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")


_COMPRESSIONS: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file, mode="rb"),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": _zstd,
}


def is_compressed(head: bytes) -> bool:
    return _decompressor(head) is not None


def has_wide_mark(head: bytes) -> bool:
    """Whether a text begins with the byte order mark of UTF-16 or UTF-32."""
    return head.startswith(tuple(_ENCODINGS))


def open_piece(path: Path, start: int, stop: int) -> io.BufferedReader:
    """Bytes [start, stop) of a file as a stream."""
    return io.BufferedReader(_Piece(path, start, stop), _CHUNK)


def open_plain(raw: io.RawIOBase, where: str, packed_bytes: int, encoding: str = "") -> io.BufferedReader:
    """The bytes of a file with one layer of compression undone, and UTF-16 or UTF-32 text as UTF-8.

    `packed_bytes` is what the file takes in all, for the limit of its expansion; `where` names it in errors. A text without a byte order
    mark is taken to be in `encoding`.

    Raises (while reading, too):
        TruncatedError: the compressed data ends early; what came before was returned.
        SourceError: damaged, compressed twice, or expanding out of proportion.
    """
    file = unpacked(raw, where, packed_bytes)
    head = file.peek(4)
    marked = "utf-8" if head.startswith(codecs.BOM_UTF8) else ""
    marked = next((name for mark, name in _ENCODINGS.items() if head.startswith(mark)), marked)
    encoding = "" if marked == "utf-8" else marked or encoding
    return io.BufferedReader(_Recoded(file, encoding, where)) if encoding else file


def unpacked(raw: io.RawIOBase | io.BufferedReader, where: str, packed_bytes: int) -> io.BufferedReader:
    """As `open_plain`, the text's encoding left as it is."""
    file: io.BufferedReader = io.BufferedReader(raw, _CHUNK)
    packed = file
    if decompressor := _decompressor(packed.peek(10)):
        file = io.BufferedReader(Guarded(decompressor(packed), where, packed_bytes, packed))
        if is_compressed(file.peek(10)):
            raise SourceError(f"{where} is compressed twice; expected once at most")
    return file


def spool(file: io.BufferedReader, where: str) -> tuple[IO[bytes], str]:
    """A temporary copy that can be sought in, gone when closed, and what was wrong where the source ended early, else ''.

    Raises:
        SourceError: larger than `MAX_SPOOL_BYTES`, damaged, or no space.
    """
    copy, size = tempfile.TemporaryFile(), 0  # noqa: SIM115 (the caller closes it)
    try:
        while chunk := file.read1(_CHUNK):
            size += len(chunk)
            if size > MAX_SPOOL_BYTES:
                raise SourceError(f"{where} expands to more than {MAX_SPOOL_BYTES >> 30} GiB")
            copy.write(chunk)
        cut = ""
    except TruncatedError as error:
        cut = str(error)
    except OSError as error:
        raise SourceError(f"{where} does not fit into {tempfile.gettempdir()}: {error.strerror or error}") from error
    copy.seek(0)
    return copy, cut


class Reader(io.RawIOBase):
    """A stream of what `take(n)` gives: at most n bytes, none at the end."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.take(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def take(self, n: int) -> bytes:
        raise NotImplementedError


class Guarded(Reader):
    """A decoder's output that ends in a clear line where the decoder fails or its output grows out of proportion.

    Closing it closes the decoder and the `packed` file below, which decoders leave open.
    """

    def __init__(self, inner: Any, where: str, packed_bytes: int, packed: io.BufferedReader | None = None) -> None:
        super().__init__()
        self.packed = packed
        self.inner, self.where, self.packed_bytes, self.count = inner, where, packed_bytes, 0

    def take(self, n: int) -> bytes:
        try:
            data: bytes = self.inner.read1(n)
        except CurationError:
            raise
        except EOFError as error:
            raise self._cut() from error
        except DECODER_ERRORS as error:
            if "Truncated" in str(error):  # pyarrow's zstd
                raise self._cut() from error
            at = f"cannot be expanded after {self.count} bytes"
            raise SourceError(f"{self.where} {at}: {first_line(error)}") from error
        self.count += len(data)
        if self.count > max(RATIO_FREE_BYTES, MAX_RATIO * self.packed_bytes):
            much = f"{self.packed_bytes} bytes more than {MAX_RATIO}-fold"
            raise SourceError(f"{self.where} expands its {much}: a decompression bomb?")
        return data

    def close(self) -> None:
        self.inner.close()
        if self.packed:
            self.packed.close()
        super().close()

    def _cut(self) -> TruncatedError:
        return TruncatedError(f"{self.where} is truncated: its compressed data ends after {self.count} bytes")


class _Piece(Reader):
    """A piece of a file on disk."""

    def __init__(self, path: Path, start: int, stop: int) -> None:
        super().__init__()
        self.file, self.left = path.open("rb", buffering=0), stop - start
        self.file.seek(start)

    def take(self, n: int) -> bytes:
        data = self.file.read(min(n, self.left))
        self.left -= len(data)
        return data

    def close(self) -> None:
        self.file.close()
        super().close()


class _Recoded(Reader):
    """Text of another encoding as UTF-8. Lone surrogates of UTF-16 stay what they are, for the readers to count."""

    def __init__(self, file: io.BufferedReader, encoding: str, where: str) -> None:
        super().__init__()
        self.file, self.where, self.encoding = file, where, encoding
        errors = "surrogatepass" if codecs.lookup(encoding).name.startswith("utf") else "strict"
        self.decoder, self.pending, self.count = codecs.getincrementaldecoder(encoding)(errors), b"", 0

    def take(self, n: int) -> bytes:
        while not self.pending:
            chunk = self.file.read1(_CHUNK)
            try:
                self.pending = self.decoder.decode(chunk, final=not chunk).encode("utf-8", "surrogatepass")
            except UnicodeDecodeError as error:
                why = f"{self.encoding.upper()}, {error.reason}"
                if not chunk:
                    raise TruncatedError(f"{self.where} is truncated: it is not whole {why}") from error
                at = f"byte {self.count + error.start}"
                raise SourceError(f"{self.where} is not {why} near {at}; name its `encoding`") from error
            self.count += len(chunk)
            if not chunk:
                break
        data, self.pending = self.pending[:n], self.pending[n:]
        return data


def _decompressor(head: bytes) -> Callable[[Any], Any] | None:
    if head.startswith(b"BZh") and head[4:10] != b"1AY&SY":  # text may begin with these letters
        return None
    return next((make for magic, make in _COMPRESSIONS.items() if head.startswith(magic)), None)
