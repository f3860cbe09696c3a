"""Read an analogue clock: the hour first, then halves, quarters, five minutes, single minutes and a time to come."""

import random

from curation.puzzles.canvas import INK, Canvas, clockwise
from curation.puzzles.scene import Scene, number_scene

DOMAIN = "puzzle"

_STEP = {1: 60, 2: 30, 3: 15, 4: 5, 5: 1}
_HOW = "Answer as hours:minutes, like 4:30."


def make(level: int, rng: random.Random) -> Scene:
    """Levels 1-4 show hours, halves, quarters and five minutes; 5 has no numerals and asks for a later time."""
    hour = rng.choice((3, 6, 9, 12) if level == 1 else range(1, 13))
    minute = rng.randrange(0, 60, _STEP[level])
    radius = rng.uniform(0.43, 0.48)
    room = 0.49 - radius
    centre = (0.5 + rng.uniform(-room, room), 0.5 + rng.uniform(-room, room))

    def paint(canvas: Canvas) -> None:
        _face(canvas, level, centre, radius)
        canvas.line([centre, clockwise(*centre, 0.42 * radius, 30 * (hour % 12) + minute / 2)], "#d62728", 0.05)
        canvas.line([centre, clockwise(*centre, (0.62 if level < 5 else 0.88) * radius, 6 * minute)], "#1f5fd0", 0.022)
        canvas.disc(*centre, 0.03, INK)

    if level == 1:
        description = f"A clock. The short red hand is at {hour}. The long blue hand is at 12."
        return number_scene("What hour does the clock show?", hour, description, f"The short hand is at {hour}.", paint)
    short = f"at {hour}" if minute == 0 else f"between {hour} and {hour % 12 + 1}"
    at = minute // 5 or 12
    long = f"at {at}" if minute % 5 == 0 else f"{minute % 5} small marks after {at}"
    description = f"A clock. The short red hand is {short}. The long blue hand is {long}."
    read = f"The short hand is {short}, so the hour is {hour}. The long hand is {long}, so the minutes are {minute}."
    if level <= 4:
        shown = f"{hour}:{minute:02d}"
        question = f"What time does the clock show? {_HOW}"
        return Scene(question, shown, "text", description, f"{read} It is {shown}.", paint)
    wait = rng.randint(6, 55)
    later = _time(60 * hour + minute + wait)
    total = minute + wait
    added = f"{minute} + {wait} = {total}" + (f", one hour and {total - 60}." if total >= 60 else ".")
    question = f"What time will the clock show {wait} minutes later? {_HOW}"
    return Scene(question, later, "text", description, f"{read} {added} It will be {later}.", paint)


def _time(minutes: int) -> str:
    return f"{minutes // 60 % 12 or 12}:{minutes % 60:02d}"


def _face(canvas: Canvas, level: int, centre: tuple[float, float], radius: float) -> None:
    canvas.disc(*centre, radius, "white", INK, 0.02)
    for tick in range(60 if level >= 4 else 12):
        angle = tick * (6 if level >= 4 else 30)
        long = angle % 30 == 0
        ends = [clockwise(*centre, share * radius, angle) for share in ((0.87 if long else 0.92), 0.97)]
        canvas.line(ends, INK, 0.014 if long else 0.005)
    numerals = {1: (3, 6, 9, 12), 2: (3, 6, 9, 12), 5: ()}.get(level, range(1, 13))
    for number in numerals:
        place = clockwise(*centre, (0.74 if level <= 2 else 0.76) * radius, 30 * number)
        canvas.text(*place, str(number), 0.115 if level <= 2 else 0.085)
