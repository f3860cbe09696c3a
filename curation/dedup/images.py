"""What a row's images leave behind: a key of their pixels, and hashes that survive re-encoding and resizing."""

import zlib
from collections.abc import Sequence

from curation.images import decode
from curation.images.similarity import HASH_BYTES, ImageHash, image_hash, near
from curation.images.similarity.copies import digest_of
from curation.images.similarity.hash import BAND_KEYS, N_BANDS

BANDS_BYTES = 4 * N_BANDS * BAND_KEYS


def sign_images(images: Sequence[bytes], perceptual: bool) -> tuple[list[bytes], bytes, bytes]:
    """Of every image the digest of its size and pixels; the first one's bands to find copies by; all hashes in a row.

    Raises:
        ImageError: an image cannot be decoded.
    """
    digests: list[bytes] = []
    hashes: list[ImageHash] = []
    for image in images:
        pixels = decode(image)
        digests.append(digest_of(pixels))
        if perceptual:
            hashes.append(image_hash(pixels))
    return digests, _bands(hashes[0]) if hashes else bytes(BANDS_BYTES), b"".join(map(ImageHash.to_bytes, hashes))


def _bands(first: ImageHash) -> bytes:
    return b"".join(zlib.crc32(key).to_bytes(4, "little") for keys in first.bands() for key in keys)


def are_copies(one: bytes, other: bytes) -> bool:
    """Whether two rows of hashes are of the same images in the same order, but for details (`figures`)."""
    return len(one) == len(other) and all(near(a, b) for a, b in zip(_hashes(one), _hashes(other), strict=True))


def _hashes(data: bytes) -> list[ImageHash]:
    return [ImageHash.from_bytes(data[i : i + HASH_BYTES]) for i in range(0, len(data), HASH_BYTES)]
