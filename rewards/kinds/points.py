"""Points in an image: as many as the gold has, each close enough to its own."""

import math
from typing import ClassVar, Literal

from pydantic import Field

from rewards.kinds._base import Compare, Kind, Variants
from rewards.kinds._geometry import matched, missed, read_rows, restyled
from rewards.verdict import Ruling, UnreadableGoldError


class Points(Kind):
    """Options: the distance allowed. The gold is JSON, one point or a list of them."""

    kind: Literal["points"] = "points"
    max_distance: float = Field(10.0, ge=0)
    """Euclidean, in the unit of the coordinates (pixels)."""

    example: ClassVar[tuple[str, str]] = ("[[10, 20], [30, 40]]", "(30, 41), (10, 20)")

    def against(self, gold: str) -> Compare:
        wanted = read_rows(gold, 2)
        if wanted is None:
            raise UnreadableGoldError(f"the gold {gold!r} is no list of points")

        def compare(answer: str) -> Ruling:
            found = read_rows(answer, 2)
            if found is None:
                return Ruling("wrong", "points", "no points")
            same = matched(wanted, found, lambda a, b: math.dist(a, b) <= self.max_distance)
            return Ruling.of(same, "points", f"{len(found)} of {len(wanted)}")

        return compare

    def equivalents(self, gold: str) -> Variants:
        return restyled(gold)

    def near_misses(self, gold: str) -> Variants:
        return missed(gold)
