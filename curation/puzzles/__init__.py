"""Seeded puzzles in images with known answers and five levels of difficulty, the seed data that needs no download.

A family is one module of this package with a `DOMAIN` and a `make(level, rng) -> Scene`; its name is the module's.

>>> puzzle = scene("count", level=1, rng=random.Random(7))
>>> puzzle.question, puzzle.answer, paint(puzzle, size=112).size
('How many blue shapes are there?', '4', (112, 112))
"""

import importlib
import pkgutil
import random
from functools import cache
from types import ModuleType

from PIL import Image

from curation.core.errors import nearest
from curation.puzzles.canvas import Canvas
from curation.puzzles.scene import LEVELS, Scene

__all__ = ["LEVELS", "Scene", "domain", "families", "paint", "scene"]


def families() -> tuple[str, ...]:
    """The names of all families, sorted."""
    return tuple(sorted(_modules()))


def domain(family: str) -> str:
    """The family's domain: chart, geometry, logic, puzzle."""
    return str(_module(family).DOMAIN)


def scene(family: str, level: int, rng: random.Random) -> Scene:
    """A puzzle of `family` at `level` (1 easiest, 5 hardest), without its image; `rng` decides everything.

    Raises:
        ValueError: an unknown family or level.
    """
    module = _module(family)
    if level not in LEVELS:
        raise ValueError(f"puzzle level {level!r} is not one of {', '.join(map(str, LEVELS))}")
    puzzle: Scene = module.make(level, rng)
    return puzzle


def paint(scene: Scene, size: int) -> Image.Image:
    """The scene's RGB image, size x size pixels; paints the same bytes every time."""
    canvas = Canvas(size)
    scene.paint(canvas)
    return canvas.image()


@cache
def _modules() -> dict[str, ModuleType]:
    names = (info.name for info in pkgutil.iter_modules(__path__))
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "make")}


def _module(family: str) -> ModuleType:
    modules = _modules()
    if family not in modules:
        known = ", ".join(sorted(modules))
        raise ValueError(f"unknown puzzle family {family!r}{nearest(family, modules)}; known: {known}")
    return modules[family]
