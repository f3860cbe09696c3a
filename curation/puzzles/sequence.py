"""Continue a pattern: repeating colours, two periods at once, growing numbers of dots, a matrix with a missing cell."""

import random
from itertools import pairwise

from curation.puzzles.canvas import COLOURS, GRID, INK, SHAPES, Canvas
from curation.puzzles.scene import Painter, Scene, added, choice_scene, choices_with, joined, number_scene

DOMAIN = "logic"


def make(level: int, rng: random.Random) -> Scene:
    """Level 1 repeats two colours, 2 three, 3 colours and shapes at different periods, 4 grows dots, 5 is a matrix."""
    if level <= 2:
        return _colours(level, rng)
    return {3: _two_periods, 4: _dots, 5: _matrix}[level](rng)


def _strip(things: list[str]) -> Painter:
    """The things in reading order, up to three in a row, and a question mark in the last place."""

    def paint(canvas: Canvas) -> None:
        n = len(things) + 1
        columns = 2 if n <= 4 else 3
        rows = -(-n // columns)
        step = 1 / max(columns, rows)
        for i in range(n):
            x, y = (i % columns + 0.5) / columns, (i // columns + 0.5) / rows
            if i < len(things):
                colour, shape = things[i].split()
                canvas.shape(shape, x, y, 0.4 * step, colour)
            else:
                canvas.text(x, y, "?", 0.6 * step)

    return paint


def _colours(level: int, rng: random.Random) -> Scene:
    period = level + 1
    colours = rng.sample(list(COLOURS)[:3] if level == 1 else list(COLOURS)[:5], period)
    shape = rng.choice(SHAPES[:3])
    n = 3 if level == 1 else rng.choice((5, 6, 7, 8))
    things = [f"{colours[i % period]} {shape}" for i in range(n)]
    right = colours[n % period]
    names = [thing.split()[0] for thing in things]
    choices = list(colours)
    rng.shuffle(choices)
    solution = f"The colours are {joined(names)}. They repeat {joined(colours)}. Next is {right}."
    return choice_scene(
        "Which colour comes next?", choices, right, f"In order: {joined(things)}, ?", solution, _strip(things)
    )


def _two_periods(rng: random.Random) -> Scene:
    """Colours of period 2 and shapes of period 3, or the other way round."""
    short = rng.random() < 0.5
    colours = rng.sample(list(COLOURS)[:5], 2 if short else 3)
    shapes = rng.sample(SHAPES, 3 if short else 2)
    n = rng.choice((7, 8))
    things = [f"{colours[i % len(colours)]} {shapes[i % len(shapes)]}" for i in range(n)]
    right = f"{colours[n % len(colours)]} {shapes[n % len(shapes)]}"
    choices = choices_with(right, [f"{colour} {shape}" for colour in colours for shape in shapes], 4, rng)
    solution = f"The colours repeat {joined(colours)}. The shapes repeat {joined(shapes)}. Next is {right}."
    question = "The shapes are read row by row. Which one comes next?"
    return choice_scene(question, choices, right, f"In order: {joined(things)}, ?", solution, _strip(things))


def _dots(rng: random.Random) -> Scene:
    """Five boxes with n, n + d, n + 2d, ... dots or with steps that grow by one; one box is empty."""
    start, step, growth = rng.randint(1, 4), rng.randint(1, 3), rng.choice((0, 1))
    counts = [start]
    for i in range(4):
        counts.append(counts[-1] + step + growth * i)
    colour = rng.choice(list(COLOURS)[:5])

    def paint(canvas: Canvas) -> None:
        for i in range(5):
            x0, y0 = (i % 3) / 3 + 0.01, 0.17 + (i // 3) / 3
            canvas.rect(x0, y0, x0 + 0.313, y0 + 0.313, None, INK)
            if i == 4:
                canvas.text(x0 + 0.157, y0 + 0.157, "?", 0.2)
                continue
            for dot in range(counts[i]):
                canvas.disc(x0 + 0.045 + 0.056 * (dot % 5), y0 + 0.05 + 0.07 * (dot // 5), 0.022, COLOURS[colour])

    known = counts[:4]
    steps = [b - a for a, b in pairwise(counts)]
    description = f"Boxes with {joined(known)} {colour} dots, then an empty box."
    solution = f"The boxes hold {joined(known)}. The steps are {joined(steps[:3])}, next {steps[3]}. "
    solution += f"{added((known[3], steps[3]))}."
    question = "The pattern goes on. How many dots belong in the box with the question mark?"
    return number_scene(question, counts[4], description, solution, paint)


def _matrix(rng: random.Random) -> Scene:
    """Every row and column has each shape and each colour once; any of the nine cells is missing."""
    colours, shapes = rng.sample(list(COLOURS)[:5], 3), rng.sample(SHAPES, 3)
    # The shapes shift to the left, the colours to the right: together a Graeco-Latin square, all nine cells differ.
    cells = [f"{colours[(i - j) % 3]} {shapes[(i + j) % 3]}" for i in range(3) for j in range(3)]
    missing = rng.randrange(9)
    right = cells[missing]

    def paint(canvas: Canvas) -> None:
        for i in (1, 2):
            canvas.line([(0, i / 3), (1, i / 3)], GRID)
            canvas.line([(i / 3, 0), (i / 3, 1)], GRID)
        for cell, thing in enumerate(cells):
            x, y = (cell % 3 + 0.5) / 3, (cell // 3 + 0.5) / 3
            if cell == missing:
                canvas.text(x, y, "?", 0.2)
            else:
                canvas.shape(thing.split()[1], x, y, 0.13, thing.split()[0])

    shown = [thing if cell != missing else "?" for cell, thing in enumerate(cells)]
    description = " ".join(f"Row {i + 1}: {joined(shown[3 * i : 3 * i + 3])}." for i in range(3))
    row = [thing.split() for cell, thing in enumerate(cells) if cell // 3 == missing // 3 and cell != missing]
    choices = choices_with(right, [f"{colour} {shape}" for colour in colours for shape in shapes], 4, rng)
    solution = (
        f"Each row has every colour and shape once. "
        f"Row {missing // 3 + 1} has {row[0][0]} and {row[1][0]}, {row[0][1]} and {row[1][1]}. "
        f"Missing are {right.split()[0]} and {right.split()[1]}."
    )
    question = "Each row has every colour and every shape once. What belongs in the cell with the question mark?"
    return choice_scene(question, choices, right, description, solution, paint)
