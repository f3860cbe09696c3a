"""An image's hash: the image at 48x48, its colours at 8x8, and its size; encoding and resizing hardly change it.

A few bits alone (pHash, dHash) cannot distinguish two charts or puzzles of one family, which differ in one number and hence in a few
cells. So the cells themselves are kept, for `near` to compare, and the bits serve as keys to find what is worth comparing.
"""

import struct
from itertools import product
from typing import NamedTuple

import numpy as np
from PIL import Image

from curation.images.similarity.cells import BLANK, Cells, planes_of
from curation.images.similarity.frequencies import lowest, packed

CELLS = 48
CHROMA_CELLS = 8
N_FREQUENCIES = 64
DOUBTFUL = 2
"""Bits of each band that are tried both ways: those whose coefficients are nearest to the median."""
N_BANDS, BAND_KEYS = 5, 2**DOUBTFUL

_LAYOUT = struct.Struct(f"<HH{CELLS * CELLS}s{2 * CHROMA_CELLS * CHROMA_CELLS}s")
HASH_BYTES = _LAYOUT.size


class ImageHash(NamedTuple):
    """Hashable and of fixed size. Ask `near` whether two are of one image."""

    width: int
    height: int
    luma: bytes
    chroma: bytes

    @property
    def is_blank(self) -> bool:
        """Whether the image is (nearly) of one colour, like any other such image."""
        return int(np.ptp(np.frombuffer(self.luma, np.uint8))) < BLANK

    def bands(self) -> list[list[bytes]]:
        """Keys for candidate search, those of a band together: two near images nearly always share a key of some band.

        Bands are the quarters of the 64 lowest frequencies, and all of them, by which puzzles of one family fall apart. A band has four
        keys: the two bits that flip first are tried both ways.
        """
        luma = np.frombuffer(self.luma, np.uint8).reshape(CELLS, CELLS).astype(np.float32)
        whole = lowest(luma, N_FREQUENCIES)
        quarters = (whole[first :: N_BANDS - 1] for first in range(N_BANDS - 1))
        return [_keys(band) for band in (*quarters, whole)]

    def to_bytes(self) -> bytes:
        """`HASH_BYTES` bytes, for a Parquet column."""
        return _LAYOUT.pack(*self)

    @classmethod
    def from_bytes(cls, data: bytes) -> "ImageHash":
        """The inverse of `to_bytes`."""
        return cls(*_LAYOUT.unpack(data))


def image_hash(image: Image.Image) -> ImageHash:
    """The hash of a decoded RGB image."""
    luma, blue, red = planes_of(image, CELLS, CELLS)
    chroma = (plane.resize((CHROMA_CELLS, CHROMA_CELLS), Image.Resampling.BOX).tobytes() for plane in (blue, red))
    return ImageHash(*image.size, luma.tobytes(), b"".join(chroma))


def _keys(band: Cells) -> list[bytes]:
    """The signs of some frequencies as bits, the doubtful ones tried both ways."""
    doubtful = np.argsort(np.abs(band), kind="stable")[:DOUBTFUL]
    tried = np.tile(band, (BAND_KEYS, 1))
    tried[:, doubtful] = list(product((-1.0, 1.0), repeat=DOUBTFUL))
    return [packed(signs).tobytes() for signs in tried]
