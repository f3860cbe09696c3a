"""The receiving half of Xet, as far as an upload needs it: blocks of compressed chunks ("xorbs"), and lists of which chunks make a file."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from tests.curation.release.hub.storage import RefusedError, Repo

HEADER, ENTRY = 48, 48
END = b"\xff" * 32
HAS_VERIFICATION, HAS_SHA256 = 1 << 31, 1 << 30


def receive_shard(repo: Repo, body: bytes, blocks: Path) -> list[str]:
    """Put the files together that an uploaded list describes; returns their SHA-256."""
    position, made = HEADER, []
    while body[position : position + 32] != END:
        _, flags, n_terms = struct.unpack_from("<32sII", body, position)
        position += ENTRY
        terms = [struct.unpack_from("<32sIIII", body, position + ENTRY * number) for number in range(n_terms)]
        position += ENTRY * n_terms * (2 if flags & HAS_VERIFICATION else 1)
        content = bytearray()
        for block, _, _, first, end in terms:
            content += b"".join(list(_chunks((blocks / hex_of(block)).read_bytes()))[first:end])
        sha256 = repo.put_large(bytes(content))
        if flags & HAS_SHA256:
            if sha256 != (stated := hex_of(body[position : position + 32])):
                raise RefusedError(400, "BadShard", f"a file has sha256 {sha256}, its list says {stated}")
            position += ENTRY
        made.append(sha256)
    return made


def hex_of(digest: bytes) -> str:
    """Xet writes a hash as four little-endian numbers."""
    return b"".join(digest[start : start + 8][::-1] for start in range(0, 32, 8)).hex()


def _chunks(block: bytes) -> Iterator[bytes]:
    """The chunks of a block: none, LZ4, or LZ4 over bytes that are grouped by their place in a number of four."""
    position, codec = 0, pa.Codec("lz4")
    while position + 8 <= len(block) and block[position : position + 7] != b"XETBLOB":
        packed, kind = int.from_bytes(block[position + 1 : position + 4], "little"), block[position + 4]
        size = int.from_bytes(block[position + 5 : position + 8], "little")
        data = block[position + 8 : position + 8 + packed]
        position += 8 + packed
        if kind:
            data = codec.decompress(data, decompressed_size=size, asbytes=True)
        yield _ungrouped(data) if kind == 2 else data


def _ungrouped(data: bytes) -> bytes:
    out, position = bytearray(len(data)), 0
    for place in range(4):
        n = (len(data) - place + 3) // 4
        out[place::4] = data[position : position + n]
        position += n
    return bytes(out)
