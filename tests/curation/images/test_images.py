"""Encoded images, valid and hostile."""

import io
import pickle

import pytest
from PIL import Image

from curation.core.errors import BadRowError
from curation.images import ImageError, decode, inspect
from tests.curation.sources.crafted import png_header


def encoded(format: str, mode: str = "RGB", size: tuple[int, int] = (20, 10)) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(out, format)
    return out.getvalue()


def reason_of(data: bytes) -> str:
    try:
        decode(data)
    except ImageError as error:
        return error.reason
    return ""


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_known_formats_are_read(format: str) -> None:
    assert inspect(encoded(format))[:3] == (format, 20, 10)
    assert decode(encoded(format)).size == (20, 10)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_modes_of_png(mode: str) -> None:
    assert decode(encoded("PNG", "L" if mode == "I;16" else mode)).mode == "RGB"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "picture_unreadable"),
        (b"not an image", "picture_unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><rect width='1' height='1'/></svg>", "picture_unreadable"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "picture_unreadable"),
        (b"P6\n9 9\n255\n" + bytes(243), "picture_unreadable"),
        (png_header(50_000, 50_000), "picture_too_large"),
        (png_header(40_000, 1), "picture_too_large"),
        (png_header(0, 5), "picture_unreadable"),
        (encoded("PNG")[:60], "picture_truncated"),
        (encoded("JPEG")[:-90], "picture_truncated"),
        (encoded("PNG")[:20], "picture_truncated"),
    ],
)
def test_bad_images_have_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError) as error:
        decode(data)
    assert error.value.reason == reason


def test_too_many_bytes_are_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.images.safe.MAX_BYTES", 10)
    with pytest.raises(ImageError, match="picture_too_large"):
        inspect(encoded("PNG"))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_damaged_bytes_are_an_image_or_a_reason(format: str) -> None:
    valid = encoded(format)
    for place in range(0, len(valid), max(1, len(valid) // 40)):
        damaged = valid[:place] + bytes([valid[place] ^ 0xFF]) + valid[place + 1 :]
        reason = reason_of(damaged)
        assert reason in ("", "picture_unreadable", "picture_truncated", "picture_too_large")


@pytest.mark.parametrize("kind", [ImageError, BadRowError])
def test_a_bad_row_crosses_processes_with_its_reason(kind: type[BadRowError]) -> None:
    error = pickle.loads(pickle.dumps(kind("picture_missing", "no file 'a.png'")))
    assert (type(error), error.reason, error.detail) == (kind, "picture_missing", "no file 'a.png'")
    assert str(error) == "picture_missing: no file 'a.png'"
