"""Evaluation images, to be searched by training images: which of them is this one a copy of, maybe resized or lightly cropped?

An evaluation image is filed under 14 codes: of the whole, and of crops to 90 and 95 % of each side on a grid, so that any crop lies
within 2.5 % of one of them. A code is 128 bits of the lowest frequencies. Where an image's code differs from one of them in few bits, the
two are aligned and compared (`copies`). Looking through the codes is all that most images cost.
"""

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.core.parquet import read_records, write_records
from curation.images import decode
from curation.images.similarity.align import Box, cut_out
from curation.images.similarity.copies import CODE_CELLS, Fit, Kept, Shown, code_of, digest_of

CROPS: tuple[Box, ...] = tuple(
    np.array([x, y, x + size, y + size])
    for size, offsets in ((1.0, (0.0,)), (0.9, (0.0, 0.05, 0.1)), (0.95, (0.0, 0.05)))
    for y in offsets
    for x in offsets
)
MOST_BITS = 38
"""Bits in which the code of a copy may differ: of 985 real images that were cropped, re-encoded and resized, one lay above."""
MOST_CANDIDATES = 48
STARTS = 3
"""Crops from which the rectangle is sought, until one fits."""
ASPECT = 0.17
"""Cropping one side alone to 85 % changes the logarithm of the aspect ratio by so much."""
SIBLINGS = (2.0, 0.1)
"""Of a family of siblings the one that fits best is meant: another is a match up to so many times its residual, and so much more."""

FILE = pa.schema(
    [("key", pa.string()), ("width", pa.int32()), ("height", pa.int32())]
    + [(name, pa.binary()) for name in ("planes", "codes", "digest")]
)
"""What `ImageIndex.save` writes, a row for every image; a pickle would run what a stranger put into it."""


class ImageMatch(NamedTuple):
    """An evaluation image of which an image is a copy; `score` is 1 for the same pixels, else how well the two correlate."""

    key: str
    kind: Literal["exact", "near"]
    score: float


class ImageIndex:
    """Finds the images of which another is a copy: the same pixels, or re-encoded, resized, cropped to 90 % of each side.

    An image of one colour is a copy of nothing. An evaluation image takes about 0.5 kB and, by its detail, 1 to 15 kB.
    """

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._kept: list[Kept] = []
        self._codes: list[npt.NDArray[np.uint64]] = []
        self._table: tuple[npt.NDArray[np.uint64], npt.NDArray[np.float64]] | None = None
        self._same: dict[bytes, list[int]] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: str, data: bytes) -> None:
        """Add an evaluation image under a name.

        Raises:
            ImageError: the image cannot be decoded.
        """
        image = decode(data)
        kept = Kept.of(image)
        luma = kept.unpack()[0]
        self._same.setdefault(digest_of(image), []).append(len(self))
        self._keys.append(key)
        self._kept.append(kept)
        self._codes.append(np.stack([code_of(cut_out(luma, crop, CODE_CELLS)) for crop in CROPS]))
        self._table = None

    def save(self, path: Path) -> None:
        """Write the index as Parquet."""
        digests = {number: digest for digest, numbers in self._same.items() for number in numbers}
        images = enumerate(zip(self._keys, self._kept, self._codes, strict=True))
        lines = (
            (key, kept.width, kept.height, kept.planes, codes.tobytes(), digests[number])
            for number, (key, kept, codes) in images
        )
        write_records(path, FILE, (dict(zip(FILE.names, line, strict=True)) for line in lines))

    @classmethod
    def load(cls, path: Path) -> "ImageIndex":
        """Read what `save` wrote."""
        index = cls()
        for number, line in enumerate(read_records(path)):
            index._same.setdefault(line["digest"], []).append(number)
            index._keys.append(line["key"])
            index._kept.append(Kept(line["width"], line["height"], line["planes"]))
            index._codes.append(np.frombuffer(line["codes"], np.uint64).reshape(len(CROPS), -1))
        return index

    def search(self, data: bytes) -> list[ImageMatch]:
        """Every image of the index of which this one is a copy: those of the same pixels first, then by falling score.

        Raises:
            ImageError: the image cannot be decoded.
        """
        image = decode(data)
        shown = Shown.of(image)
        if shown.is_blank or not self._keys:
            return []
        same = self._same.get(digest_of(image), [])
        fits = {i: fit for i, fit in self._near(shown).items() if i not in same}
        best = 0.0 if same else min((fit.residual for fit in fits.values()), default=0.0)
        matches = [(i, fit.score) for i, fit in fits.items() if fit.residual <= SIBLINGS[0] * best + SIBLINGS[1]]
        return [ImageMatch(self._keys[i], "exact", 1.0) for i in same] + [
            ImageMatch(self._keys[i], "near", round(score, 4))
            for i, score in sorted(matches, key=lambda match: (-match[1], match[0]))
        ]

    def _near(self, shown: Shown) -> dict[int, Fit]:
        """Place in the index -> how it fits.

        XOR and a count of bits give the distance of every crop of every image at once; only the few nearest of a like shape are
        aligned, which costs far more.
        """
        if self._table is None:
            shapes = np.log([kept.width / kept.height for kept in self._kept])
            self._table = np.stack(self._codes), shapes
        codes, shapes = self._table
        bits = np.bitwise_count(codes ^ shown.code()).sum(2, dtype=np.uint16)
        nearest = bits.min(1)
        same_shape = np.abs(shapes - np.log(shown.width / shown.height)) <= ASPECT
        candidates = np.flatnonzero((nearest <= MOST_BITS) & same_shape)
        fits: dict[int, Fit] = {}
        for i in candidates[np.argsort(nearest[candidates], kind="stable")][:MOST_CANDIDATES]:
            starts = [CROPS[crop] for crop in np.argsort(bits[i], kind="stable")[:STARTS]]
            if (fit := self._kept[i].fit(shown, starts)) is not None:
                fits[int(i)] = fit
        return fits
