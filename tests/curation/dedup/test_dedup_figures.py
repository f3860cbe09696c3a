"""One question with figures that differ in a label: each stays, and copies of each are merged."""

import io
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from curation.core.decision import KEEP, decision_schema, drop, write_decisions
from curation.core.row import Row, make_row, to_document
from curation.core.rows import Rows, decided
from curation.dedup import Dedup
from curation.dedup.decide import MergeDuplicates
from curation.dedup.search import FindClusters
from curation.dedup.sign import SIGNATURES, SignRows
from curation.images.similarity import image_hash, near
from curation.images.similarity.details import same_details
from tests.curation.stages import decisions, stored

DEFAULTS = Dedup()
Change = Callable[[Image.Image], Image.Image]


def figure(label: str, size: tuple[int, int] = (600, 450), text: int = 14, ink: str = "black") -> Image.Image:
    """A triangle with three labels, of which `label` is `text` pixels high."""
    width, height = size
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.polygon(
        [(width * 0.1, height * 0.9), (width * 0.9, height * 0.9), (width * 0.4, height * 0.1)], outline="black"
    )
    for x, y, shown in ((0.5, 0.92, label), (0.2, 0.5, "13"), (0.7, 0.5, "x")):
        draw.text((width * x, height * y), shown, ink, ImageFont.load_default(text))
    return image


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def saved(format: str, **options: Any) -> Change:
    return lambda image: Image.open(io.BytesIO(encoded(image, format, **options))).convert("RGB")


def scaled(by: float, then: Change = lambda image: image) -> Change:
    return lambda image: then(image.resize((round(image.width * by), round(image.height * by))))


CHANGES: dict[str, tuple[Change, int]] = {
    "nothing": (lambda image: image, 10),
    "jpeg 50": (saved("JPEG", quality=50), 10),
    "jpeg 75": (saved("JPEG", quality=75), 10),
    "jpeg 95": (saved("JPEG", quality=95), 10),
    "webp 75": (saved("WEBP", quality=75), 10),
    "gif": (saved("GIF"), 10),
    "half": (scaled(0.5), 10),
    "three quarters": (scaled(0.75), 10),
    "one and a half": (scaled(1.5), 10),
    "double": (scaled(2), 10),
    "three quarters, jpeg 75": (scaled(0.75, saved("JPEG", quality=75)), 10),
    "half, jpeg 75": (scaled(0.5, saved("JPEG", quality=75)), 12),
}
"""What becomes of a copy, and the least height of text by which it can then be told from another label."""


SIZES = [(300, 225), (600, 450), pytest.param((1000, 750), marks=pytest.mark.slow)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_has_the_same_details_and_another_digit_has_not(change: str, size: tuple[int, int]) -> None:
    changed, least = CHANGES[change]
    for text in (least, 16, 24):
        for one, other in ("56", "38", "17"):
            copy, original = changed(figure(one, size, text)), figure(one, size, text)
            assert same_details(original, copy)
            assert same_details(copy, original)
            assert not same_details(figure(other, size, text), copy)


def test_a_faint_digit_and_one_of_another_colour_are_seen() -> None:
    original = figure("5", ink="#bbbbbb")
    assert not same_details(original, figure("6", ink="#bbbbbb"))
    assert not same_details(original, saved("JPEG", quality=95)(figure("6", ink="#bbbbbb")))
    red, green = Image.new("RGB", (600, 450), "white"), Image.new("RGB", (600, 450), "white")
    for image, colour in ((red, (255, 0, 0)), (green, (0, 130, 0))):  # of one luma
        ImageDraw.Draw(image).ellipse((200, 200, 208, 208), colour)
    assert same_details(red, saved("JPEG", quality=75)(red))
    assert not same_details(red, green)


def test_a_photograph_that_was_re_encoded_is_a_copy() -> None:
    noise = random.Random(0)
    small = Image.new("RGB", (75, 50))
    small.putdata([tuple(noise.randrange(256) for _ in range(3)) for _ in range(75 * 50)])
    photograph = small.resize((600, 400))
    for change in (saved("JPEG", quality=50), scaled(0.5), scaled(0.75, saved("JPEG", quality=75)), saved("WEBP")):
        assert same_details(photograph, change(photograph))


def rows_of(shown: list[bytes], answers: list[str] | None = None) -> list[Row]:
    answers = answers or ["7"] * len(shown)
    return [
        make_row(source="s", source_id=str(i), question="Find x.", images=(image,), answer=answer)
        for i, (image, answer) in enumerate(zip(shown, answers, strict=True))
    ]


def signed(rows: list[Row], folder: Path, options: Dedup = DEFAULTS) -> Rows:
    list(SignRows(folder / "normalise" / SIGNATURES, options).run(map(to_document, rows)))
    return stored([rows], folder / "rows")


def clusters(rows: Rows, folder: Path, options: Dedup = DEFAULTS) -> list[int]:
    lines = decisions(
        FindClusters(options=options), rows, folder / "clusters", stages={"normalise": folder / "normalise"}
    )
    assert [file.name for file in (folder / "clusters").iterdir()] == []
    return [line.columns["cluster"] for line in lines]


LARGE = (1000, 750)
FIGURES = [figure(label, LARGE, 16) for label in "56938"]


def test_five_problems_with_one_question_and_other_labels_all_stay(tmp_path: Path) -> None:
    assert all(near(image_hash(FIGURES[0]), image_hash(other)) for other in FIGURES)
    rows = rows_of([encoded(image) for image in FIGURES], ["8", "10", "15", "12", "12"])
    found = clusters(signed(rows, tmp_path), tmp_path)
    assert found == [0, 1, 2, 3, 4]
    numbered = [replace(row, extra={"cluster": n}) for row, n in zip(rows, found, strict=True)]
    lines = decisions(MergeDuplicates(), stored([numbered], tmp_path / "in", FindClusters.adds), tmp_path / "merged")
    assert [line.action for line in lines] == ["keep"] * 5


def test_copies_of_each_figure_meet_among_the_others(tmp_path: Path) -> None:
    copies = [scaled(0.75)(image) for image in FIGURES]
    shown = [encoded(image) for image in FIGURES] + [
        encoded(image, "JPEG", quality=75) for image in (*FIGURES, *copies)
    ]
    rows = signed(rows_of([*shown, *shown[:5]]), tmp_path)
    assert clusters(rows, tmp_path) == [*range(5)] * 4


def test_all_images_of_a_row_count(tmp_path: Path) -> None:
    first, *others = (encoded(image) for image in (FIGURES[0], FIGURES[0], FIGURES[1]))
    rows = [
        make_row(source="s", source_id=str(i), question="Find x.", images=(first, other))
        for i, other in enumerate(others)
    ]
    assert clusters(signed(rows, tmp_path), tmp_path) == [0, 1]


def test_only_the_rows_that_are_left_are_looked_at(tmp_path: Path) -> None:
    shown = [encoded(FIGURES[i]) for i in (0, 1)] + [encoded(FIGURES[i], "JPEG", quality=75) for i in (1, 0)]
    whole = signed(rows_of(shown), tmp_path)
    lines = tmp_path / "dropped" / whole.files[0].path.name
    write_decisions(lines, decision_schema("filter", (), ()), [drop("a reason"), KEEP, KEEP, KEEP])
    assert clusters(decided(whole, lines.parent, {lines.name: 3}), tmp_path) == [1, 1, 3]


def test_without_pictures_the_pixels_decide(tmp_path: Path) -> None:
    options = Dedup(pictures=False)
    shown = [encoded(FIGURES[0]), encoded(FIGURES[0], "BMP"), encoded(FIGURES[0], "JPEG"), encoded(FIGURES[1])]
    assert clusters(signed(rows_of(shown), tmp_path, options), tmp_path, options) == [0, 0, 2, 3]
