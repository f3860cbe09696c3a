"""What share of a figure is coloured: parts of a disc or of a bar, then the sum and the difference of two figures."""

import math
import random
from fractions import Fraction

from curation.puzzles.canvas import COLOURS, INK, Canvas, clockwise
from curation.puzzles.scene import Scene, joined, number_scene

DOMAIN = "puzzle"

_PARTS = {1: (2, 3, 4), 2: (3, 4, 5, 6), 3: (4, 6, 8, 9, 10)}


def make(level: int, rng: random.Random) -> Scene:
    """Level 1 counts parts, 2 asks for the share, 3 in lowest terms, 4 adds two shares, 5 subtracts them."""
    return _one(level, rng) if level <= 3 else _two(level, rng)


def _one(level: int, rng: random.Random) -> Scene:
    colour = rng.choice(list(COLOURS)[:3])
    parts = rng.choice(_PARTS[level])
    filled = rng.randint(1, parts if level == 1 else parts - 1)
    if level == 3 and math.gcd(filled, parts) == 1:
        return _one(level, rng)
    places = frozenset(rng.sample(range(parts), filled)) if level == 2 else frozenset(range(filled))
    turn = rng.choice(range(0, 360, 15))

    def paint(canvas: Canvas) -> None:
        _pie(canvas, 0.5, 0.5, 0.46, parts, places, colour, turn)

    description = f"A disc cut into {parts} equal parts. {filled} of them {'is' if filled == 1 else 'are'} {colour}."
    if level == 1:
        solution = f"Count the {colour} parts: {joined(range(1, filled + 1))}."
        return number_scene(f"How many parts are {colour}?", filled, description, solution, paint)
    share = Fraction(filled, parts)
    solution = f"{filled} of {parts} parts are {colour}. The share is {filled}/{parts}."
    if str(share) != f"{filled}/{parts}":
        solution += f" In lowest terms that is {share}."
    question = f"What fraction of the disc is {colour}?" + (" Give it in lowest terms." if level == 3 else "")
    return Scene(question, str(share), "math", description, solution, paint)


def _two(level: int, rng: random.Random) -> Scene:
    colour = rng.choice(list(COLOURS)[:5])
    while True:
        wholes = rng.sample((2, 3, 4, 5, 6, 8), 2)
        fills = [rng.randint(1, parts - 1) for parts in wholes]
        shares = [Fraction(filled, parts) for filled, parts in zip(fills, wholes, strict=True)]
        if level == 4 or shares[0] > shares[1]:
            break
    result = shares[0] + shares[1] if level == 4 else shares[0] - shares[1]
    sign = "+" if level == 4 else "-"
    common = math.lcm(*wholes)
    over = [f"{share * common}/{common}" for share in shares]

    def paint(canvas: Canvas) -> None:
        for x, y, parts, filled in ((0.27, 0.27, wholes[0], fills[0]), (0.73, 0.73, wholes[1], fills[1])):
            _pie(canvas, x, y, 0.25, parts, frozenset(range(filled)), colour, 0)
        canvas.text(0.06, 0.08, "A", 0.1)
        canvas.text(0.94, 0.92, "B", 0.1)

    sentences = [
        f"{filled} of the {parts} equal parts of disc {name} are {colour}."
        for name, filled, parts in zip("AB", fills, wholes, strict=True)
    ]
    solution = f"A: {fills[0]}/{wholes[0]}. B: {fills[1]}/{wholes[1]}. "
    solution += f"{over[0]} {sign} {over[1]} = {result * common}/{common}."
    if str(result) != f"{result * common}/{common}":
        solution += f" That is {result}."
    question = {
        4: f"Add the {colour} share of disc A and the {colour} share of disc B. What is the sum as a fraction?",
        5: f"By what fraction is the {colour} share of disc A larger than the {colour} share of disc B?",
    }[level]
    return Scene(question, str(result), "math", " ".join(sentences), solution, paint)


def _pie(
    canvas: Canvas, x: float, y: float, r: float, parts: int, filled: frozenset[int], colour: str, turn: int
) -> None:
    canvas.disc(x, y, r, "white")
    for part in sorted(filled):
        canvas.slice(x, y, r, turn + 360 * part / parts, turn + 360 * (part + 1) / parts, COLOURS[colour])
    for part in range(parts):
        canvas.line([(x, y), clockwise(x, y, r, turn + 360 * part / parts)], INK, 0.012)
    canvas.disc(x, y, r, None, INK, 0.015)
