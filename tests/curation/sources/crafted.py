"""Archives, images and tables made byte by byte."""

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

MANY = 8 << 20


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def in_memory(write: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    write(out)
    return out.getvalue()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: dict[str, bytes], format: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def big_zip(stated: int = 0) -> bytes:
    """A member of 400 MiB of zeros, which the headers may state to be less."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.json", "w") as member,
    ):
        for _ in range(50):
            member.write(bytes(MANY))
    data = out.getvalue()
    return data.replace(struct.pack("<L", 50 * MANY), struct.pack("<L", stated)) if stated else data


def chunk(kind: str, data: bytes) -> bytes:
    """One chunk of a PNG; the signature before the first is left to the caller where it is wanted."""
    body = kind.encode() + data
    return struct.pack(">L", len(data)) + body + struct.pack(">L", zlib.crc32(body))


def png_header(width: int, height: int, whole: bool = False) -> bytes:
    """A PNG of a kilobyte, its pixels missing; or whole, all black."""
    rows = zlib.compress(bytes((width // 8 + 1) * height if whole else 900_000))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk("IHDR", struct.pack(">LLBBBBB", width, height, 1, 0, 0, 0, 0))
        + chunk("IDAT", rows)
        + chunk("IEND", b"")
    )


def write_table(writer: Any, table: pa.Table) -> None:
    with writer:
        writer.write_table(table, max_chunksize=5)
