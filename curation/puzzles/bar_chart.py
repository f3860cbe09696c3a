"""Read a bar chart: a value, the highest or lowest bar, a difference, a sum, the bars above a line."""

import random

from curation.puzzles.canvas import COLOURS, GRID, INK, Canvas
from curation.puzzles.scene import Scene, added, choice_scene, joined, number_scene

DOMAIN = "chart"

_BARS = {1: 3, 2: 3, 3: 4, 4: 5, 5: 6}
_STEP = {1: 1, 2: 1, 3: 1, 4: 5, 5: 10}
_MOST = {1: 4, 2: 5, 3: 9, 4: 50, 5: 100}
_TICK = {1: 1, 2: 1, 3: 3, 4: 10, 5: 20}


def make(level: int, rng: random.Random) -> Scene:
    """Level 1 reads a value, 2 the highest or lowest bar, 3 a difference, 4 a sum, 5 counts the bars above the mean."""
    colours = list(COLOURS)[: _BARS[level]]
    values = [_STEP[level] * rng.randint(1, _MOST[level] // _STEP[level]) for _ in colours]
    if level == 2:
        values = rng.sample(range(1, _MOST[level] + 1), len(colours))
    rng.shuffle(colours)
    names = colours if level <= 2 else list("ABCDEF"[: len(colours)])
    bars = dict(zip(names, values, strict=True))
    first, second = rng.sample(names, 2)

    def paint(canvas: Canvas) -> None:
        _axes(canvas, level)
        for i, (name, value) in enumerate(bars.items()):
            centre = _LEFT + (i + 0.5) * (_RIGHT - _LEFT) / len(bars)
            half = 0.36 * (_RIGHT - _LEFT) / len(bars)
            canvas.rect(centre - half, _height(value, level), centre + half, _BOTTOM, COLOURS[colours[i]])
            canvas.text(centre, _BOTTOM + 0.075, name, 0.095)
        canvas.line([(_LEFT, _BOTTOM), (_RIGHT, _BOTTOM)], INK, 0.012)

    listed = joined([f"{name} {value}" for name, value in bars.items()])
    description = f"A bar chart. {listed}."
    a, b = bars[first], bars[second]
    if level == 1:
        question, solution = f"What is the value of the {first} bar?", f"The {first} bar ends at {a}."
        return number_scene(question, a, description, solution, paint)
    if level == 2:
        word, best = rng.choice((("highest", max(values)), ("lowest", min(values))))
        right = next(name for name, value in bars.items() if value == best)
        solution = f"The bars are {listed}. The {word} is {right}, {best}."
        return choice_scene(f"Which bar is the {word}?", names, right, description, solution, paint)
    read = f"Bar {first} is {a}. Bar {second} is {b}."
    if level == 3:
        question = f"What is the difference between bar {first} and bar {second}?"
        solution = f"{read} {max(a, b)} - {min(a, b)} = {abs(a - b)}."
        return number_scene(question, abs(a - b), description, solution, paint)
    if level == 4:
        question = f"What is the sum of bar {first} and bar {second}?"
        return number_scene(question, a + b, description, f"{read} {added((a, b))}.", paint)
    total, n = sum(values), len(values)
    above = [name for name, value in bars.items() if value * n > total]
    solution = f"The sum is {total}, so the mean is {total} / {n}, about {total / n:.1f}. "
    solution += f"Above it: {joined(above)}. That makes {len(above)}."
    return number_scene("How many bars are higher than the mean of all bars?", len(above), description, solution, paint)


_LEFT, _RIGHT, _TOP, _BOTTOM = 0.17, 0.97, 0.07, 0.84


def _height(value: float, level: int) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * value / _MOST[level]


def _axes(canvas: Canvas, level: int) -> None:
    for value in range(0, _MOST[level] + 1, _TICK[level]):
        y = _height(value, level)
        canvas.line([(_LEFT, y), (_RIGHT, y)], GRID)
        canvas.text(_LEFT - 0.03, y, str(value), 0.11 if level <= 2 else 0.085, anchor="rm")
    canvas.line([(_LEFT, _TOP), (_LEFT, _BOTTOM)], INK, 0.012)
