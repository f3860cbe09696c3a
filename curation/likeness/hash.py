"""A picture's hash: what is left of it when encoding and size are taken away.

`bits` is pHash (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010, 3.1): it finds candidates, by bands.
`luma` and `chroma` are the picture at 48x48 and 8x8, which `near` compares cell by cell: two charts or puzzles of one family share
nearly all their bits and differ in one number, hence in a few cells. `width` and `height` say how much small print a copy can have lost.
"""

import struct
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from curation.pictures.pixels import sketch

CELLS = 48
CHROMA_CELLS = 8
BLANK = 6
"""Luma levels: a picture with less between its darkest and its lightest cell shows nothing that could be compared."""

_LAYOUT = struct.Struct(f"<HH8s{CELLS * CELLS}s{2 * CHROMA_CELLS * CHROMA_CELLS}s")


class PictureHash(NamedTuple):
    """Hashable and of fixed size. Ask `near` whether two are of one picture."""

    width: int
    height: int
    bits: bytes
    luma: bytes
    chroma: bytes

    @property
    def is_blank(self) -> bool:
        """Whether the picture is (nearly) of one colour, like any other such picture."""
        return max(self.luma) - min(self.luma) < BLANK

    def bands(self) -> tuple[bytes, ...]:
        """Keys for candidate search: near pictures share at least one of them, unlike ones few or none."""
        return tuple(bytes([i]) + self.bits[2 * i : 2 * i + 2] for i in range(4))

    def to_bytes(self) -> bytes:
        """`HASH_BYTES` bytes, for a Parquet column."""
        return _LAYOUT.pack(*self)

    @classmethod
    def from_bytes(cls, data: bytes) -> "PictureHash":
        """The inverse of `to_bytes`.

        Raises:
            ValueError: not as many bytes as a hash has.
        """
        if len(data) != HASH_BYTES:
            raise ValueError(f"got {len(data)} bytes, expected a picture hash of {HASH_BYTES}")
        return cls(*_LAYOUT.unpack(data))


HASH_BYTES = _LAYOUT.size


def picture_hash(data: bytes) -> PictureHash:
    """The hash of an encoded picture: upright, first frame, RGB on white.

    Raises:
        PictureError: the picture cannot be decoded.
    """
    return hash_of(*sketch(data, 1024))


def hash_of(picture: Image.Image, size: tuple[int, int]) -> PictureHash:
    """The hash of a decoded RGB picture whose full size is `size`."""
    cells = picture.resize((CELLS, CELLS), Image.Resampling.BOX).convert("YCbCr")
    luma = cells.getchannel("Y")
    colours = cells.resize((CHROMA_CELLS, CHROMA_CELLS), Image.Resampling.BOX)
    chroma = colours.getchannel("Cb").tobytes() + colours.getchannel("Cr").tobytes()
    return PictureHash(*size, phash(np.asarray(luma, np.float32)), luma.tobytes(), chroma)


def phash(luma: npt.NDArray[np.float32]) -> bytes:
    """64 bits: which of the 8x8 lowest frequencies of a square picture lie above their median."""
    basis = _dct(len(luma))
    low = (basis @ luma @ basis.T).ravel()
    return np.packbits(low > np.median(low)).tobytes()


@cache
def _dct(n: int) -> npt.NDArray[np.float32]:
    """The first 8 rows of the DCT-II of length n: (8, n)."""
    place = (2 * np.arange(n) + 1) * np.pi / (2 * n)
    return np.cos(np.arange(8)[:, None] * place).astype(np.float32)
