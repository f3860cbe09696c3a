"""Hostile bytes: every image is normalised, hashed and searched, or refused with an ImageError, in bounded memory."""

import io
import struct
import subprocess
import sys
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from curation.images import ImageError, ImageOptions, decode, normalise_image
from curation.images.similarity import ImageIndex, image_hash

REASONS = {
    "",
    "picture_unreadable",
    "picture_truncated",
    "picture_too_large",
    "picture_too_small",
    "picture_too_long",
}


def encoded(format: str, mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((20, 16), 90).convert(mode).save(out, format, **options)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + body + chunk(b"IEND", b"")


def tiff(*tags: tuple[int, int, int, int]) -> bytes:
    """One directory of (tag, type, count, value)."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 8)


SHAPE = ((256, 4, 1, 16), (257, 4, 1, 16), (258, 3, 1, 8), (262, 3, 1, 1))
FRAMES = [Image.new("L", (20, 16), shade) for shade in (0, 99, 200)]
SEEDS = {
    "png": encoded("PNG"),
    "palette": encoded("PNG", "P", transparency=3),
    "grey and alpha": encoded("PNG", "LA"),
    "16 bit": encoded("PNG", "I;16"),
    "apng": encoded("PNG", "RGB", save_all=True, append_images=FRAMES),
    "jpeg": encoded("JPEG", icc_profile=b"garbage" * 20, comment="x", exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0"),
    "progressive": encoded("JPEG", progressive=True),
    "cmyk": encoded("JPEG", "CMYK"),
    "gif": encoded("GIF", "P", save_all=True, append_images=FRAMES),
    "webp": encoded("WEBP", save_all=True, append_images=FRAMES),
    "bmp": encoded("BMP"),
    "tiff": encoded("TIFF", compression="tiff_lzw"),
    "tiff jpeg": encoded("TIFF", compression="jpeg"),
}
INDEX = ImageIndex()
INDEX.add("seed", SEEDS["png"])


def outcome(data: bytes) -> str:
    """The reason of a refusal, empty where the image can be used; anything else that is raised fails the test."""
    try:
        done = normalise_image(data, ImageOptions())
        again = normalise_image(done.data, ImageOptions())
        image_hash(decode(data))
        INDEX.search(data)
    except ImageError as error:
        return error.reason
    return "" if again.data == done.data else "changes twice"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_seeds_are_sound(seed: str) -> None:
    assert outcome(SEEDS[seed]) == ""


@pytest.mark.parametrize("seed", SEEDS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_files(seed: str, data: st.DataObject) -> None:
    hurt = bytearray(SEEDS[seed])
    for place in data.draw(st.lists(st.integers(0, len(hurt) - 1), max_size=6)):
        hurt[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(hurt))))
    assert outcome(bytes(hurt[:cut])) in REASONS


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (png(50_000, 50_000), "picture_too_large"),
        (png(8_000, 8_001), "picture_too_large"),
        (png(2**31 - 1, 1), "picture_too_large"),
        (png(7_900, 7_900), "picture_truncated"),
        (png(20, 16, chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(9)))), ""),
        (png(20, 16, chunk(b"iCCP", b"x\0\0garbage")), ""),
        (png(20, 16, chunk(b"tEXt", b"no separator")), ""),
        (png(20, 16, chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(20_000_000)))), "picture_unreadable"),
        (png(20, 16, chunk(b"acTL", struct.pack(">II", 2**31, 0))), ""),
        (png(20, 16, chunk(b"PLTE", b"")), ""),
        (png(20, 16, colour=3), "picture_unreadable"),
        (png(20, 16, depth=3), "picture_unreadable"),
        (tiff(*SHAPE), "picture_unreadable"),
        (tiff((256, 4, 1, 2**31), *SHAPE[1:]), "picture_unreadable"),
        (tiff(*SHAPE, (273, 4, 2**30, 0), (279, 4, 2**30, 0)), "picture_unreadable"),
        (tiff(*SHAPE, (273, 4, 1, 2**31), (279, 4, 1, 2**31)), "picture_truncated"),
        (tiff(*SHAPE, (322, 4, 1, 2**31), (323, 4, 1, 2**31), (324, 4, 1, 8)), "picture_unreadable"),
        (b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0), "picture_unreadable"),
        (b"BM" + bytes(100), "picture_unreadable"),
        (b"\xff\xd8" + b"\xff" * 500, "picture_unreadable"),
        (b"\xff\xd8\xff\xe1\x00\x02\xff\xd9", "picture_unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture_unreadable"),
    ],
)  # fmt: skip
def test_bombs_and_absurd_headers(data: bytes, reason: str) -> None:
    assert outcome(data) == reason


PEAK = """
import sys
from curation.images.similarity import ImageIndex, image_hash
from curation.images import ImageOptions, decode, normalise_image
from tests.curation.sources.malformed import peak_mb

data = sys.stdin.buffer.read()
for work in (lambda: normalise_image(data, ImageOptions()), lambda: image_hash(decode(data)), lambda: ImageIndex().search(data)):
    work()
print(peak_mb())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "format", "options"),
    [
        ("CMYK", "JPEG", {"progressive": True}),
        ("RGBA", "PNG", {"compress_level": 1}),
        ("I;16", "PNG", {"compress_level": 1}),
    ],
)
def test_the_largest_image_takes_less_than_a_gigabyte(mode: str, format: str, options: dict[str, Any]) -> None:
    out = io.BytesIO()
    Image.new(mode, (7_990, 7_990), 77).save(out, format, **options)
    done = subprocess.run([sys.executable, "-c", PEAK], input=out.getvalue(), capture_output=True, check=True)
    assert int(done.stdout) < 1000
