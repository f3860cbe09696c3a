"""Count the shapes of one colour, one colour and shape, or all but one colour, on a grid."""

import random

from curation.puzzles.canvas import COLOURS, SHAPES, Canvas
from curation.puzzles.scene import Scene, added, joined, number_scene

DOMAIN = "puzzle"

Thing = tuple[str, str]  # colour, shape
_SIDE = {1: 2, 2: 3, 3: 4, 4: 5, 5: 6}
_MOST = {1: 4, 2: 6, 3: 8, 4: 10, 5: 14}
_COLOURS = {1: 3, 2: 3, 3: 4, 4: 5, 5: 5}


def make(level: int, rng: random.Random) -> Scene:
    """Levels 1-2 ask for a colour, 3-4 for a colour and shape, 5 for a shape that is not of a colour."""
    side, colours, shapes = _SIDE[level], list(COLOURS)[: _COLOURS[level]], SHAPES[: 2 + level // 2]
    colour, shape = rng.choice(colours), rng.choice(shapes)
    asked = f"{shape}s that are not {colour}" if level == 5 else f"{colour} {shape if level > 2 else 'shape'}s"

    def wanted(thing: Thing) -> bool:
        if level <= 2:
            return thing[0] == colour
        return thing[1] == shape and (thing[0] != colour if level == 5 else thing[0] == colour)

    n = rng.randint(1 if level < 5 else 4, _MOST[level])
    everything = [(c, s) for c in colours for s in shapes]
    targets = [thing for thing in everything if wanted(thing)]
    others = [thing for thing in everything if not wanted(thing)]
    free = side * side - n
    n_others = rng.randint(side, max(side, free - side)) if level > 1 else rng.randint(0, free)
    things = [rng.choice(targets) for _ in range(n)] + [rng.choice(others) for _ in range(min(n_others, free))]
    cells = rng.sample(range(side * side), len(things))
    rng.shuffle(cells)
    grid: list[Thing | None] = [None] * (side * side)
    for cell, thing in zip(cells, things, strict=True):
        grid[cell] = thing
    rows = [grid[side * row : side * row + side] for row in range(side)]
    jitter = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in grid]

    def paint(canvas: Canvas) -> None:
        step = 1 / side
        for cell, thing in enumerate(grid):
            if thing is not None:
                dx, dy = jitter[cell]
                x, y = (cell % side + 0.5 + 0.09 * dx) * step, (cell // side + 0.5 + 0.09 * dy) * step
                canvas.shape(thing[1], x, y, 0.39 * step, thing[0])

    description = " ".join(f"Row {i}: {joined(_names(row))}." for i, row in enumerate(rows, 1))
    if level <= 2:
        seen = f"I see {joined(thing[0] for thing in grid if thing)}."
        solution = f"{seen} Count the {asked}: {joined(range(1, n + 1))}."
    else:
        per_row = [sum(1 for thing in row if thing and wanted(thing)) for row in rows]
        solution = f"Count the {asked} in each row: {added(per_row)}."
    return number_scene(f"How many {asked} are there?", n, description, solution, paint)


def _names(row: list[Thing | None]) -> list[str]:
    return [" ".join(thing) for thing in row if thing is not None]
