"""What a row's pictures leave behind: a key of their pixels, and hashes by which a picture is known encoded anew or resized."""

import hashlib
from collections.abc import Sequence

from curation.likeness import HASH_BYTES, PictureHash, near
from curation.likeness.hash import hash_of
from curation.pictures import decode

BANDS = 5
"""Four quarters of the first picture's perceptual hash, and all of it, by which puzzles of one family fall apart."""


def sign_pictures(images: Sequence[bytes], perceptual: bool) -> tuple[list[bytes], bytes, bytes]:
    """Of every picture the digest of its size and pixels; bands to find copies by (20 bytes); all hashes in a row.

    Raises:
        PictureError: a picture cannot be decoded.
    """
    digests: list[bytes] = []
    hashes: list[PictureHash] = []
    for image in images:
        picture = decode(image)
        digests.append(hashlib.blake2b(f"{picture.size}".encode() + picture.tobytes(), digest_size=16).digest())
        if perceptual:
            hashes.append(hash_of(picture, picture.size))
    return digests, _bands(hashes[0]) if hashes else bytes(4 * BANDS), b"".join(map(PictureHash.to_bytes, hashes))


def _bands(first: PictureHash) -> bytes:
    whole = hashlib.blake2b(first.bits, digest_size=4).digest()
    return b"".join(first.bits[i : i + 2] + bytes(2) for i in range(0, 8, 2)) + whole


def are_copies(one: bytes, other: bytes) -> bool:
    """Whether two rows of hashes are of the same pictures in the same order."""
    return len(one) == len(other) and all(near(a, b) for a, b in zip(_hashes(one), _hashes(other), strict=True))


def _hashes(data: bytes) -> list[PictureHash]:
    return [PictureHash.from_bytes(data[i : i + HASH_BYTES]) for i in range(0, len(data), HASH_BYTES)]
