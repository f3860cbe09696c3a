"""Other images for a row: of one color, or those of another row of its source. What a prompt is sampled with to see what its image adds."""

import hashlib
import io
from collections.abc import Iterable

from PIL import Image

COLOR = (255, 255, 255)
"""Of a blank image: that of a page, which is what normalisation puts behind transparent ones."""


def blank(image: bytes) -> bytes:
    """An image of the same size, of one color."""
    with Image.open(io.BytesIO(image)) as picture:
        size = picture.size
    buffer = io.BytesIO()
    Image.new("RGB", size, COLOR).save(buffer, "PNG")
    return buffer.getvalue()


def donors(rows: Iterable[tuple[int, str, str, int, str]], seed: int) -> dict[int, int | None]:
    """For each row, given as (number, id, source, how many images, a digest of their pixels), the number of the row that lends its images;
    None where no row of its source has as many and other ones.

    Who lends to whom follows from the seed and the ids alone: the rows of a source stand in an order that is as good as random, and each
    takes the images of the next row whose are others. So a row that comes or goes changes one neighbor.
    """
    groups: dict[tuple[str, int], list[tuple[bytes, str, int]]] = {}
    for number, row_id, source, n_images, pixels in rows:
        key = hashlib.blake2b(f"swap:{seed}:{row_id}".encode(), digest_size=8).digest()
        groups.setdefault((source, n_images), []).append((key, pixels, number))
    donor_of: dict[int, int | None] = {}
    for members in groups.values():
        members.sort()
        if len({pixels for _, pixels, _ in members}) == 1:
            donor_of.update((number, None) for _, _, number in members)
            continue
        following = next(member for member in members if member[1] != members[-1][1])
        for member, after in reversed(list(zip(members, [*members[1:], members[0]], strict=True))):
            if after[1] != member[1]:
                following = after
            donor_of[member[2]] = following[2]
    return donor_of
