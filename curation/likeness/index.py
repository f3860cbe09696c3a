"""Evaluation pictures, to be searched by training pictures."""

from hashlib import blake2b
from typing import Literal, NamedTuple

from PIL import Image

from curation.likeness.compare import correlation, near
from curation.likeness.hash import PictureHash, hash_of
from curation.pictures import decode


class PictureMatch(NamedTuple):
    """An evaluation picture of which a picture is a copy; `score` is 1 for the same pixels, else how well the two correlate."""

    key: str
    kind: Literal["exact", "near"]
    score: float


class PictureIndex:
    """Finds the pictures of which another is a copy: the same pixels, or encoded anew, resized, lightly cropped."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.hashes: list[PictureHash] = []
        self.exact: dict[bytes, list[int]] = {}

    def __len__(self) -> int:
        return len(self.keys)

    def add(self, key: str, data: bytes) -> None:
        """Add an evaluation picture under a name of its own.

        Raises:
            PictureError: the picture cannot be decoded.
        """
        picture = decode(data)
        self.exact.setdefault(_digest(picture), []).append(len(self.keys))
        self.keys.append(key)
        self.hashes.append(hash_of(picture, picture.size))

    def search(self, data: bytes) -> list[PictureMatch]:
        """Every picture of the index of which this one is a copy: those of the same pixels first, then by falling score.

        Raises:
            PictureError: the picture cannot be decoded.
        """
        picture = decode(data)
        same = self.exact.get(_digest(picture), [])
        mine = hash_of(picture, picture.size)
        found = [
            PictureMatch(self.keys[i], "near", round(correlation(mine, other), 4))
            for i, other in enumerate(self.hashes)
            if i not in same and near(mine, other)
        ]
        return [PictureMatch(self.keys[i], "exact", 1.0) for i in same] + sorted(
            found, key=lambda match: (-match.score, match.key)
        )


def _digest(picture: Image.Image) -> bytes:
    """Of an RGB picture's size and pixels."""
    return blake2b(f"{picture.size}".encode() + picture.tobytes(), digest_size=16).digest()
