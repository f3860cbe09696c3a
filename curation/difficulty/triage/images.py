"""Rows with other images: of one colour, or those of another row of their source. What they are sampled with to see what an image adds.

Which row lends its images follows from the seed and the ids alone: the rows of a source with as many images stand in an order that is as
good as random, and each takes those of the next row whose pictures are others. So a row that comes or goes changes one neighbour.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from curation.core.row import Row, from_record, row_id
from curation.core.rows import Numbers, Rows
from curation.difficulty.triage.marks import Variant
from curation.difficulty.triage.samples import CHUNK

COLOUR = (255, 255, 255)
"""Of a blank image: that of a page, which is what normalisation puts behind transparent ones."""
_NONE = -1


@dataclass(frozen=True)
class Varied:
    """The rows at `numbers` (ascending), their images replaced; `donors` are the numbers of the rows that lend theirs, for `swapped`."""

    rows: Rows
    numbers: Numbers
    variant: Variant
    donors: Numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Row]:
        for start in range(0, len(self.numbers), CHUNK):
            numbers, donors = self.numbers[start : start + CHUNK], self.donors[start : start + CHUNK]
            lent = self._lent(np.unique(donors)) if self.variant == "swapped" else {}
            for (_, record), donor in zip(self.rows.at(numbers), donors.tolist(), strict=True):
                row = from_record(record)
                yield replace(row, images=lent[donor] if lent else tuple(map(blank, row.images)))

    def _lent(self, donors: Numbers) -> dict[int, tuple[bytes, ...]]:
        return {number: tuple(record["images"]) for number, record in self.rows.at(donors, ["images"])}


def varied(rows: Rows, chosen: Numbers, variant: Variant, seed: int, pool: Numbers) -> Varied:
    """The rows at `chosen` that the variant can be made of; for `swapped` a row without another picture in its source is left out. `pool`
    are all rows with images, which `chosen` are some of.
    """
    if variant == "blank":
        return Varied(rows, chosen, variant, chosen)
    donors = find_donors(rows, pool, seed)[np.searchsorted(pool, chosen)]
    has_one = donors != _NONE
    return Varied(rows, chosen[has_one], variant, donors[has_one])


def find_donors(rows: Rows, pool: Numbers, seed: int) -> Numbers:
    """For each row of `pool` the number of the row that lends its images, -1 where there is none. Memory: a key and a digest a row."""
    groups: dict[tuple[str, int], list[tuple[bytes, str, int]]] = {}
    for number, record in rows.at(pool, ["id", "source", "images"]):
        key = hashlib.blake2b(f"swap:{seed}:{record['id']}".encode(), digest_size=8).digest()
        pixels = row_id("", record["images"])
        groups.setdefault((record["source"], len(record["images"])), []).append((key, pixels, number))
    donor_of: dict[int, int] = {}
    for members in groups.values():
        members.sort()
        if len({pixels for _, pixels, _ in members}) == 1:
            donor_of.update((number, _NONE) for _, _, number in members)
            continue
        following = next(member for member in members if member[1] != members[-1][1])
        for member, after in reversed(list(zip(members, [*members[1:], members[0]], strict=True))):
            if after[1] != member[1]:
                following = after
            donor_of[member[2]] = following[2]
    return np.array([donor_of[number] for number in pool.tolist()], np.int64)


def blank(image: bytes) -> bytes:
    """An image of the same size, of one colour."""
    with Image.open(io.BytesIO(image)) as picture:
        size = picture.size
    buffer = io.BytesIO()
    Image.new("RGB", size, COLOUR).save(buffer, "PNG")
    return buffer.getvalue()
