"""The answer of each family of puzzles, computed again from its description and question alone."""

import collections
import itertools
import math
import re
from collections.abc import Callable
from fractions import Fraction

from curation.puzzles.canvas import COLOURS, SHAPES


def numbers(text: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", text)]


def named(text: str) -> dict[str, int]:
    """`red 1, blue 4` or `A 1 B 4` as a mapping."""
    return {name: int(n) for name, n in re.findall(r"(\w+) (\d+)", text)}


def things(text: str) -> list[tuple[str, str]]:
    return re.findall(rf"\b({'|'.join(COLOURS)}) ({'|'.join(SHAPES)})\b", text)


def count(description: str, question: str) -> str:
    if match := re.search(r"many (\w+?)s that are not (\w+)", question):
        return str(sum(shape == match[1] and colour != match[2] for colour, shape in things(description)))
    colour, shape = re.findall(r"many (\w+) (\w+?)s are", question)[0]
    return str(sum(c == colour and shape in (s, "shape") for c, s in things(description)))


def compare(description: str, question: str) -> str:
    a, b = numbers(description)
    if "How many more" in question:
        return str(a - b)
    first, second = ("left", "right") if "side" in question else re.findall(r"\d+ (\w+) shapes", description)
    return "same" if a == b else first if a > b else second


def bar_chart(description: str, question: str) -> str:
    bars = named(description)
    asked = [bars[name] for name in re.findall(r"\b(?:bar )?([A-F]|[a-z]+)\b(?: bar)?", question) if name in bars]
    if "highest" in question or "lowest" in question:
        return (max if "highest" in question else min)(bars, key=lambda name: bars[name])
    if "mean" in question:
        return str(sum(value > Fraction(sum(bars.values()), len(bars)) for value in bars.values()))
    if "difference" in question:
        return str(abs(asked[0] - asked[1]))
    return str(sum(asked))


def table(description: str, question: str) -> str:
    rows = {name: named(cells) for name, cells in re.findall(r"Row (\d): ([^.]*)\.", description)}
    if match := re.search(r"row (\d), column (\w)", question):
        return str(rows[match[1]][match[2]])
    if match := re.search(r"sum of row (\d)", question):
        return str(sum(rows[match[1]].values()))
    if match := re.search(r"column (\w) and column (\w)", question):
        return str(abs(sum(row[match[1]] - row[match[2]] for row in rows.values())))
    best = max(sum(row.values()) for row in rows.values())
    (name,) = [name for name, row in rows.items() if sum(row.values()) == best]
    return name


def locate(description: str, question: str) -> str:
    if match := re.search(r"Where is the (\w+ \w+)\?", question):
        return re.findall(rf"{match[1]} (\w+ \w+)", description.lower())[0]
    cells = {
        name: (int(row), "ABCDE".index(column))
        for name, column, row in re.findall(r"(\w+ \w+) ([A-E])(\d)", description)
    }
    if match := re.search(r"In which cell is the (\w+ \w+)\?", question):
        return "ABCDE"[cells[match[1]][1]] + str(cells[match[1]][0])
    if match := re.search(r"Start at the (\w+ \w+) and go (\d) (\w+) and (\d) (\w+)\.", question):
        row, column = cells[match[1]]
        column += int(match[2]) * (1 if match[3] == "right" else -1)
        row += int(match[4]) * (1 if match[5] == "down" else -1)
        (name,) = [name for name, cell in cells.items() if cell == (row, column)]
        return name
    first, second = (cells[" ".join(thing)] for thing in things(question))
    if "left" in question:
        return "left" if first[1] < second[1] else "right"
    return "above" if first[0] < second[0] else "below"


def geometry(description: str, question: str) -> str:
    n = numbers(description)
    if "ring" in description:
        return f"{n[1] ** 2 - n[0] ** 2}\\pi"
    if "L shape" in description:
        return str(n[0] * n[1] - n[2] * n[3])
    if "right triangle" in description:
        return str(math.isqrt(n[0] ** 2 + n[1] ** 2))
    if "isosceles" in description:
        return str(180 - 2 * n[0])
    if "angles" in description:
        return str(180 - n[0] - n[1])
    return str(n[0] * n[1] if "area" in question else 2 * (n[0] + n[1]))


def clock(description: str, question: str) -> str:
    hour = int(re.findall(r"red hand is (?:at|between) (\d+)", description)[0])
    marks, five = re.findall(r"blue hand is (?:(\d) small marks after|at) (\d+)", description)[0]
    minutes = int(five) % 12 * 5 + int(marks or 0)
    if "What hour" in question:
        assert minutes == 0
        return str(hour)
    if match := re.search(r"(\d+) minutes later", question):
        hour, minutes = hour + (minutes + int(match[1])) // 60, (minutes + int(match[1])) % 60
    return f"{(hour - 1) % 12 + 1}:{minutes:02d}"


def sequence(description: str, question: str) -> str:
    if "dots" in description:
        _, b, c, d = numbers(description)
        return str(d + (d - c) + ((d - c) - (c - b)))
    seen = things(description)
    if description.startswith("Row"):
        rare = (collections.Counter(names) for names in zip(*seen, strict=True))
        return " ".join(min(names, key=lambda name: names[name]) for names in rare)

    def following(names: tuple[str, ...]) -> str:
        period = next(p for p in (1, 2, 3) if all(a == b for a, b in zip(names, names[p:], strict=False)))
        return names[len(names) - period]

    colours, shapes = zip(*seen, strict=True)
    return following(colours) if "colour" in question else f"{following(colours)} {following(shapes)}"


def path(description: str, question: str) -> str:
    if not description.startswith("Roads"):
        return str(sum(numbers(description)))
    best = {"A": 0}
    roads = re.findall(r"(\w)-(\w) (\d)", description)
    for _ in roads:
        for a, b, length in roads + [(b, a, length) for a, b, length in roads]:
            if a in best:
                best[b] = min(best.get(b, 99), best[a] + int(length))
    return str(best[re.findall(r"to (\w)\?", question)[0]])


def balance(description: str, question: str) -> str:
    pans = [side.split(" + ") for side in re.findall(r"(?:Left|Right): ([^.]+)\.", description)]
    if "heavier" in question:
        left, right = (sum(map(int, pan)) for pan in pans)
        return "same" if left == right else "left" if left > right else "right"
    boxes = sorted({item for pan in pans for item in pan if item.endswith("box")})
    solutions = [
        values
        for trial in itertools.product(range(1, 40), repeat=len(boxes))
        if (values := dict(zip(boxes, trial, strict=True)))
        and all(
            sum(values[i] if i in values else int(i) for i in left)
            == sum(values[i] if i in values else int(i) for i in right)
            for left, right in zip(pans[::2], pans[1::2], strict=True)
        )
    ]
    assert len(solutions) == 1
    return str(solutions[0][re.findall(r"one (\w+ box)", question)[0]])


def fraction(description: str, question: str) -> str:
    n = numbers(description)
    if "disc A" in description:
        first, second = Fraction(n[0], n[1]), Fraction(n[2], n[3])
        return str(first + second if "sum" in question else first - second)
    return str(n[1]) if "How many" in question else str(Fraction(n[1], n[0]))


SOLVERS: dict[str, Callable[[str, str], str]] = {
    "balance": balance,
    "bar_chart": bar_chart,
    "clock": clock,
    "compare": compare,
    "count": count,
    "fraction": fraction,
    "geometry": geometry,
    "locate": locate,
    "path": path,
    "sequence": sequence,
    "table": table,
}
