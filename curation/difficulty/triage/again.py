"""Prompts with images, sampled another time: without their images, or with other ones."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from curation.core.passes import PASSES
from curation.core.row import Row
from curation.core.rows import Rows, SomeRows
from curation.core.stage import Run
from curation.difficulty.ahead import Ahead, Pass
from curation.difficulty.cost import SamplingCost, sampling_cost
from curation.difficulty.outcomes import Bools, Ints
from curation.difficulty.pass_rate import PassRate, measure
from curation.difficulty.progress import report_progress
from curation.difficulty.stopping.fixed import Fixed
from curation.difficulty.triage.images import varied
from curation.difficulty.triage.marks import Variant, without_pictures
from curation.sampling.engines.base import Engine

Gains = dict[int, dict[str, tuple[int, int]]]
"""Number of a row -> variant -> (correct, judged)."""


class Chosen(NamedTuple):
    """Of every row whether it is sampled with other images, whether it has any, and the number of the model that measured it."""

    rows: Bools
    has_images: Bools
    engines: Ints


FIRST = str(Pass(1, 1))
"""The one pass of what is sampled here."""


@dataclass(frozen=True)
class Again:
    """`n` samples of each prompt, within no budget; all else as the difficulty was measured."""

    difficulty: PassRate
    run: Run
    seed: int
    template: str

    def without_images(self, rows: Rows) -> Ints:
        """Of every trivial prompt with images, sampled without them by the first model: correct, judged."""
        found = array("q")
        for n_correct, n_judged in self._measure(*self._without(rows), "without images, "):
            found.extend((n_correct, n_judged))
        return np.array(found, np.int64).reshape(-1, 2)

    def with_other_images(self, rows: Rows, variants: Sequence[Variant], chosen: Chosen) -> Gains:
        """Of the rows that are chosen the samples under each variant, by the model that measured the row."""
        gains = Gains()
        for number, variant in product(range(len(self.difficulty.engines)), variants):
            others, options = self._with_others(rows, variant, number, chosen)
            if not len(others):
                continue
            counts = self._measure(others, options, f"{variant} images, ")
            for i, of_row in zip(others.numbers.tolist(), counts, strict=True):
                gains.setdefault(i, {})[variant] = of_row
        return gains

    def ahead_without(self, name: str, rows: Rows) -> Ahead:
        """What `without_images` samples, as a pass of that name."""
        return self._ahead(name, *self._without(rows))

    def ahead_with_others(self, name: str, rows: Rows, variant: Variant, engine: int, chosen: Chosen) -> Ahead:
        """What `with_other_images` samples for a variant and a model."""
        return self._ahead(name, *self._with_others(rows, variant, engine, chosen))

    def _ahead(self, name: str, rows: SomeRows, options: PassRate) -> Ahead:
        folder = self.run.folder / PASSES / name
        return Ahead(rows, options, self.run.rollouts, folder, self.seed, self.template, by_text=True)

    def _without(self, rows: Rows) -> tuple[SomeRows, PassRate]:
        records = rows.records(["images", "measured"])
        trivial = np.flatnonzero([bool(one["images"]) and one["measured"] == "trivial" for one in records])
        options = self._once(self.difficulty.sampler).model_copy(update={"truncated": "unjudged"})
        return WithoutImages(rows, trivial), options

    def _with_others(self, rows: Rows, variant: Variant, engine: int, chosen: Chosen) -> tuple[SomeRows, PassRate]:
        mine = np.flatnonzero(chosen.rows & chosen.has_images & (chosen.engines == engine))
        pool = np.flatnonzero(chosen.has_images)
        view = varied(rows, mine, variant, self.seed, pool) if len(mine) else rows.some(mine)
        return view, self._once(self.difficulty.engines[engine])

    def cost(self, names: Sequence[Any]) -> "CostOfImages":
        """Of every row with images that the run has, by the names of variants or `without`. The rows may not be measured yet; what their
        samples are like tells what these will be.
        """
        rows = self.run.rows
        pool = np.flatnonzero([bool(record["images"]) for record in rows.records(["images"])])
        once, store = self._once(self.difficulty.sampler), self.run.rollouts
        parts: dict[str, SamplingCost] = {}
        for name in names:
            view = WithoutImages(rows, pool) if name == "without" else varied(rows, pool, name, self.seed, pool)
            parts[name] = sampling_cost(view, once, store, self.seed, self.template, like=rows)
        return CostOfImages(parts)

    def _once(self, engine: Engine) -> PassRate:
        once = {"sampler": engine, "samplers": (), "stopping": Fixed(), "max_tokens_total": None, "max_gpu_hours": None}
        return self.difficulty.model_copy(update=once)

    def _measure(self, rows: Any, options: PassRate, what: str) -> Iterator[tuple[int, int]]:
        report = partial(report_progress, self.run.progress, 0, what)
        for _, found, _ in measure(rows, options, self.run.rollouts, self.seed, self.template, report=report):
            yield found.n_correct, found.n_judged


class WithoutImages(SomeRows):
    """Some rows, without their images."""

    def __iter__(self) -> Iterator[Row]:
        return map(without_pictures, super().__iter__())


@dataclass(frozen=True)
class CostOfImages:
    """What these samples cost at most, by the images that the prompts are sampled with."""

    parts: Mapping[str, SamplingCost]

    @property
    def is_known(self) -> bool:
        return all(part.is_known for part in self.parts.values())

    def line(self, gpu_hour_price: float | None) -> str:
        """Some lines for each."""
        return "\n".join(f"{name} images: {part.line(gpu_hour_price)}" for name, part in self.parts.items())
