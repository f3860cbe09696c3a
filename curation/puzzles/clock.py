"""Read an analogue clock: the hour first, then halves, quarters, five minutes, single minutes and a time to come."""

import random

from curation.puzzles.canvas import INK, Canvas, clockwise
from curation.puzzles.scene import Scene

DOMAIN = "puzzle"

_STEP = {2: 30, 3: 15, 4: 5, 5: 1}


def make(level: int, rng: random.Random) -> Scene:
    """Level 1 shows a full hour, 2 half hours, 3 quarters, 4 five minutes, 5 any minute and asks for a later time."""
    hour = rng.choice((3, 6, 9, 12) if level == 1 else range(1, 13))
    minute = 0 if level == 1 else rng.randrange(0, 60, _STEP[level])

    def paint(canvas: Canvas) -> None:
        canvas.disc(0.5, 0.5, 0.48, "white", INK, 0.02)
        for tick in range(60 if level >= 4 else 12):
            angle = tick * (6 if level >= 4 else 30)
            inner = 0.41 if angle % 30 == 0 else 0.445
            canvas.line([clockwise(0.5, 0.5, inner, angle), clockwise(0.5, 0.5, 0.46, angle)], INK, 0.012 if angle % 30 == 0 else 0.005)
        for number in (3, 6, 9, 12) if level <= 2 else range(1, 13):
            canvas.text(*clockwise(0.5, 0.5, 0.345, 30 * number), str(number), 0.12 if level <= 2 else 0.09)
        canvas.line([(0.5, 0.5), clockwise(0.5, 0.5, 0.22, 30 * (hour % 12) + minute / 2)], "#d62728", 0.05)
        canvas.line([(0.5, 0.5), clockwise(0.5, 0.5, 0.4, 6 * minute)], "#1f5fd0", 0.02)
        canvas.disc(0.5, 0.5, 0.03, INK)

    at = minute // 5 or 12
    if level == 1:
        description = f"A clock. The short red hand points to {hour}. The long blue hand points to 12."
        return Scene("What hour does the clock show?", str(hour), "number", description, f"The short hand points to {hour}.", paint)
    if minute == 0:
        short = f"at {hour}"
    else:
        short = f"between {hour} and {hour % 12 + 1}"
    long = f"at {at}" if minute % 5 == 0 else f"{minute % 5} small marks after {at}"
    description = f"A clock. The short red hand is {short}. The long blue hand is {long}."
    shown = f"{hour}:{minute:02d}"
    read = f"The short hand is {short}, so the hour is {hour}. The long hand is {long}, so the minutes are {minute}."
    if level <= 4:
        question = "What time does the clock show? Answer as hours:minutes, like 4:30."
        return Scene(question, shown, "text", description, f"{read} It is {shown}.", paint)
    wait = rng.randint(6, 55)
    total = 60 * (hour % 12) + minute + wait
    later = f"{total // 60 % 12 or 12}:{total % 60:02d}"
    question = f"What time does the clock show {wait} minutes later? Answer as hours:minutes, like 4:30."
    over = f"{minute} + {wait} = {minute + wait} minutes."
    return Scene(question, later, "text", description, f"{read} {over} It is {later}.", paint)
