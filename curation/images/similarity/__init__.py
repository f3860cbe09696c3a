"""Perceptual likeness of pictures: what survives re-encoding and resizing (`near`), and light cropping too (`PictureIndex`)."""

from curation.images.similarity.compare import near
from curation.images.similarity.hash import HASH_BYTES, PictureHash, picture_hash
from curation.images.similarity.index import PictureIndex, PictureMatch

__all__ = ["HASH_BYTES", "PictureHash", "PictureIndex", "PictureMatch", "near", "picture_hash"]
