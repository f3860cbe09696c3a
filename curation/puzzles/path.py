"""How long is the way: steps of a drawn path on a grid first, the shortest way in a small weighted graph later."""

import random
from itertools import pairwise, permutations, product

from curation.puzzles.canvas import COLOURS, INK, Canvas, Point, clockwise
from curation.puzzles.scene import Scene, added, joined, number_scene

DOMAIN = "logic"

_WALKS = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}
_SIDE = {1: 5, 2: 5, 3: 6}
_NODES = {4: 4, 5: 5}


def make(level: int, rng: random.Random) -> Scene:
    """Levels 1-3 measure a path with 0, 1 and 2-3 bends, 4 and 5 ask for the shortest way from A in a graph."""
    return _steps(level, rng) if level <= 3 else _graph(level, rng)


def _steps(level: int, rng: random.Random) -> Scene:
    side = _SIDE[level]
    legs = _legs(level, side, rng)
    total = sum(length for _, length in legs)
    corners = [_dots(legs[:i])[-1] for i in range(len(legs) + 1)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    left = rng.randint(0, side - 1 - (max(xs) - min(xs))) - min(xs)
    top = rng.randint(0, side - 1 - (max(ys) - min(ys))) - min(ys)
    colour = rng.choice(list(COLOURS)[:3])

    def paint(canvas: Canvas) -> None:
        def place(x: float, y: float) -> Point:
            return ((x + left + 0.5) / side, (y + top + 0.5) / side)

        for i, j in product(range(side), repeat=2):
            canvas.disc((i + 0.5) / side, (j + 0.5) / side, 0.022, "#b0b0b0")
        canvas.line([place(x, y) for x, y in corners], COLOURS[colour], 0.05)
        for x, y in corners[:1] + corners[-1:]:
            canvas.disc(*place(x, y), 0.055, INK)

    route = joined([f"{length} {direction}" for direction, length in legs])
    description = f"A {colour} path on a grid of dots: {route}."
    count = f"Count the steps: {joined(range(1, total + 1))}." if level == 1 else f"{added([n for _, n in legs])}."
    solution = f"The path goes {route}. {count}"
    return number_scene("How many steps long is the path?", total, description, solution, paint)


def _legs(level: int, side: int, rng: random.Random) -> list[tuple[str, int]]:
    """Straight legs, each at a right angle to the one before, that fit into the grid and never touch themselves."""
    total = {1: rng.randint(1, 4), 2: rng.randint(3, 8), 3: rng.randint(5, 12)}[level]
    while True:
        n = {1: 1, 2: 2, 3: rng.randint(3, 4)}[level]
        lengths = [rng.randint(1, side - 1) for _ in range(n)]
        flat = rng.random() < 0.5
        names = [rng.choice(("right", "left") if (i % 2 == 0) == flat else ("down", "up")) for i in range(n)]
        legs = list(zip(names, lengths, strict=True))
        dots = _dots(legs)
        spans = [max(axis) - min(axis) for axis in zip(*dots, strict=True)]
        if sum(lengths) == total and max(spans) < side and not _touches(dots):
            return legs


def _dots(legs: list[tuple[str, int]]) -> list[tuple[int, int]]:
    dots = [(0, 0)]
    for name, length in legs:
        for _ in range(length):
            dots.append((dots[-1][0] + _WALKS[name][0], dots[-1][1] + _WALKS[name][1]))
    return dots


def _touches(dots: list[tuple[int, int]]) -> bool:
    return any(
        abs(x - u) + abs(y - v) <= 1 for i, (x, y) in enumerate(dots) for j, (u, v) in enumerate(dots) if j > i + 1
    )


def _graph(level: int, rng: random.Random) -> Scene:
    """Towns on a circle, every two joined by a road with probability 0.75; the shortest way is unique."""
    n = _NODES[level]
    towns = "ABCDEF"[:n]
    while True:
        pairs = [(a, b) for i, a in enumerate(towns) for b in towns[i + 1 :]]
        roads = {pair: rng.randint(1, 9) for pair in pairs if rng.random() < 0.75}
        goal = rng.choice(towns[1:])
        ways = sorted((sum(lengths), way) for way in _ways(towns, goal) if (lengths := _lengths(way, roads)))
        if len(ways) >= 3 and ways[0][0] < ways[1][0] and len(ways[0][1]) >= level - 1:
            break
    turn = rng.uniform(0, 360)

    def paint(canvas: Canvas) -> None:
        places = {town: clockwise(0.5, 0.5, 0.41, turn + 360 * i / n) for i, town in enumerate(towns)}
        for a, b in roads:
            canvas.line([places[a], places[b]], "#7f9fd8", 0.014)
        share = 0.32 if n == 4 else 0.5  # off the places where the diagonals cross
        for (a, b), length in roads.items():
            (x, y), (u, v) = places[a], places[b]
            x, y = x + share * (u - x), y + share * (v - y)
            canvas.disc(x, y, 0.05, "white")
            canvas.text(x, y, str(length), 0.09)
        for town, (x, y) in places.items():
            canvas.disc(x, y, 0.075, INK)
            canvas.text(x, y, town, 0.09, "white")

    (best, way), (second, other) = ways[0], ways[1]
    description = f"Roads: {joined([f'{a}-{b} {length}' for (a, b), length in roads.items()])}."
    solution = f"The shortest way is {'-'.join(way)}: {added(_lengths(way, roads))}. "
    solution += f"The next best is {'-'.join(other)}: {second}."
    return number_scene(f"How long is the shortest way from A to {goal}?", best, description, solution, paint)


Roads = dict[tuple[str, str], int]


def _ways(towns: str, goal: str) -> list[tuple[str, ...]]:
    between = [town for town in towns if town not in ("A", goal)]
    return [("A", *middle, goal) for n in range(len(between) + 1) for middle in permutations(between, n)]


def _lengths(way: tuple[str, ...], roads: Roads) -> list[int]:
    """The lengths of the way's roads; [] where one is missing."""
    lengths = [roads.get((min(pair), max(pair)), 0) for pair in pairwise(way)]
    return lengths if all(lengths) else []
