"""Which of two groups of dots has more, or have they the same number: side by side first, mixed later."""

import random

from curation.puzzles.canvas import COLOURS, GRID, SHAPES, Canvas
from curation.puzzles.scene import Scene, choice_scene, compared, number_scene

DOMAIN = "puzzle"

_MOST = {1: 4, 2: 6, 3: 9}


def make(level: int, rng: random.Random) -> Scene:
    """Levels 1-3 compare a left and a right group, 4 two mixed colours, 5 asks by how many they differ."""
    return _sides(level, rng) if level <= 3 else _mixed(level, rng)


def _verdict(left: int, right: int) -> str:
    return "the same" if left == right else "more" if left > right else "fewer"


def _pair(most: int, rng: random.Random) -> tuple[int, int]:
    """Two counts such that more, fewer and the same are equally likely."""
    order = rng.choice(("more", "fewer", "the same"))
    low, high = sorted(rng.sample(range(1, most + 1), 2))
    return {"more": (high, low), "fewer": (low, high), "the same": (low, low)}[order]


def _sides(level: int, rng: random.Random) -> Scene:
    left, right = _pair(_MOST[level], rng)
    colours = rng.sample(list(COLOURS)[:3], 2)
    rows, columns = (2, 2) if level == 1 else (3, 2) if level == 2 else (3, 3)
    cells = [sorted(rng.sample(range(rows * columns), n)) for n in (left, right)]

    def paint(canvas: Canvas) -> None:
        canvas.line([(0.5, 0.0), (0.5, 1.0)], GRID, 0.012)
        for x0, colour, places in zip((0.0, 0.5), colours, cells, strict=True):
            for place in places:
                x, y = x0 + 0.03 + (place % columns + 0.5) * 0.44 / columns, (place // columns + 0.5) / rows
                canvas.disc(x, y, 0.4 * min(0.44 / columns, 1 / rows), COLOURS[colour])

    verdict = _verdict(left, right)
    word = {"more": "left", "fewer": "right", "the same": "same"}[verdict]
    description = f"Left: {left} {colours[0]} dots. Right: {right} {colours[1]} dots."
    solution = f"Left has {left}. Right has {right}. {compared(left, right)}"
    return choice_scene("Which side has more dots?", ("left", "right", "same"), word, description, solution, paint)


def _mixed(level: int, rng: random.Random) -> Scene:
    side = 5 if level == 4 else 6
    first, second = rng.sample(list(COLOURS)[:5], 2)
    if level == 4:
        n, m = _pair(6, rng)
        n, m = n + 4, m + 4
    else:
        m = rng.randint(5, 10)
        n = m + rng.randint(1, 8)
    cells = rng.sample(range(side * side), n + m)
    look = {
        cell: (first if i < n else second, rng.choice(SHAPES), rng.uniform(0.3, 0.44)) for i, cell in enumerate(cells)
    }

    def paint(canvas: Canvas) -> None:
        for cell, (colour, shape, r) in sorted(look.items()):
            canvas.shape(shape, (cell % side + 0.5) / side, (cell // side + 0.5) / side, r / side, colour)

    counts = description = f"There are {n} {first} shapes and {m} {second} shapes."
    if level == 4:
        word = {"more": first, "fewer": second, "the same": "same"}[_verdict(n, m)]
        solution = f"{counts} {compared(n, m)}"
        choices = (first, second, "same")
        return choice_scene("Which colour has more shapes?", choices, word, description, solution, paint)
    question = f"How many more {first} shapes than {second} shapes are there?"
    return number_scene(question, n - m, description, f"{counts} {n} - {m} = {n - m}.", paint)
