"""Bounding boxes, each overlapping its own gold box enough (intersection over union, Everingham et al. 2010)."""

from typing import ClassVar, Literal

from pydantic import Field

from rewards.kinds._geometry import Coordinates, Geometry, read_rows


class Boxes(Geometry):
    """Options: the overlap asked for, and how boxes are written. The gold is JSON, one box or a list of them."""

    kind: Literal["boxes"] = "boxes"
    iou: float = Field(0.5, gt=0, le=1)
    """Least intersection over union of an answer's box and the gold's; 1: the same box."""
    layout: Literal["xyxy", "xywh"] = "xyxy"
    """`xyxy`: two corners, left, top, right, bottom; `xywh`: left, top, width, height."""

    example: ClassVar[tuple[str, str]] = ("[10, 20, 30, 40]", "[11, 20, 30, 41]")

    def read(self, text: str) -> list[Coordinates] | None:
        rows = read_rows(text, 4)
        if rows is not None and self.layout == "xywh":
            rows = [(x, y, x + w, y + h) for x, y, w, h in rows]
        return rows if rows and all(r[0] < r[2] and r[1] < r[3] for r in rows) else None

    def close(self, gold: Coordinates, answer: Coordinates) -> bool:
        return overlap(gold, answer) >= self.iou


def overlap(a: Coordinates, b: Coordinates) -> float:
    """Return the intersection over union of two boxes (left, top, right, bottom)."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)
