"""Each family's answer is computed again from its description alone; pictures are deterministic and show what is described."""

import collections
import itertools
import math
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction

import pytest

from curation import puzzles
from curation.puzzles.canvas import COLOURS, SHAPES
from curation.puzzles.worked import WORKED, completion, worked

CASES = list(itertools.product(puzzles.families(), puzzles.LEVELS))


def numbers(text: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", text)]


def named(text: str) -> dict[str, int]:
    """`red 1, blue 4` or `A 1 B 4` as a mapping."""
    return {name: int(n) for name, n in re.findall(r"(\w+) (\d+)", text)}


def things(text: str) -> list[tuple[str, str]]:
    return re.findall(rf"\b({'|'.join(COLOURS)}) ({'|'.join(SHAPES)})\b", text)


def count(told: str, question: str) -> str:
    if match := re.search(r"many (\w+?)s that are not (\w+)", question):
        return str(sum(shape == match[1] and colour != match[2] for colour, shape in things(told)))
    colour, shape = re.findall(r"many (\w+) (\w+?)s are", question)[0]
    return str(sum(c == colour and shape in (s, "shape") for c, s in things(told)))


def compare(told: str, question: str) -> str:
    a, b = numbers(told)
    if "How many more" in question:
        return str(a - b)
    first, second = ("left", "right") if "side" in question else re.findall(r"\d+ (\w+) shapes", told)
    return "same" if a == b else first if a > b else second


def bar_chart(told: str, question: str) -> str:
    bars = named(told)
    asked = [bars[name] for name in re.findall(r"\b(?:bar )?([A-F]|[a-z]+)\b(?: bar)?", question) if name in bars]
    if "highest" in question or "lowest" in question:
        return (max if "highest" in question else min)(bars, key=lambda name: bars[name])
    if "mean" in question:
        return str(sum(value > Fraction(sum(bars.values()), len(bars)) for value in bars.values()))
    if "difference" in question:
        return str(abs(asked[0] - asked[1]))
    return str(sum(asked))


def table(told: str, question: str) -> str:
    rows = {name: named(cells) for name, cells in re.findall(r"Row (\d): ([^.]*)\.", told)}
    if match := re.search(r"row (\d), column (\w)", question):
        return str(rows[match[1]][match[2]])
    if match := re.search(r"sum of row (\d)", question):
        return str(sum(rows[match[1]].values()))
    if match := re.search(r"column (\w) and column (\w)", question):
        return str(abs(sum(row[match[1]] - row[match[2]] for row in rows.values())))
    best = max(sum(row.values()) for row in rows.values())
    (name,) = [name for name, row in rows.items() if sum(row.values()) == best]
    return name


def locate(told: str, question: str) -> str:
    if match := re.search(r"Where is the (\w+ \w+)\?", question):
        return re.findall(rf"{match[1]} (\w+ \w+)", told.lower())[0]
    cells = {
        name: (int(row), "ABCDE".index(column)) for name, column, row in re.findall(r"(\w+ \w+) ([A-E])(\d)", told)
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


def geometry(told: str, question: str) -> str:
    n = numbers(told)
    if "ring" in told:
        return f"{n[1] ** 2 - n[0] ** 2}\\pi"
    if "L shape" in told:
        return str(n[0] * n[1] - n[2] * n[3])
    if "right triangle" in told:
        return str(math.isqrt(n[0] ** 2 + n[1] ** 2))
    if "isosceles" in told:
        return str(180 - 2 * n[0])
    if "angles" in told:
        return str(180 - n[0] - n[1])
    return str(n[0] * n[1] if "area" in question else 2 * (n[0] + n[1]))


def clock(told: str, question: str) -> str:
    hour = int(re.findall(r"red hand is (?:at|between) (\d+)", told)[0])
    marks, five = re.findall(r"blue hand is (?:(\d) small marks after|at) (\d+)", told)[0]
    minutes = int(five) % 12 * 5 + int(marks or 0)
    if "What hour" in question:
        assert minutes == 0
        return str(hour)
    if match := re.search(r"(\d+) minutes later", question):
        hour, minutes = hour + (minutes + int(match[1])) // 60, (minutes + int(match[1])) % 60
    return f"{(hour - 1) % 12 + 1}:{minutes:02d}"


def sequence(told: str, question: str) -> str:
    if "dots" in told:
        _, b, c, d = numbers(told)
        return str(d + (d - c) + ((d - c) - (c - b)))
    seen = things(told)
    if told.startswith("Row"):
        rare = (collections.Counter(names) for names in zip(*seen, strict=True))
        return " ".join(min(names, key=lambda name: names[name]) for names in rare)

    def following(names: tuple[str, ...]) -> str:
        period = next(p for p in (1, 2, 3) if all(a == b for a, b in zip(names, names[p:], strict=False)))
        return names[len(names) - period]

    colours, shapes = zip(*seen, strict=True)
    return following(colours) if "colour" in question else f"{following(colours)} {following(shapes)}"


def path(told: str, question: str) -> str:
    if not told.startswith("Roads"):
        return str(sum(numbers(told)))
    best = {"A": 0}
    roads = re.findall(r"(\w)-(\w) (\d)", told)
    for _ in roads:
        for a, b, length in roads + [(b, a, length) for a, b, length in roads]:
            if a in best:
                best[b] = min(best.get(b, 99), best[a] + int(length))
    return str(best[re.findall(r"to (\w)\?", question)[0]])


def balance(told: str, question: str) -> str:
    pans = [side.split(" + ") for side in re.findall(r"(?:Left|Right): ([^.]+)\.", told)]
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


def fraction(told: str, question: str) -> str:
    n = numbers(told)
    if "disc A" in told:
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


def draws(family: str, level: int, n: int) -> list[puzzles.Scene]:
    return [puzzles.scene(family, level, random.Random(f"{family}/{level}/{i}")) for i in range(n)]


@pytest.mark.parametrize(("family", "level"), CASES)
def test_the_answer_follows_from_the_description(family: str, level: int) -> None:
    for scene in draws(family, level, 40):
        answer = SOLVERS[family](scene.description, scene.question)
        if scene.answer_kind == "choice":
            answer = "ABCDEFGH"[scene.answer_options["choices"].index(answer)]
        assert answer == scene.answer, (scene.description, scene.question)


@pytest.mark.parametrize(("family", "level"), CASES)
def test_the_solution_reaches_the_answer_in_few_words(family: str, level: int) -> None:
    for scene in draws(family, level, 20):
        last = " ".join(re.split(r"(?<=\.) ", scene.solution)[-2:])
        assert scene.answer.removesuffix("\\pi") in last
        assert len(scene.solution.split()) <= 60


@pytest.mark.parametrize(("family", "level"), CASES)
def test_answers_are_varied(family: str, level: int) -> None:
    scenes = draws(family, level, 150)
    answers = collections.Counter(scene.answer for scene in scenes)
    assert answers.most_common(1)[0][1] <= 0.65 * len(scenes)
    if scenes[0].answer_kind == "choice":
        fewest = min(answers["ABCD"[i]] for i in range(len(scenes[0].answer_options["choices"])))
        assert fewest >= 0.15 * len(scenes)


@pytest.mark.parametrize("size", [56, 112, 224, 448])
@pytest.mark.parametrize("family", puzzles.families())
def test_pictures_have_the_asked_size_at_every_level(family: str, size: int) -> None:
    for level in puzzles.LEVELS if size < 200 else (1, 5):
        puzzle = puzzles.generate(family, level, size, random.Random(level))
        assert (puzzle.image.size, puzzle.image.mode) == ((size, size), "RGB")
        assert len(puzzle.image.getcolors(size * size) or []) > 1


NAMED_COLOURS = [("bar_chart", 1), *itertools.product(("count", "compare", "locate", "sequence"), puzzles.LEVELS)]


@pytest.mark.parametrize(("family", "level"), NAMED_COLOURS)
def test_pictures_show_the_described_colours(family: str, level: int) -> None:
    palette = {tuple(bytes.fromhex(code[1:])): name for name, code in COLOURS.items() if name != "black"}
    for i in range(5):
        puzzle = puzzles.generate(family, level, 224, random.Random(i))
        painted = {palette[rgb] for _, rgb in puzzle.image.getcolors(224 * 224) or [] if rgb in palette}
        assert painted == {name for name in palette.values() if name in puzzle.description.lower()}


def test_bars_are_as_high_as_their_values() -> None:
    for seed in range(4):
        puzzle = puzzles.generate("bar_chart", 1, 400, random.Random(seed))
        heights = {}
        for name, value in named(puzzle.description).items():
            rgb = tuple(bytes.fromhex(COLOURS[name][1:]))
            rows = [y for y in range(400) for x in range(0, 400, 20) if puzzle.image.getpixel((x, y)) == rgb]
            heights[name] = (max(rows) - min(rows)) / value
        assert max(heights.values()) - min(heights.values()) < 4


DIGEST = """
import hashlib, random
from curation import puzzles
whole = hashlib.sha256()
for family in puzzles.families():
    for level in puzzles.LEVELS:
        puzzle = puzzles.generate(family, level, 56, random.Random(11))
        whole.update(puzzle.image.tobytes() + repr((puzzle.question, puzzle.answer, puzzle.description)).encode())
print(whole.hexdigest())
"""


def test_the_same_seed_gives_the_same_bytes_in_every_process() -> None:
    environments = [{**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)} for seed in "12"]
    digests = [subprocess.check_output([sys.executable, "-c", DIGEST], env=env) for env in environments]
    assert digests[0] == digests[1]


def test_painting_draws_no_random_numbers() -> None:
    for family, level in CASES:
        first, second = random.Random(5), random.Random(5)
        puzzles.generate(family, level, 56, first)
        puzzles.scene(family, level, second)
        assert first.getstate() == second.getstate()


def test_every_family_has_a_solver_and_a_domain() -> None:
    assert set(SOLVERS) == set(puzzles.families())
    assert {puzzles.domain(family) for family in puzzles.families()} == {"chart", "geometry", "logic", "puzzle"}


@pytest.mark.parametrize(
    ("family", "level", "message"),
    [
        ("cuont", 1, "unknown puzzle family 'cuont'; did you mean 'count'"),
        ("canvas", 1, "unknown puzzle family 'canvas'"),
        ("count", 6, "level 6 is not one of 1, 2, 3, 4, 5"),
        ("count", 0, "level 0 is not one of"),
    ],
)
def test_unknown_names_are_told_in_one_line(family: str, level: int, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        puzzles.generate(family, level, 56, random.Random(0))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("dataset", "metadata", "expected"),
    [
        ("chain_sum", {"expression": "3 + 4 - 2"}, "3 + 4 = 7. 7 - 2 = 5."),
        ("chain_sum", {"expression": "-3 - -4"}, "-3 - -4 = 1."),
        ("chain_sum", {"expression": "8"}, "It is 8."),
        ("gcd", {"numbers": [12, 18]}, "18 = 1 * 12 + 6. 12 = 2 * 6 + 0. The greatest common divisor is 6."),
        ("gcd", {"numbers": [4, 4, 2]}, "4 = 1 * 4 + 0. 4 = 2 * 2 + 0. The greatest common divisor is 2."),
        ("spell_backward", {"word": "sun"}, "The letters are s, u, n. Backwards: n, u, s."),
        ("letter_counting", {"target_letter": "a", "span": ["Anna", "is", "at"]}, "Anna 2, so 2. at 1, so 3."),
        ("letter_counting", {"target_letter": "z", "span": ["no"]}, "No word has the letter z: 0."),
    ],
)
def test_worked_solutions(dataset: str, metadata: dict[str, object], expected: str) -> None:
    assert worked(dataset, {"metadata": metadata}) == expected


@pytest.mark.parametrize(
    ("dataset", "entry", "message"),
    [
        ("maze", {"metadata": {}}, "no worked solutions for dataset 'maze'; known: " + ", ".join(sorted(WORKED))),
        ("chain_sum", {"metadata": {}}, "has no 'expression'"),
        ("chain_sum", {"metadata": {"expression": "2 * 3"}}, "expected a chain of sums and differences"),
    ],
)
def test_what_has_no_worked_solution_says_so(dataset: str, entry: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        worked(dataset, entry)


def test_a_completion_thinks_once_and_boxes_its_answer() -> None:
    assert completion("1 + 1 = 2.", "2") == "<think>\n1 + 1 = 2.\n</think>\n\\boxed{2}"
