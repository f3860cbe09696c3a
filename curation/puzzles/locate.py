"""Say where an object is: a quadrant, a direction from another object, a named cell, the object at a walk's end."""

import random

from curation.puzzles.canvas import COLOURS, GRID, SHAPES, Canvas
from curation.puzzles.scene import Painter, Scene, choice_scene, choices_with, joined

DOMAIN = "puzzle"

QUADRANTS = ("top left", "top right", "bottom left", "bottom right")
_SIDE = {1: 2, 2: 2, 3: 3, 4: 4, 5: 5}
_THINGS = {2: 3, 3: 4, 4: 7, 5: 12}
Places = dict[str, tuple[int, int]]


def make(level: int, rng: random.Random) -> Scene:
    """Levels 1-2 ask for the quadrant, 3 for the direction, 4 for the cell's name, 5 for the object two walks away."""
    side = _SIDE[level]
    kinds = [(c, s) for c in list(COLOURS)[: 3 if level < 3 else 5] for s in SHAPES[: 3 if level < 3 else 5]]
    things = [" ".join(kind) for kind in rng.sample(kinds, rng.randint(1, 2) if level == 1 else _THINGS[level])]
    cells_of_things = rng.sample(range(side * side), len(things))
    places = {thing: divmod(cell, side) for thing, cell in zip(things, cells_of_things, strict=True)}
    jitter = {name: (rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1)) for name in things} if level <= 2 else {}

    def paint(canvas: Canvas) -> None:
        edge = 0.12 if level >= 4 else 0.0
        step = (1 - edge) / side
        for i in range(0 if edge else 1, side + 1):
            canvas.line([(edge, edge + i * step), (1, edge + i * step)], GRID)
            canvas.line([(edge + i * step, edge), (edge + i * step, 1)], GRID)
            if edge and i < side:
                canvas.text(edge + (i + 0.5) * step, edge / 2, "ABCDE"[i], 0.1)
                canvas.text(edge / 2, edge + (i + 0.5) * step, str(i + 1), 0.1)
        for name, (row, column) in places.items():
            dx, dy = jitter.get(name, (0.0, 0.0))
            colour, shape = name.split()
            canvas.shape(shape, edge + (column + 0.5 + dx) * step, edge + (row + 0.5 + dy) * step, 0.38 * step, colour)

    name = things[0]
    if level <= 2:
        where = {thing: QUADRANTS[2 * r + c] for thing, (r, c) in places.items()}
        right = where[name]
        description = f"{joined([f'{thing} {where[thing]}' for thing in things])}.".capitalize()
        solution = f"The {name} is at the {right}."
        return choice_scene(f"Where is the {name}?", QUADRANTS, right, description, solution, paint)
    cells = {thing: f"{'ABCDE'[c]}{r + 1}" for thing, (r, c) in places.items()}
    columns = joined(list("ABCDE"[:side]))
    described = f"Columns {columns} from left to right, rows 1 to {side} from top to bottom. " + joined(
        [f"{thing} {cells[thing]}" for thing in sorted(things, key=lambda thing: places[thing])]
    )
    description = f"{described}."
    if level == 3:
        return _direction(name, things[1:], places, cells, description, paint, rng)
    if level == 4:
        solution = f"The {name} is in column {cells[name][0]} and row {cells[name][1]}. The cell is {cells[name]}."
        question = f"In which cell is the {name}? Answer with the letter of the column and the number of the row."
        return Scene(question, cells[name], "text", description, solution, paint)
    return _walk(things, places, cells, description, paint, rng)


def _direction(
    name: str,
    others: list[str],
    places: Places,
    cells: dict[str, str],
    description: str,
    paint: Painter,
    rng: random.Random,
) -> Scene:
    """Left or right where the columns differ, above or below where they do not."""
    other = rng.choice(others)
    (row, column), (row2, column2) = places[name], places[other]
    choices = ("left", "right") if column != column2 else ("above", "below")
    right = choices[int(column > column2 if column != column2 else row > row2)]
    question = f"Is the {name} {choices[0]} or {choices[1]}{' of' if column != column2 else ''} the {other}?".replace(
        "left or right of", "to the left or to the right of"
    )
    solution = f"The {name} is in {cells[name]}. The {other} is in {cells[other]}. So it is {right}."
    return choice_scene(question, choices, right, description, solution, paint)


def _walk(
    things: list[str], places: Places, cells: dict[str, str], description: str, paint: Painter, rng: random.Random
) -> Scene:
    """So many cells along the row, then so many along the column, to an object that shares neither with the start."""
    pairs = [(a, b) for a in things for b in things if places[a][0] != places[b][0] and places[a][1] != places[b][1]]
    start, goal = rng.choice(pairs)
    down, across = places[goal][0] - places[start][0], places[goal][1] - places[start][1]
    first = f"{abs(across)} {'right' if across > 0 else 'left'}"
    then = f"{abs(down)} {'down' if down > 0 else 'up'}"
    question = f"Start at the {start} and go {first} and {then}. Which object is there?"
    choices = choices_with(goal, [thing for thing in things if thing != start], 4, rng)
    end = f"Going {first} and {then} leads to {cells[goal]}. There is the {goal}."
    solution = f"The {start} is in {cells[start]}. {end}"
    return choice_scene(question, choices, goal, description, solution, paint)
