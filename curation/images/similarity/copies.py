"""Whether an image shows an evaluation image, or most of it: the two are aligned, then compared cell by cell."""

import zlib
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from curation.images.similarity.align import LEVELS, Box, align, cut_out
from curation.images.similarity.cells import BLANK, Cells, Tolerance, contrast, correlation, planes_of, residual
from curation.images.similarity.frequencies import lowest, packed

Code = npt.NDArray[np.uint64]

CODE_CELLS, CODE_BITS = 16, 128
FINE, CHROMA_CELLS = 48, 8
KEPT_SIDE, KEPT_CHROMA = 160, 16
"""An evaluation image is kept no larger than that."""
TOLERANCE = Tolerance(4.0, 0.4, 0.9)
"""Wider than that of a resized copy: the rectangle is known to within a fifth of a cell."""
CORRELATION, SURE = 0.8, 0.95
"""Below the first it is another image; below the second the rectangle may be the wrong one."""
CHROMA, CHROMA_SHARE = 14.0, 0.3
"""Levels that a colour cell may change, and the share of the contrast around it."""


class Fit(NamedTuple):
    """How two images of one thing fit: the correlation of their cells, and the residual of the worst."""

    score: float
    residual: float


@dataclass(frozen=True, slots=True)
class Shown:
    """An image that is looked up."""

    width: int
    height: int
    luma: dict[int, Cells]
    chroma: tuple[Cells, Cells]

    @classmethod
    def of(cls, image: Image.Image) -> "Shown":
        fine, blue, red = planes_of(image, FINE, FINE)
        luma = {n: _cells(planes_of(image, n, n)[0]) for n in (*LEVELS, CODE_CELLS) if n != FINE}
        colours = [_cells(plane.resize((CHROMA_CELLS, CHROMA_CELLS), Image.Resampling.BOX)) for plane in (blue, red)]
        return cls(*image.size, {**luma, FINE: _cells(fine)}, (colours[0], colours[1]))

    @property
    def is_blank(self) -> bool:
        """Whether the image is (nearly) of one colour."""
        return float(np.ptp(self.luma[FINE])) < BLANK

    def code(self) -> Code:
        """The two words by which it is looked up."""
        return code_of(self.luma[CODE_CELLS])


@dataclass(frozen=True, slots=True)
class Kept:
    """An evaluation image: its luma at its own size or 160 a side, its chroma at 16, deflated."""

    width: int
    height: int
    planes: bytes

    @classmethod
    def of(cls, image: Image.Image) -> "Kept":
        luma, _, _ = planes_of(image, min(image.width, KEPT_SIDE), min(image.height, KEPT_SIDE))
        _, blue, red = planes_of(image, KEPT_CHROMA, KEPT_CHROMA)
        return cls(*image.size, zlib.compress(luma.tobytes() + blue.tobytes() + red.tobytes()))

    def unpack(self) -> tuple[Cells, Cells, Cells]:
        width, height = min(self.width, KEPT_SIDE), min(self.height, KEPT_SIDE)
        planes = zlib.decompressobj().decompress(
            self.planes, width * height + 2 * KEPT_CHROMA**2
        )  # no bomb of a stranger
        values = np.frombuffer(planes, np.uint8).astype(np.float32)
        luma, chroma = values[: width * height], values[width * height :].reshape(2, KEPT_CHROMA, KEPT_CHROMA)
        return luma.reshape(height, width), chroma[0], chroma[1]

    def fit(self, shown: Shown, starts: list[Box]) -> Fit | None:
        """How the part of this image that `shown` shows fits it; None when it is another image.

        Correlation alone would take two charts of one family for one; the worst cell alone would take a badly aligned copy for another
        image. So the first picks the rectangle and the second decides.
        """
        luma, *chroma = self.unpack()
        fine = shown.luma[FINE]
        score, box = -1.0, starts[0]
        for start in starts:
            aligned = align(shown.luma, luma, start)
            if (similarity := correlation(fine, cut_out(luma, aligned, FINE))) > score:
                score, box = similarity, aligned
            if score > SURE:
                break
        if score < CORRELATION:
            return None
        for mine, other in zip(chroma, shown.chroma, strict=True):
            cut = cut_out(mine, box, CHROMA_CELLS)
            if (np.abs(cut - other) > CHROMA + CHROMA_SHARE * contrast(cut, other)).any():
                return None
        width, height = self.width * (box[2] - box[0]), self.height * (box[3] - box[1])
        side = min(shown.width, shown.height, width, height) / FINE
        worst = residual(fine, cut_out(luma, box, FINE), side)
        return Fit(score, worst) if worst <= TOLERANCE.share(side) else None


def code_of(luma: Cells) -> Code:
    """128 bits of an image's 16x16 cells, as two words."""
    code: Code = packed(lowest(luma, CODE_BITS)).view(np.uint64)
    return code


def digest_of(image: Image.Image) -> bytes:
    """Of an RGB image's size and pixels."""
    return blake2b(f"{image.size}".encode() + image.tobytes(), digest_size=16).digest()


def _cells(plane: Image.Image) -> Cells:
    return np.asarray(plane, np.float32)
