"""Encoded pictures: opened safely, decoded to RGB on white, normalised, measured."""

from curation.pictures.pixels import decode
from curation.pictures.safe import FORMATS, MAX_BYTES, PictureError, PictureInfo, explain, inspect, verify

__all__ = ["FORMATS", "MAX_BYTES", "PictureError", "PictureInfo", "decode", "explain", "inspect", "verify"]
