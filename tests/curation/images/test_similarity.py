"""Images of our own, re-encoded, resized and cropped; and siblings that differ in one number."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from curation.images import decode
from curation.images.similarity import HASH_BYTES, ImageHash, ImageIndex, image_hash, near
from curation.images.similarity.hash import BAND_KEYS, N_BANDS

SIZE = (512, 400)


def drawn(number: int = 3, colour: str = "navy") -> Image.Image:
    """A grid puzzle with one number in it."""
    image = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(image)
    for x in range(3):
        for y in range(3):
            draw.rectangle((60 + 130 * x, 20 + 120 * y, 160 + 130 * x, 120 + 120 * y), "wheat", "black", 3)
    draw.ellipse((75, 35, 145, 105), colour)
    draw.text((200, 150), str(number), "black", font_size=48)
    return image


def encoded(image: Image.Image, format: str = "PNG", scale: float = 1, **options: int) -> bytes:
    out = io.BytesIO()
    image.resize((round(image.width * scale), round(image.height * scale))).save(out, format, **options)
    return out.getvalue()


COPIES = {
    "png": encoded(drawn()),
    "jpeg 30": encoded(drawn(), "JPEG", quality=30),
    "webp": encoded(drawn(), "WEBP", quality=60),
    "half": encoded(drawn(), scale=0.5),
    "double": encoded(drawn(), scale=2),
    "three fifths, jpeg 50": encoded(drawn(), "JPEG", 0.6, quality=50),
}


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_near(copy: str) -> None:
    assert near(image_hash(decode(COPIES[copy])), image_hash(decode(encoded(drawn()))))


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("other", [drawn(8), drawn(4), drawn(colour="maroon"), drawn().rotate(180)])
def test_another_number_or_colour_is_not(copy: str, other: Image.Image) -> None:
    assert not near(image_hash(decode(COPIES[copy])), image_hash(decode(encoded(other))))


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_shares_a_band(copy: str) -> None:
    hashed, original = image_hash(decode(COPIES[copy])), image_hash(decode(COPIES["png"]))
    assert any(set(mine) & set(theirs) for mine, theirs in zip(hashed.bands(), original.bands(), strict=True))
    assert [len(set(keys)) for keys in hashed.bands()] == [BAND_KEYS] * N_BANDS


def test_a_blank_image_is_like_its_own_copy_alone() -> None:
    white, grey = (image_hash(decode(encoded(Image.new("RGB", SIZE, colour)))) for colour in ("white", "#fefefe"))
    assert white.is_blank
    assert near(white, image_hash(decode(encoded(Image.new("RGB", SIZE, "white"), "BMP"))))
    assert not near(white, grey)


def test_a_hash_is_a_few_bytes_and_back() -> None:
    hashed = image_hash(decode(COPIES["png"]))
    assert len(hashed.to_bytes()) == HASH_BYTES
    assert ImageHash.from_bytes(hashed.to_bytes()) == hashed
    assert len({hashed, ImageHash.from_bytes(hashed.to_bytes())}) == 1


@pytest.mark.slow
def test_the_index_tells_copies_apart_from_siblings(tmp_path: Path) -> None:
    index = ImageIndex()
    for number in (0, 1, 3, 4, 5, 6, 7, 8, 9):
        index.add(f"n{number}", encoded(drawn(number)))
    index.save(tmp_path / "index.parquet")
    index = ImageIndex.load(tmp_path / "index.parquet")
    assert index.search(encoded(drawn(3), "BMP"))[0][:2] == ("n3", "exact")
    for copy in ("jpeg 30", "webp", "half", "double"):
        assert [match.key for match in index.search(COPIES[copy])] == ["n3"]
    assert index.search(encoded(drawn(3).rotate(180))) == []
