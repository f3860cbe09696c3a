"""Images as they are stored: sizes, modes, orientation, metadata, formats; and the step that drops or changes rows."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from curation.core.decision import Decision
from curation.core.parquet import write_records
from curation.core.row import Row, make_row
from curation.core.schema import released_record, released_schema
from curation.images import ImageError, ImageOptions, decode, inspect, normalise_image
from curation.images.budget import model_size
from curation.images.sizes import image_sizes
from curation.images.step import normalise_images

SIZE = (90, 60)
RED, HALF = (200, 30, 30), (200, 30, 30, 128)


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def noise(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    return Image.effect_noise(size, 60).convert(mode)


def with_exif(orientation: int, image: Image.Image | None = None, format: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[1] = "N"
    return encoded(image or noise(), format, exif=exif.tobytes())


def commented(text: str = "by someone") -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", text)
    return encoded(noise(), pnginfo=info)


ANIMATED = [Image.new("RGB", SIZE, colour) for colour in (RED, "green", "blue")]
DEEP = Image.new("I;16", SIZE, 257 * 100)
PALETTE = noise("P")


@pytest.mark.parametrize(
    "data", [encoded(noise()), encoded(noise("L")), encoded(noise(), "JPEG"), encoded(noise("L"), "JPEG")]
)
def test_a_plain_image_is_kept_byte_for_byte(data: bytes) -> None:
    assert normalise_image(data, ImageOptions()) == (data, (), False)


@pytest.mark.parametrize(
    ("data", "format", "notes"),
    [
        (encoded(Image.new("RGBA", SIZE, HALF)), "PNG", "RGBA on white"),
        (encoded(Image.new("LA", SIZE, (9, 0))), "PNG", "LA on white"),
        (encoded(PALETTE), "PNG", "P to RGB"),
        (encoded(PALETTE, transparency=0), "PNG", "P on white"),
        (encoded(noise("1")), "PNG", "1 to RGB"),
        (encoded(DEEP), "PNG", "I;16 to RGB"),
        (encoded(noise("CMYK"), "JPEG"), "JPEG", "CMYK to RGB"),
        (encoded(noise(), "BMP"), "PNG", "BMP to PNG"),
        (encoded(noise(), "TIFF"), "PNG", "TIFF to PNG"),
        (encoded(noise(), "WEBP"), "PNG", "WEBP to PNG"),
        (encoded(ANIMATED[0], "GIF"), "PNG", "P to RGB, GIF to PNG"),
        (encoded(ANIMATED[0], save_all=True, append_images=ANIMATED[1:]), "PNG", "first frame"),
        (encoded(ANIMATED[0], "WEBP", save_all=True, append_images=ANIMATED[1:]), "PNG", "first frame, WEBP to PNG"),
        (with_exif(3), "JPEG", "turned"),
        (with_exif(1), "JPEG", "metadata dropped"),
        (with_exif(1, format="PNG"), "PNG", "metadata dropped"),
        (encoded(noise(), "JPEG", comment="here"), "JPEG", "metadata dropped"),
        (encoded(noise(), "JPEG") + b"a second image", "JPEG", "metadata dropped"),
        (commented(), "PNG", "metadata dropped"),
    ],
)  # fmt: skip
def test_what_changes_is_told_and_shows_the_same(data: bytes, format: str, notes: str) -> None:
    done = normalise_image(data, ImageOptions())
    assert ", ".join(done.notes) == notes
    with Image.open(io.BytesIO(done.data)) as image:
        assert (image.format, image.mode in ("RGB", "L"), getattr(image, "n_frames", 1)) == (format, True, 1)
        assert not image.getexif()
        assert not set(image.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    before, after = decode(data), decode(done.data)
    if format == "PNG" or notes == "metadata dropped":
        assert before.tobytes() == after.tobytes()
    assert normalise_image(data, ImageOptions()) == done
    assert normalise_image(done.data, ImageOptions()) == (done.data, (), False)


@pytest.mark.parametrize(("data", "colour"), [
    (encoded(Image.new("RGBA", SIZE, (0, 0, 0, 0))), (255, 255, 255)),
    (encoded(Image.new("RGBA", SIZE, HALF)), (227, 142, 142)),
    (encoded(DEEP), (100, 100, 100)),
    (encoded(Image.new("1", SIZE, 1)), (255, 255, 255)),
    (encoded(ANIMATED[0], save_all=True, append_images=ANIMATED[1:]), RED),
    (encoded(ANIMATED[0], "GIF", save_all=True, append_images=ANIMATED[1:]), RED),
])  # fmt: skip
def test_colours(data: bytes, colour: tuple[int, int, int]) -> None:
    assert decode(normalise_image(data, ImageOptions()).data).getpixel((5, 5)) == colour


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_stands_upright(orientation: int) -> None:
    corner = Image.new("RGB", (80, 60), "white")
    corner.paste("red", (0, 0, 40, 30))
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    laid = corner.transpose(Image.Transpose(back[orientation])) if orientation > 1 else corner
    done = normalise_image(with_exif(orientation, laid), ImageOptions())
    upright = decode(done.data)
    assert upright.size == (80, 60)
    assert done.moved == (orientation > 1)
    assert [upright.getpixel(at)[1] < 128 for at in ((10, 10), (70, 10), (10, 50))] == [True, False, False]


@pytest.mark.parametrize(
    ("size", "options", "reason"),
    [
        ((5, 5), {}, "picture_too_small"),
        ((28, 7), {}, "picture_too_small"),
        ((28, 7), {"min_side": 1}, ""),
        ((1400, 14), {"max_aspect": 50}, "picture_too_long"),
        ((3200, 15), {}, "picture_too_long"),
        ((3000, 15), {}, ""),
    ],
)
def test_limits(size: tuple[int, int], options: dict[str, Any], reason: str) -> None:
    data = encoded(Image.new("RGB", size))
    if not reason:
        normalise_image(data, ImageOptions(**options))
        return
    with pytest.raises(ImageError, match=f"{reason}: {size[0]}x{size[1]}"):
        normalise_image(data, ImageOptions(**options))


@pytest.mark.parametrize(
    ("size", "options", "stored"),
    [
        ((30, 20), {}, (84, 56)),
        ((56, 56), {}, (56, 56)),
        ((640, 480), {}, (640, 480)),
        ((4000, 3000), {"max_pixels": 1280 * 784}, (1148, 840)),
        ((3000, 4000), {"max_pixels": 1280 * 784}, (840, 1148)),
    ],
)
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_images_are_resized_to_the_budget(
    size: tuple[int, int], options: dict[str, int], stored: tuple[int, int], format: str
) -> None:
    done = normalise_image(encoded(Image.new("RGB", size, RED), format), ImageOptions(**options))
    assert inspect(done.data)[:3] == (format, *stored)
    notes = ("resized {}x{} -> {}x{}".format(*size, *stored),) if size != stored else ()
    assert (done.notes, done.moved) == (notes, bool(notes))


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((640, 480), (644, 476)),
        ((4000, 3000), (4004, 2996)),
        ((9000, 5003), (4788, 2660)),
        ((5, 5), (56, 56)),
        ((28, 7), (112, 28)),
    ],
)
def test_the_size_that_the_model_sees(size: tuple[int, int], shown: tuple[int, int]) -> None:
    assert model_size(*size) == shown


@pytest.mark.slow  # transformers takes its time to import
def test_the_budget_is_the_processor_s_own() -> None:
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize as theirs

    sizes = [(w, h) for w in (1, 5, 13, 14, 42, 55, 56, 199, 770, 3001, 9000) for h in (3, 28, 70, 111, 1280, 5003)]
    for width, height in sizes:
        if max(width, height) / min(width, height) > 200:
            continue
        for budget in ({}, {"max_pixels": 1280 * 784}, {"min_pixels": 256 * 784, "max_pixels": 512 * 784}):
            numbers = {"min_pixels": 3136, "max_pixels": 12_845_056, **budget}
            assert model_size(width, height, **budget) == theirs(height, width, 28, **numbers)[::-1]


def test_a_row_says_what_happened_to_which_image() -> None:
    row = make_row(source="s", source_id="1", question="?", images=[encoded(noise()), commented(), encoded(PALETTE)])
    done = normalise_images(ImageOptions(), row)
    assert isinstance(done, Row)
    assert done.id == row.id
    assert done.images[0] == row.images[0]
    assert done.provenance == (("normalise", "picture 2: metadata dropped"), ("normalise", "picture 3: P to RGB"))


@pytest.mark.parametrize(
    ("images", "fields", "reason", "detail"),
    [
        ([encoded(noise()), encoded(noise())[:90]], {}, "picture_truncated", "picture 2: "),
        ([encoded(noise()), b"no"], {}, "picture_unreadable", "picture 2: no PNG"),
        ([encoded(Image.new("RGB", (5, 5)))], {}, "picture_too_small", "picture 1: 5x5, smallest side 14"),
        ([encoded(noise())] * 3, {}, "too_many_pictures", "3 images, limit 2"),
        ([with_exif(6)], {"answer_kind": "boxes"}, "gold_in_pixels", "picture 1: turned"),
    ],
)
def test_a_row_is_dropped_with_a_reason(images: list[bytes], fields: dict[str, Any], reason: str, detail: str) -> None:
    row = Row("id", "s", "1", (), tuple(images), **fields)
    decision = normalise_images(ImageOptions(max_pictures=2), row)
    assert isinstance(decision, Decision)
    assert (decision.action, decision.reason) == ("dropped", reason)
    assert decision.detail.startswith(detail)


def test_sizes_of_a_set(tmp_path: Path) -> None:

    rows = [
        make_row(source="s", source_id=str(n), question="?", images=[encoded(Image.new("L", (10 * n, 20)))] * (n % 3))
        for n in range(1, 12)
    ]
    write_records(tmp_path / "a.parquet", released_schema("rl", {}), [released_record("rl", row, "?") for row in rows])
    sizes = image_sizes([tmp_path / "a.parquet"])
    assert sizes is not None
    assert (sizes["rows"], sizes["pictures"]) == (8, 12)
    assert sizes["width"] == {"p50": 50, "p90": 110, "p99": 110, "max": 110}
    assert sizes["height"]["p50"] == 20
    assert sizes["pictures_per_row"] == {"p50": 1, "p90": 2, "p99": 2, "max": 2}


def test_sizes_of_a_set_without_images(tmp_path: Path) -> None:

    row = make_row(source="s", source_id="1", question="?")
    write_records(tmp_path / "a.parquet", released_schema("rl", {}), [released_record("rl", row, "?")])
    assert image_sizes([tmp_path / "a.parquet"]) is None


def test_a_photograph_with_a_preview_keeps_its_bytes() -> None:
    photograph = noise(size=(400, 300))
    data = encoded(photograph, "MPO", save_all=True, append_images=[noise(size=(40, 30))])
    assert inspect(data).format == "MPO"
    stored = normalise_image(data, ImageOptions())
    assert stored.notes == ("metadata dropped",)
    assert inspect(stored.data).format == "JPEG"
    assert len(stored.data) < len(data)
    assert decode(stored.data).tobytes() == decode(data).tobytes()


@pytest.mark.parametrize(
    ("kind", "highest", "format"),
    [
        ("uint16", 65535, "PNG"), ("uint16", 4095, "PNG"), ("uint16", 255, "PNG"), ("uint16", 1, "PNG"),
        ("int32", 65535, "TIFF"), ("float32", 1.0, "TIFF"), ("float32", 255.0, "TIFF"), ("float32", 30000.0, "TIFF"),
    ],
)  # fmt: skip
def test_deep_gray_is_neither_all_black_nor_all_white(kind: str, highest: float, format: str) -> None:
    gray = np.zeros(SIZE[::-1], kind)
    gray[:, :45] = highest
    shown = decode(encoded(Image.fromarray(gray), format))
    assert shown.getpixel((80, 30)) == (0, 0, 0)
    assert min(shown.getpixel((10, 30))) >= 100  # type: ignore[type-var, arg-type]
