"""Encoded images: opened safely, decoded to RGB on white, normalised, measured."""

from curation.images.normalise import ImageOptions, Normalised, normalise_image
from curation.images.pixels import decode
from curation.images.safe import FORMATS, MAX_BYTES, ImageError, ImageInfo, explain, inspect

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "ImageError",
    "ImageInfo",
    "ImageOptions",
    "Normalised",
    "decode",
    "explain",
    "inspect",
    "normalise_image",
]
