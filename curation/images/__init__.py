"""Encoded images: opened safely, decoded to RGB on white, normalised, measured."""

from curation.images.normalise import ImageOptions, normalise_image
from curation.images.pixels import decode
from curation.images.safe import MAX_BYTES, ImageError, explain, inspect

__all__ = ["MAX_BYTES", "ImageError", "ImageOptions", "decode", "explain", "inspect", "normalise_image"]
