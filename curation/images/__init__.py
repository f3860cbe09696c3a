"""Encoded pictures: opened safely, decoded to RGB on white, normalised, measured."""

from curation.images.normalise import Normalised, Pictures, normalise_picture
from curation.images.pixels import decode
from curation.images.safe import FORMATS, MAX_BYTES, PictureError, PictureInfo, explain, inspect, verify

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "Normalised",
    "PictureError",
    "PictureInfo",
    "Pictures",
    "decode",
    "explain",
    "inspect",
    "normalise_picture",
    "verify",
]
