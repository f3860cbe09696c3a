"""A square canvas in unit coordinates: (0, 0) is the top left corner, (1, 1) the bottom right, at any size in pixels.

It is drawn larger and reduced by averaging, which smooths every edge the same way on every machine. Letters come from
the font inside Pillow with its basic layout: system fonts and the optional shaping library would change the bytes.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

COLOURS = {
    "red": "#d62728",
    "blue": "#1f5fd0",
    "green": "#2ca02c",
    "orange": "#ff9a1f",
    "purple": "#8e3cc2",
    "black": "#222222",
}
SHAPES = ("circle", "square", "triangle", "diamond", "star")
INK = "#222222"
GRID = "#c8c8c8"

Point = tuple[float, float]
Colour = str | None


@lru_cache(maxsize=64)
def _font(pixels: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(pixels)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("this Pillow was built without FreeType, which the puzzles' labels need")
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)


class Canvas:
    """Draws solid figures and labels; lengths, radii and text heights are fractions of the side."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._scale = 4 if size < 200 else 2
        self._side = size * self._scale
        self._image = Image.new("RGB", (self._side, self._side), "white")
        self._draw = ImageDraw.Draw(self._image)

    def image(self) -> Image.Image:
        """The finished RGB image, size x size pixels."""
        return self._image.reduce(self._scale)

    def _points(self, points: Sequence[Point]) -> list[Point]:
        return [(round(x * self._side), round(y * self._side)) for x, y in points]

    def _width(self, width: float) -> int:
        """At least one final pixel, so that thin lines survive the reduction."""
        return max(self._scale, round(width * self._side))

    def polygon(self, points: Sequence[Point], fill: Colour, outline: Colour = None, width: float = 0.008) -> None:
        if fill is not None:
            self._draw.polygon(self._points(points), fill=fill)
        if outline is not None:
            self.line([*points, points[0]], outline, width)

    def rect(
        self, x0: float, y0: float, x1: float, y1: float, fill: Colour, outline: Colour = None, width: float = 0.008
    ) -> None:
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], fill, outline, width)

    def disc(self, x: float, y: float, r: float, fill: Colour, outline: Colour = None, width: float = 0.008) -> None:
        box = self._points([(x - r, y - r), (x + r, y + r)])
        self._draw.ellipse(box, fill=fill, outline=outline, width=self._width(width) if outline else 0)

    def slice(self, x: float, y: float, r: float, start: float, end: float, fill: str) -> None:
        """A sector of a disc; degrees clockwise from the top."""
        steps = max(2, math.ceil(abs(end - start) / 3))
        rim = [start + (end - start) * step / steps for step in range(steps + 1)]
        self.polygon([(x, y), *(clockwise(x, y, r, angle) for angle in rim)], fill)

    def line(self, points: Sequence[Point], fill: str = INK, width: float = 0.008) -> None:
        thickness = self._width(width)
        placed = self._points(points)
        self._draw.line(placed, fill=fill, width=thickness)
        if thickness > 2 * self._scale:
            for x, y in placed:
                r = thickness / 2
                self._draw.ellipse([(x - r, y - r), (x + r, y + r)], fill=fill)

    def shape(self, name: str, x: float, y: float, r: float, colour: str) -> None:
        """A solid `name` of SHAPES around (x, y) that fits in a disc of radius about r."""
        fill = COLOURS[colour]
        if name == "circle":
            self.disc(x, y, 0.92 * r, fill)
        elif name == "square":
            self.rect(x - 0.8 * r, y - 0.8 * r, x + 0.8 * r, y + 0.8 * r, fill)
        elif name == "triangle":
            self.polygon([(x, y - 0.95 * r), (x + 0.98 * r, y + 0.78 * r), (x - 0.98 * r, y + 0.78 * r)], fill)
        elif name == "diamond":
            self.polygon([(x, y - r), (x + 0.72 * r, y), (x, y + r), (x - 0.72 * r, y)], fill)
        elif name == "star":
            self.polygon([clockwise(x, y, r if i % 2 == 0 else 0.42 * r, 36 * i) for i in range(10)], fill)
        else:
            raise ValueError(f"unknown shape {name!r}; known: {', '.join(SHAPES)}")

    def text(self, x: float, y: float, text: str, height: float = 0.09, fill: str = INK, anchor: str = "mm") -> None:
        """`text` at (x, y), where `anchor` is Pillow's; height is the font's size, at least 8 final pixels."""
        pixels = max(8 * self._scale, round(height * self._side))
        self._draw.text(self._points([(x, y)])[0], text, fill=fill, font=_font(pixels), anchor=anchor)


def clockwise(x: float, y: float, r: float, degrees: float) -> Point:
    """The point at distance r from (x, y), `degrees` clockwise from straight up."""
    angle = math.radians(degrees)
    return x + r * math.sin(angle), y - r * math.cos(angle)
