r"""Our own puzzles in images (`curation.puzzles`): exact answers, five levels of difficulty, nothing to download.

    - {kind: visual_puzzles, families: [count, bar_chart], levels: [1, 2], count: 400, size: 224}
    - {kind: visual_puzzles, levels: {count: 1, clock: [3, 4]}, count: 100, modality: text}

`modality: text` puts the scene into the prompt in words and adds a trace: the cold-start form, after the paper's
observation that reasoning learned from text alone carries over to images.
"""

import io
import itertools
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from curation.core.row import Row, format_of, make_row, row_id
from curation.puzzles import LEVELS, Scene, domain, families, paint, scene
from curation.puzzles.solutions import completion, with_behaviors
from curation.sources.base import BadRow, Source

_DRAWS = 4
"""Scenes drawn for a row; the one whose answer is the rarest so far is taken."""
_TRIES = 25
"""Rows drawn before a family and level counts as exhausted."""
_Levels = int | tuple[int, ...]


class VisualPuzzles(Source):
    """Seeded puzzles, the families and levels taken in turn, answers balanced within each."""

    kind: Literal["visual_puzzles"] = "visual_puzzles"
    license: str = "Apache-2.0"
    language: str = "en"
    remedies: ClassVar[dict[str, str]] = {"puzzles_exhausted": "count, levels, families"}
    families: tuple[str, ...] = ()
    """Which families; empty means those named in `levels`, or all."""
    levels: tuple[int, ...] | dict[str, tuple[int, ...]] = LEVELS
    """1 (easiest) to 5; a list for all families or a list for each."""
    count: int = Field(default=100, ge=1)
    """Rows in all, shared evenly by the families and, within each, by its levels; where it does not divide, the first have one more."""
    size: int = Field(default=224, ge=28, le=2048)
    """Side of the image in pixels."""
    modality: Literal["picture", "text"] = "picture"
    """`picture`: the image and the question. `text`: the scene in words, and a completion."""
    traces: bool = True
    """false: a text row has no completion, so that a teacher can write it."""
    behaviors: float = Field(default=0.0, ge=0, le=1)
    """Share of the completions that begin with picturing the scene, and of those that end with checking the last step."""

    @field_validator("families")
    @classmethod
    def _families_are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            domain(name)
        return names

    @field_validator("levels", mode="before", json_schema_input_type=_Levels | dict[str, _Levels])
    @classmethod
    def _levels_are_known(cls, levels: object) -> object:
        """The levels as tuples; a single one needs no list."""
        if isinstance(levels, Mapping):
            return {family: _tuple_of(wanted) for family, wanted in levels.items() if domain(str(family))}
        return _tuple_of(levels)

    @model_validator(mode="after")
    def _every_family_has_levels(self) -> "VisualPuzzles":
        if isinstance(self.levels, Mapping) and (
            missing := [name for name in self.families if name not in self.levels]
        ):
            raise ValueError(f"`levels` says nothing about family {missing[0]!r}")
        return self

    def plan(self) -> dict[str, tuple[int, ...]]:
        """Family -> its levels, in the order in which rows are made."""
        if isinstance(self.levels, Mapping):
            return {name: self.levels[name] for name in self.families or self.levels}
        return dict.fromkeys(self.families or families(), self.levels)

    def read(self, seed: int) -> Iterator[Row | BadRow]:
        """One row of each family after the other, so that a `limit` cuts all of them equally."""
        seen: set[str] = set()
        answers: dict[tuple[str, int], Counter[str]] = {}
        exhausted: set[tuple[str, int]] = set()
        turns = ((number, *of) for number in itertools.count() for of in self.plan().items())
        for number, family, levels in islice(turns, self.count):
            level = levels[number % len(levels)]
            source_id = f"{family}-{level}-{number:06d}"
            rng = random.Random(f"{seed}/{self.name}/{self.modality}/{source_id}")
            counts = answers.setdefault((family, level), Counter())
            row = None
            if (family, level) not in exhausted:
                row = self._new_row(family, level, source_id, rng, counts, seen)
            if row is None:
                exhausted.add((family, level))
                detail = f"level {level} of {family} has no more rows than the {counts.total()} before"
                yield BadRow(self.name, source_id, "puzzles_exhausted", detail)
            else:
                seen.add(row.id)
                counts[row.answer] += 1
                yield row

    def _new_row(
        self, family: str, level: int, source_id: str, rng: random.Random, counts: Counter[str], seen: set[str]
    ) -> Row | None:
        """A row that did not come before, or None.

        Of several scenes the one with the rarest answer so far is taken, which balances the answers without rejecting any of them.
        """
        for _ in range(_TRIES):
            scenes = [scene(family, level, rng) for _ in range(_DRAWS)]
            if self.modality == "text":
                scenes = [puzzle for puzzle in scenes if row_id(_in_words(puzzle)) not in seen]
            if not scenes:
                continue
            row = self._row(family, min(scenes, key=lambda puzzle: counts[puzzle.answer]), source_id)
            if row.id not in seen:
                return row
        return None

    def _row(self, family: str, puzzle: Scene, source_id: str) -> Row:
        text = self.modality == "text"
        traced = text and self.traces
        rng = random.Random(f"behaviors/{self.name}/{source_id}")
        return make_row(
            source=self.name,
            source_id=source_id,
            question=_in_words(puzzle) if text else puzzle.question,
            images=[] if text else [_png(puzzle, self.size)],
            answer=puzzle.answer,
            answer_kind=puzzle.answer_kind,
            answer_options=puzzle.answer_options,
            completion=completion(with_behaviors(puzzle.solution, self.behaviors, rng), puzzle.answer)
            if traced
            else "",
            teacher="worked solution" if traced else "",
            format=format_of(puzzle.answer_kind),
            **{**self.row_defaults(), "domain": self.domain or domain(family)},
        )


def _tuple_of(levels: object) -> tuple[object, ...]:
    wanted = tuple(levels) if isinstance(levels, list | tuple) else (levels,)
    if not wanted or any(level not in LEVELS for level in wanted):
        raise ValueError(f"got levels {levels!r}, expected some of {list(LEVELS)}")
    return wanted


def _in_words(puzzle: Scene) -> str:
    return f"{puzzle.description}\n{puzzle.question}"


def _png(puzzle: Scene, size: int) -> bytes:
    buffer = io.BytesIO()
    paint(puzzle, size).save(buffer, "PNG")
    return buffer.getvalue()
