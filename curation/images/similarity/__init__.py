"""Perceptual similarity of images: what survives re-encoding and resizing (`near`), and light cropping too (`ImageIndex`)."""

from curation.images.similarity.compare import near
from curation.images.similarity.hash import HASH_BYTES, ImageHash, image_hash
from curation.images.similarity.index import ImageIndex, ImageMatch

__all__ = ["HASH_BYTES", "ImageHash", "ImageIndex", "ImageMatch", "image_hash", "near"]
