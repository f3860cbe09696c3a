"""Perceptual likeness of pictures: what survives re-encoding and resizing (`near`), and light cropping too (`PictureIndex`)."""

from curation.likeness.compare import near
from curation.likeness.hash import HASH_BYTES, PictureHash, picture_hash
from curation.likeness.index import PictureIndex, PictureMatch

__all__ = ["HASH_BYTES", "PictureHash", "PictureIndex", "PictureMatch", "near", "picture_hash"]
