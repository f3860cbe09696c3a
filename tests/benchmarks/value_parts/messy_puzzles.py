"""Rows with the faults of public data sets, planted into rows that have none: for `tests/benchmarks/value.py`.

What was done to a row stands in its source id behind a colon: `count-count-1-000003:wrong`.
"""

import io
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

from PIL import Image
from pydantic import Field

from curation.core.row import BadRow, Message, Row, prompt_id
from curation.sources.base import AnySource, Source

Share = Annotated[float, Field(ge=0, le=1)]


class MessyPuzzles(Source):
    """The rows of other sources, some with faults.

    - {kind: messy_puzzles, of: [{kind: visual_puzzles, families: [count], count: 100}], wrong: 0.05}
    """

    kind: Literal["messy_puzzles"] = "messy_puzzles"
    of: tuple[AnySource, ...]
    """Where the rows come from."""
    wrong: Share = 0
    """Share of the rows that get the gold of another row of their family, one that is not theirs."""
    unjudged: Share = 0
    """Share of the rows that get a gold which no judge can read."""
    copied: Share = 0
    """Share of the rows that come again."""
    copies: int = Field(default=3, ge=1)
    """How often they do: as they are, with other spaces and as a JPEG, in turn."""

    def read(self, seed: int) -> Iterator[Row | BadRow]:
        for source in self.of:
            read = (row for row in source.read(seed) if isinstance(row, Row))
            rows = [replace(row, source=self.name, source_id=f"{row.source}-{row.source_id}") for row in read]
            golds: dict[str, set[str]] = {}
            for row in rows:
                golds.setdefault(_family(row), set()).add(row.answer)
            for row in rows:
                yield from self._damaged(
                    row, golds[_family(row)], random.Random(f"{seed}/{source.name}/{row.source_id}")
                )

    def _damaged(self, row: Row, golds: set[str], rng: random.Random) -> Iterator[Row]:
        """The row, whole or damaged, and its copies. Which rows are damaged in one way does not depend on the shares of the others."""
        draws = [rng.random() for _ in range(3)]
        others = sorted(golds - {row.answer})
        other, fault = rng.choice(others or [row.answer]), ""
        if draws[0] < self.unjudged:
            row, fault = replace(row, answer="see the figure above"), ":unjudged"
        elif draws[1] < self.wrong and others:
            row, fault = replace(row, answer=other), ":wrong"
        yield replace(row, source_id=row.source_id + fault)
        for number in range(self.copies if draws[2] < self.copied else 0):
            yield _copy(row, number, fault)


def _family(row: Row) -> str:
    """The rows whose golds can be mixed up."""
    return f"{row.source_id.rpartition('-')[0]} {row.answer_options}"


def _copy(row: Row, number: int, fault: str) -> Row:
    text, images = row.question, row.images
    if number % 3 == 1:
        text = text.replace(" ", "  ", 2)
    if number % 3 == 2:
        images = tuple(_as_jpeg(image) for image in images)
    prompt = (*row.prompt[:-1], Message("user", text))
    name = f"{row.source_id}{fault}:copy{number}"
    return replace(row, id=prompt_id(prompt, images), source_id=name, prompt=prompt, images=images)


def _as_jpeg(image: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(image)).convert("RGB").save(buffer, "JPEG", quality=95)
    return buffer.getvalue()
