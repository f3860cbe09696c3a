"""Points in an image, each close enough to its own gold point."""

import math
from typing import ClassVar, Literal

from pydantic import Field

from rewards.kinds._geometry import Coordinates, Geometry, read_rows


class Points(Geometry):
    """Options: the distance allowed. The gold is JSON, one point or a list of them."""

    kind: Literal["points"] = "points"
    max_distance: float = Field(10.0, ge=0)
    """Euclidean, in the unit of the coordinates (pixels)."""

    example: ClassVar[tuple[str, str]] = ("[[10, 20], [30, 40]]", "(30, 41), (10, 20)")

    def read(self, text: str) -> list[Coordinates] | None:
        return read_rows(text, 2)

    def close(self, gold: Coordinates, answer: Coordinates) -> bool:
        return math.dist(gold, answer) <= self.max_distance
