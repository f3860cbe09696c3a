"""Rows with other images: of one color, or those of another row of their source. What they are sampled with to see what an image adds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from curation.core.row import Row, from_record, row_id
from curation.core.rows import Numbers, Rows, SomeRows
from curation.difficulty.triage.marks import Variant
from curation.difficulty.triage.samples import CHUNK
from curation.sampling.images import blank, donors

_NONE = -1


@dataclass(frozen=True)
class Varied(SomeRows):
    """Some rows, their images replaced; `donors` are the numbers of the rows that lend theirs, for `swapped`."""

    variant: Variant
    donors: Numbers

    def some(self, numbers: Numbers) -> Self:
        return replace(self, numbers=self.numbers[numbers], donors=self.donors[numbers])

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
    keys = rows.at(pool, ["id", "source", "images"])
    described = ((n, r["id"], r["source"], len(r["images"]), row_id("", r["images"])) for n, r in keys)
    donor_of = donors(described, seed)
    return np.array([_NONE if donor_of[n] is None else donor_of[n] for n in pool.tolist()], np.int64)
