"""Flags of images: places and images that differ in number, images without a picture on them, one for all, none at all."""

import bisect
import re
from typing import Self, cast

from curation.filters.missing_picture import MissingPicture
from curation.images.pixels import sketch
from curation.images.safe import ImageError, inspect
from curation.reading.flag import Finding, Flag, Lookup, RowFlag, around
from curation.reading.values import ValuesOfQuestions, hashed
from curation.reading.view import View

_PLACE = re.compile(r"<image(?: ?(\d{1,3}))?>|<\|image_(\d+)\|>|<\|image_pad\|>|\[IMG\]", re.IGNORECASE)


class PlaceholderCountDiffers(RowFlag):
    """A question that marks the places of more or fewer images than it has; a number that is named twice (`<image 1>`) counts once."""

    name = "placeholder_count_differs"
    remedy = "name every field that holds images in `fields.images`, in the order of their places"
    least = 2
    share = 0.01

    def quote(self, row: View) -> str | None:
        places = list(_PLACE.finditer(row.question)) if "<" in row.question or "[" in row.question else []
        if not places:
            return None
        numbers = [found[1] or found[2] for found in places]
        marked = len({*filter(None, numbers)}) + numbers.count(None)
        if marked == len(row.row.images):
            return ""
        where = around(row.question, *places[0].span())
        return f"{marked} places, {len(row.row.images)} images: {where}"


SAMPLE = 200
TOLERANCE = 8
"""Of 255: what JPEG makes of one colour."""
UNCOMPRESSED = ("BMP", "TIFF")
FEW_BYTES, PIXELS_PER_BYTE = 2_000, 24
"""One colour compresses to less than that, with a profile and metadata beside it; what takes more bytes need not be decoded. A JPEG of one
colour has a byte for every 43 pixels, a PNG for hundreds."""
SIDE = 32
"""Pixels: a JPEG comes at an eighth of its size where that leaves so many."""


class BlankImages(Flag):
    """Images of one colour: all black, all white, nothing on them. Of a long source 200 rows, drawn by their ids, are looked at."""

    name = "blank_images"
    remedy = "look at the images of the row; check `fields.images` and whoever wrote the files"

    def __init__(self) -> None:
        super().__init__()
        self.looked: list[tuple[int, int, str]] = []
        """Of the rows whose ids have the least hashes: the hash, the number of the row, and what is blank in it."""

    def read(self, row: View) -> None:
        if not row.row.images:
            return
        draw = hashed(row.row.id, row.row.source_id)
        if len(self.looked) < SAMPLE or draw < self.looked[-1][0]:
            self._look(draw, row.number, blank_among(row.row.images))

    def _look(self, draw: int, number: int, what: str) -> None:
        bisect.insort(self.looked, (draw, number, what))
        del self.looked[SAMPLE:]

    def extend(self, other: Self, offset: int) -> None:
        for draw, number, what in other.looked:
            self._look(draw, number + offset, what)

    def finding(self, rows: Lookup) -> Finding:
        blank = {number: what for _, number, what in self.looked if what}
        self.count, self.of = len(blank), len(self.looked)
        if blank:
            self.number, self.quoted = min(blank.items())
        return super().finding(rows)


def blank_among(images: tuple[bytes, ...]) -> str:
    """Which of a row's images is of one colour; '' where none is."""
    for number, data in enumerate(images, 1):
        if colour := one_colour(data):
            return f"image {number} is all {colour}"
    return ""


def one_colour(data: bytes) -> str:
    """The colour of an image that has no other, as it would be stored: upright, on white; '' for any other image."""
    try:
        info = inspect(data)
        if info.format not in UNCOMPRESSED and len(data) > FEW_BYTES + info.width * info.height / PIXELS_PER_BYTE:
            return ""
        image, original = sketch(data, SIDE)
    except ImageError:  # counted where it is read
        return ""
    bands = cast(tuple[tuple[int, int], ...], image.getextrema())
    if any(high - low > TOLERANCE for low, high in bands):
        return ""
    lows = [low for low, _ in bands]
    name = (
        "black"
        if max(lows) <= TOLERANCE
        else "white"
        if min(lows) >= 255 - TOLERANCE
        else f"of the colour {tuple(lows)}"
    )
    return f"{name} ({original.size[0]}x{original.size[1]} {original.format})"


class OneImage(Flag):
    """The same image with nearly all rows that have one."""

    name = "one_image"
    remedy = "check `fields.images`: it may name a logo, or the file of the first record"
    least = 20
    share = 0.9

    def __init__(self) -> None:
        super().__init__()
        self.images = ValuesOfQuestions()

    def read(self, row: View) -> None:
        if row.row.images:
            self.images.add(row.row.id, row.number, *row.row.images)

    def extend(self, other: Self, offset: int) -> None:
        self.images.extend(other.images, offset)

    def finding(self, rows: Lookup) -> Finding:
        self.of = len(self.images.values)
        self.count, self.number = self.images.values.most()
        self.quoted = f"an image of {len(rows(self.number).images[0]):,} bytes" if self.count else ""
        return super().finding(rows)


class MissingImages(RowFlag):
    """Rows without an image whose question points at one."""

    name = "missing_images"
    remedy = "name the images in `fields.images`, or fetch them"
    least = 5
    share = 0.1
    _filter = MissingPicture()
    _words = ("figure", "diagram", "picture", "image", "img", "drawing", "illustrat", "graph", "chart", "map", "photo", "sketch", "shown",
              "depict", "![", "图")  # fmt: skip
    """What the filter looks for has one of them in it."""

    def quote(self, row: View) -> str | None:
        if row.row.images:
            return None
        lower = row.question.casefold()
        if not any(word in lower for word in self._words):
            return ""
        return row.question if self._filter.judge(row.row) is not True else ""
