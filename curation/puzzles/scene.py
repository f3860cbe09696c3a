"""What a family returns: a scene in words, its question and gold, and how to paint it.

Every random choice is made while the scene is built; painting is deterministic, so a text row never pays for an image.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from curation.puzzles.canvas import Canvas

T = TypeVar("T")
Painter = Callable[[Canvas], None]

LEVELS = (1, 2, 3, 4, 5)
LETTERS = "ABCDEFGH"


@dataclass(frozen=True)
class Scene:
    """One puzzle before it is painted.

    `description` is complete: the question can be answered from it alone. `solution` goes from the scene to the answer.
    """

    question: str
    answer: str
    answer_kind: str
    description: str
    solution: str
    paint: Painter
    answer_options: dict[str, Any] = field(default_factory=dict)


def number_scene(question: str, answer: int, description: str, solution: str, paint: Painter) -> Scene:
    """A scene answered by a number."""
    return Scene(question, str(answer), "number", description, solution, paint)


def choice_scene(
    question: str, choices: Sequence[str], right: str, description: str, solution: str, paint: Painter
) -> Scene:
    """A scene answered by a letter; the lettered choices end the question, the letter ends the solution."""
    letter = LETTERS[list(choices).index(right)]
    lettered = " ".join(f"{name}: {text}" for name, text in zip(LETTERS, choices, strict=False))
    solution = f"{solution} That is {letter}."
    return Scene(f"{question} {lettered}", letter, "choice", description, solution, paint, {"choices": list(choices)})


def choices_with(right: T, others: Sequence[T], n: int, rng: random.Random) -> list[T]:
    """`right` and n - 1 of `others`, with `right` at a uniformly drawn place."""
    picked = rng.sample([other for other in others if other != right], n - 1)
    picked.insert(rng.randrange(n), right)
    return picked


def joined(things: Iterable[object]) -> str:
    """`a, b, c`; `nothing` for none."""
    return ", ".join(map(str, things)) or "nothing"


def added(numbers: Sequence[int]) -> str:
    """`1 + 2 = 3`."""
    return f"{' + '.join(map(str, numbers))} = {sum(numbers)}"


def compared(left: int, right: int) -> str:
    """`3 is more than 2.`"""
    low, high = sorted((left, right))
    return f"{high} is {'the same as' if low == high else 'more than'} {low}."
