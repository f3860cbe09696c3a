"""Plane geometry with labelled lengths and angles: rectangles, triangles, an L shape, a ring."""

import math
import random

from curation.puzzles.canvas import COLOURS, INK, Canvas, Point, clockwise
from curation.puzzles.scene import Scene, number_scene

DOMAIN = "geometry"

_FILL = "#dbe7fb"
_TRIPLES = ((3, 4, 5), (5, 12, 13), (6, 8, 10), (8, 15, 17), (7, 24, 25), (9, 12, 15), (12, 16, 20), (20, 21, 29))


def make(level: int, rng: random.Random) -> Scene:
    """Level 1 counts unit squares, 2 perimeter, 3 third angle, 4 hypotenuse or isosceles apex, 5 L shape or ring."""
    if level == 4:
        return rng.choice((_right_triangle, _isosceles))(rng)
    if level == 5:
        return rng.choice((_l_shape, _ring))(rng)
    return {1: _squares, 2: _perimeter, 3: _third_angle}[level](rng)


def _squares(rng: random.Random) -> Scene:
    wide, high = rng.randint(1, 3), rng.randint(1, 3)
    colour = rng.choice(list(COLOURS)[:3])
    step, x, y = 0.3, 0.5 - 0.15 * wide, 0.5 - 0.15 * high
    dx, dy = rng.uniform(-0.04, 0.04), rng.uniform(-0.04, 0.04)

    def paint(canvas: Canvas) -> None:
        for i in range(wide):
            for j in range(high):
                x0, y0 = x + dx + i * step, y + dy + j * step
                canvas.rect(x0, y0, x0 + step, y0 + step, COLOURS[colour], "white", 0.03)

    description = f"A rectangle made of {colour} unit squares. Width {wide}, height {high}."
    solution = f"Width {wide}, height {high}. {wide} * {high} = {wide * high}."
    return number_scene("What is the area of the rectangle?", wide * high, description, solution, paint)


def _perimeter(rng: random.Random) -> Scene:
    wide, high = rng.randint(2, 12), rng.randint(2, 12)
    half = 0.34 / max(wide, high)
    right, bottom = 0.46 + half * wide, 0.46 + half * high

    def paint(canvas: Canvas) -> None:
        canvas.rect(0.46 - half * wide, 0.46 - half * high, right, bottom, _FILL, INK, 0.015)
        canvas.text(0.46, bottom + 0.09, str(wide), 0.12)
        canvas.text(right + 0.04, 0.46, str(high), 0.12, anchor="lm")

    description = f"A rectangle. Width {wide}, height {high}."
    total = 2 * (wide + high)
    solution = f"Width {wide}, height {high}. 2 * ({wide} + {high}) = 2 * {wide + high} = {total}."
    return number_scene("What is the perimeter of the rectangle?", total, description, solution, paint)


def _triangle(canvas: Canvas, angles: tuple[int, int, int], labels: tuple[str, str, str]) -> None:
    """A triangle with the given angles at A, B (its base) and C; each label is inside its corner."""
    a, b, c = (math.radians(angle) for angle in angles)
    side = math.sin(b) / math.sin(c)
    corners = [(0.0, 0.0), (1.0, 0.0), (side * math.cos(a), -side * math.sin(a))]
    placed = _fitted(corners, 0.08)
    canvas.polygon(placed, _FILL, INK, 0.015)
    middle = (sum(x for x, _ in placed) / 3, sum(y for _, y in placed) / 3)
    for (x, y), label, angle in zip(placed, labels, angles, strict=True):
        distance = math.hypot(middle[0] - x, middle[1] - y)
        away = min(0.8, 0.085 / math.sin(math.radians(min(angle, 90)) / 2) / distance)
        canvas.text(x + away * (middle[0] - x), y + away * (middle[1] - y), label, 0.085)


def _fitted(points: list[Point], margin: float) -> list[Point]:
    """The points scaled and moved to the middle of the unit square."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    scale = (1 - 2 * margin) / max(max(xs) - min(xs), max(ys) - min(ys))
    x0, y0 = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    return [(0.5 + scale * (x - x0), 0.5 + scale * (y - y0)) for x, y in points]


def _third_angle(rng: random.Random) -> Scene:
    a = 5 * rng.randint(8, 16)
    b = 5 * rng.randint(8, min(16, 28 - a // 5))
    c = 180 - a - b

    def paint(canvas: Canvas) -> None:
        _triangle(canvas, (a, b, c), (f"{a}°", f"{b}°", "x"))

    description = f"A triangle with the angles {a}°, {b}° and x."
    solution = f"The angles sum to 180. 180 - {a} = {180 - a}. {180 - a} - {b} = {c}."
    return number_scene("How many degrees is the angle x?", c, description, solution, paint)


def _isosceles(rng: random.Random) -> Scene:
    base = rng.randint(36, 70)
    apex = 180 - 2 * base

    def paint(canvas: Canvas) -> None:
        _triangle(canvas, (base, base, apex), (f"{base}°", "", "x"))
        placed = _fitted([(0.0, 0.0), (1.0, 0.0), (0.5, -0.5 * math.tan(math.radians(base)))], 0.08)
        for x, y in placed[:2]:
            mx, my = (x + placed[2][0]) / 2, (y + placed[2][1]) / 2
            sign = 1 if x < 0.5 else -1
            canvas.line([(mx - 0.035, my - 0.02 * sign), (mx + 0.035, my + 0.02 * sign)], "#d62728", 0.015)

    description = "An isosceles triangle. Its two marked sides are equal. "
    description += f"One angle at its base is {base}°, the angle between the equal sides is x."
    solution = f"Both angles at the base are {base}. 2 * {base} = {2 * base}. 180 - {2 * base} = {apex}."
    question = "The marked sides are equal. How many degrees is the angle x?"
    return number_scene(question, apex, description, solution, paint)


def _right_triangle(rng: random.Random) -> Scene:
    a, b, c = rng.choice(_TRIPLES)
    if rng.random() < 0.5:
        a, b = b, a

    def paint(canvas: Canvas) -> None:
        corner, along, up = placed = _fitted([(0.0, 0.0), (float(a), 0.0), (0.0, -float(b))], 0.17)
        canvas.polygon(placed, _FILL, INK, 0.015)
        canvas.rect(corner[0], corner[1] - 0.06, corner[0] + 0.06, corner[1], None, INK)
        canvas.text((corner[0] + along[0]) / 2, corner[1] + 0.08, str(a), 0.1)
        canvas.text(corner[0] - 0.03, (corner[1] + up[1]) / 2, str(b), 0.1, anchor="rm")
        canvas.text((along[0] + up[0]) / 2 + 0.03, (along[1] + up[1]) / 2 - 0.03, "x", 0.1, anchor="ls")

    description = f"A right triangle. The sides at the right angle are {a} and {b}. The longest side is x."
    solution = f"x * x = {a} * {a} + {b} * {b} = {a * a} + {b * b} = {c * c}. The root of {c * c} is {c}."
    return number_scene("How long is the side x?", c, description, solution, paint)


def _l_shape(rng: random.Random) -> Scene:
    wide, high = rng.randint(6, 14), rng.randint(6, 14)
    cut_wide, cut_high = rng.randint(2, wide - 3), rng.randint(2, high - 3)
    area = wide * high - cut_wide * cut_high

    def paint(canvas: Canvas) -> None:
        step = 0.68 / max(wide, high)
        x0, y0 = 0.5 - step * wide / 2, 0.5 - step * high / 2
        x1, y1 = x0 + step * wide, y0 + step * high
        xc, yc = x1 - step * cut_wide, y0 + step * cut_high
        canvas.polygon([(x0, y0), (xc, y0), (xc, yc), (x1, yc), (x1, y1), (x0, y1)], _FILL, INK, 0.015)
        canvas.text((x0 + x1) / 2, y1 + 0.07, str(wide), 0.09)
        canvas.text(x0 - 0.03, (y0 + y1) / 2, str(high), 0.09, anchor="rm")
        canvas.text((xc + x1) / 2, yc + 0.065, str(cut_wide), 0.09)
        canvas.text(xc - 0.025, (y0 + yc) / 2, str(cut_high), 0.09, anchor="rm")

    description = (
        f"An L shape: a rectangle of width {wide} and height {high} without its top right corner, "
        f"a rectangle of width {cut_wide} and height {cut_high}. All angles are right."
    )
    whole, cut = wide * high, cut_wide * cut_high
    solution = f"{wide} * {high} = {whole}. {cut_wide} * {cut_high} = {cut}. {whole} - {cut} = {area}."
    return number_scene("All angles are right. What is the area of the shape?", area, description, solution, paint)


def _ring(rng: random.Random) -> Scene:
    inner = rng.randint(2, 8)
    outer = inner + rng.randint(1, 6)
    area = outer * outer - inner * inner

    def paint(canvas: Canvas) -> None:
        r = 0.44 * inner / outer
        canvas.disc(0.5, 0.5, 0.44, "#9bbcf2", INK, 0.015)
        canvas.disc(0.5, 0.5, r, "white", INK, 0.015)
        for length, angle, text in ((r, 90, inner), (0.44, 225, outer)):
            end = clockwise(0.5, 0.5, length, angle)
            canvas.line([(0.5, 0.5), end], "#d62728", 0.012)
            share = 0.55 if text == inner else (inner / outer + 1) / 2
            canvas.text(0.5 + share * (end[0] - 0.5), 0.5 + share * (end[1] - 0.5) - 0.06, str(text), 0.09)

    description = (
        f"A ring between two circles with the same centre. The inner radius is {inner}, the outer radius is {outer}."
    )
    whole, hole = outer * outer, inner * inner
    solution = f"{outer} * {outer} = {whole}. {inner} * {inner} = {hole}. {whole} - {hole} = {area}, times pi."
    question = "What is the exact area of the blue ring? Use \\pi."
    return Scene(question, f"{area}\\pi", "math", description, solution, paint)
