"""A pair of scales: which side is heavier, and what an unknown weight must be for the scales to balance."""

import random

from curation.puzzles.canvas import COLOURS, INK, Canvas
from curation.puzzles.scene import Painter, Scene, added, choice_scene, compared, number_scene

DOMAIN = "logic"

Pan = list[str]  # "3" is a weight, "red" a box of unknown weight


def make(level: int, rng: random.Random) -> Scene:
    """Level 1 compares two weights, 2 two sums, 3 finds one box, 4 equal boxes, 5 a box by way of other scales."""
    return (_heavier if level <= 2 else {3: _one_box, 4: _equal_boxes, 5: _two_scales}[level])(level, rng)


def _heavier(level: int, rng: random.Random) -> Scene:
    word = rng.choice(("left", "right", "same"))
    n, most = (1, 4) if level == 1 else (2, 9)
    while True:
        left, right = ([rng.randint(1, most) for _ in range(n)] for _ in range(2))
        if word == _word(sum(left), sum(right)):
            break
    pans = [[str(weight) for weight in side] for side in (left, right)]
    sides = [
        f"{name} is {added(side) if n > 1 else pan[0]}"
        for name, pan, side in zip(("Left", "Right"), pans, (left, right), strict=True)
    ]
    solution = f"{sides[0]}. {sides[1]}. {compared(sum(left), sum(right))}"
    question = "Which side is heavier?"
    return choice_scene(
        question, ("left", "right", "same"), word, _described([pans], "A beam"), solution, _painted([pans], rng)
    )


def _word(left: int, right: int) -> str:
    return "same" if left == right else "left" if left > right else "right"


def _one_box(level: int, rng: random.Random) -> Scene:
    colour = rng.choice(list(COLOURS)[:5])
    box, beside = rng.randint(1, 9), rng.randint(1, 9)
    first = rng.randint(1, box + beside - 1)
    pans = [[colour, str(beside)], [str(first), str(box + beside - first)]]
    total = box + beside
    solution = f"Right is {first} + {total - first} = {total}. The {colour} box is {total} - {beside} = {box}."
    return _weight(colour, box, [pans], solution, rng)


def _equal_boxes(level: int, rng: random.Random) -> Scene:
    colour = rng.choice(list(COLOURS)[:5])
    n, box, beside = rng.randint(2, 3), rng.randint(2, 12), rng.randint(1, 9)
    total = n * box + beside
    first = rng.randint(1, total - 1)
    pans = [[colour] * n + [str(beside)], [str(first), str(total - first)]]
    solution = (
        f"Right is {first} + {total - first} = {total}. {total} - {beside} = {n * box}. "
        f"{n} {colour} boxes are {n * box}, so one is {n * box} / {n} = {box}."
    )
    return _weight(colour, box, [pans], solution, rng)


def _two_scales(level: int, rng: random.Random) -> Scene:
    known, asked = rng.sample(list(COLOURS)[:5], 2)
    a, b, beside = rng.randint(2, 9), rng.randint(2, 9), rng.randint(1, 9)
    n = rng.randint(2, 3)
    scales = [[[known] * n, [str(n * a)]], [[asked, asked, str(beside)], [known, str(2 * b + beside - a)]]]
    if 2 * b + beside - a < 1:
        return _two_scales(level, rng)
    total = 2 * b + beside
    solution = (
        f"{n} {known} boxes are {n * a}, so one is {a}. On the second scales right is {a} + {total - a} = {total}. "
        f"{total} - {beside} = {2 * b}. One {asked} box is {2 * b} / 2 = {b}."
    )
    return _weight(asked, b, scales, solution, rng)


def _weight(colour: str, answer: int, scales: list[list[Pan]], solution: str, rng: random.Random) -> Scene:
    equal = "The scales balance. " if len(scales) == 1 else "Both scales balance. "
    question = f"{equal}How heavy is one {colour} box?"
    return number_scene(question, answer, _described(scales, "Scales"), solution, _painted(scales, rng))


def _described(scales: list[list[Pan]], name: str) -> str:
    parts = [" + ".join(f"{item} box" if item in COLOURS else item for item in pan) for pans in scales for pan in pans]
    if len(scales) == 1:
        return f"{name}. Left: {parts[0]}. Right: {parts[1]}."
    return f"First scales. Left: {parts[0]}. Right: {parts[1]}. Second scales. Left: {parts[2]}. Right: {parts[3]}."


def _painted(scales: list[list[Pan]], rng: random.Random) -> Painter:
    """One pair of level scales for each member; neither the beam nor a block's size gives the answer away."""
    fill, shift = rng.choice(("#e8e8e8", "#fdf0c8", "#dbe7fb", "#dff2df")), rng.uniform(-0.06, 0.06)

    def paint(canvas: Canvas) -> None:
        high = 1 / len(scales)
        for i, pans in enumerate(scales):
            base = (i + 0.75 + shift) * high
            canvas.line([(0.02, base), (0.98, base)], INK, 0.025)
            canvas.polygon(
                [(0.5, base), (0.5 + 0.17 * high, base + 0.17 * high), (0.5 - 0.17 * high, base + 0.17 * high)], INK
            )
            side = min(0.3, 0.47 / max(len(pan) for pan in pans), 0.55 * high)
            for middle, pan in ((0.25, pans[0]), (0.75, pans[1])):
                for j, item in enumerate(pan):
                    x0 = middle + (j - len(pan) / 2) * side + 0.01
                    canvas.rect(x0, base - side, x0 + side - 0.02, base - 0.012, COLOURS.get(item, fill), INK)
                    if item not in COLOURS:
                        canvas.text(x0 + side / 2 - 0.01, base - side / 2, item, 0.6 * side)

    return paint
