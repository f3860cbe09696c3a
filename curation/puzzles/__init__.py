"""Seeded image puzzles with known answers and five levels of difficulty, the seed data that needs no download.

A family is one module of this package with a `DOMAIN` and a `make(level, rng) -> Scene`; its name is the module's.

>>> puzzle = generate("count", level=1, size=112, rng=random.Random(7))
>>> puzzle.image.size, puzzle.answer_kind
((112, 112), 'number')
"""

import difflib
import importlib
import pkgutil
import random
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from PIL import Image

from curation.puzzles.canvas import Canvas
from curation.puzzles.scene import LEVELS, Scene

__all__ = ["LEVELS", "Puzzle", "Scene", "domain", "families", "generate", "paint", "scene"]


@dataclass(frozen=True)
class Puzzle:
    """A painted puzzle: an RGB image of size x size pixels and everything that is known about it."""

    image: Image.Image
    question: str
    answer: str
    answer_kind: str
    answer_options: dict[str, Any]
    description: str
    solution: str
    family: str
    level: int
    domain: str


def families() -> tuple[str, ...]:
    """The names of all image families, sorted."""
    return tuple(sorted(_modules()))


def domain(family: str) -> str:
    """The family's domain: chart, geometry, logic, puzzle."""
    return str(_module(family).DOMAIN)


def scene(family: str, level: int, rng: random.Random) -> Scene:
    """The puzzle without its image; the same draws from `rng` as `generate`.

    Raises ValueError for an unknown family or level.
    """
    module = _module(family)
    if level not in LEVELS:
        raise ValueError(f"puzzle level {level!r} is not one of {', '.join(map(str, LEVELS))}")
    made = module.make(level, rng)
    if not isinstance(made, Scene):
        raise TypeError(f"{module.__name__}.make returned {type(made).__name__}, expected Scene")
    return made


def paint(scene: Scene, size: int) -> Image.Image:
    """The scene's image, size x size pixels."""
    canvas = Canvas(size)
    scene.paint(canvas)
    return canvas.image()


def generate(family: str, level: int, size: int, rng: random.Random) -> Puzzle:
    """A puzzle of `family` at `level` (1 easiest, 5 hardest), size x size pixels; `rng` decides everything."""
    made = scene(family, level, rng)
    return Puzzle(
        image=paint(made, size),
        question=made.question,
        answer=made.answer,
        answer_kind=made.answer_kind,
        answer_options=made.answer_options,
        description=made.description,
        solution=made.solution,
        family=family,
        level=level,
        domain=domain(family),
    )


@cache
def _modules() -> dict[str, ModuleType]:
    names = (info.name for info in pkgutil.iter_modules(__path__))
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "make")}


def _module(family: str) -> ModuleType:
    modules = _modules()
    if family not in modules:
        near = difflib.get_close_matches(family, modules, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown puzzle family {family!r}{hint}; known: {', '.join(sorted(modules))}")
    return modules[family]
