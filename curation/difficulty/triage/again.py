"""Prompts with images, sampled another time: without their images, or with other ones."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.core.row import Row, from_record
from curation.core.rows import Rows
from curation.core.stage import Run
from curation.difficulty.cost import SamplingCost, sampling_cost
from curation.difficulty.outcomes import Bools, Ints
from curation.difficulty.pass_rate import PassRate, measure
from curation.difficulty.stage import report_progress
from curation.difficulty.stopping.fixed import Fixed
from curation.difficulty.triage.images import varied
from curation.difficulty.triage.marks import Variant, without_pictures
from curation.sampling.engines.base import Engine

Gains = dict[int, dict[str, tuple[int, int]]]
"""Number of a row -> variant -> (correct, judged)."""


@dataclass(frozen=True)
class Again:
    """`n` samples of each prompt, within no budget; all else as the difficulty was measured."""

    difficulty: PassRate
    run: Run
    seed: int
    template: str

    def without_images(self, rows: Rows) -> Ints:
        """Of every trivial prompt with images, sampled without them by the first model: correct, judged."""
        records = rows.records(["images", "measured"])
        trivial = np.flatnonzero([bool(one["images"]) and one["measured"] == "trivial" for one in records])
        options = self._once(self.difficulty.sampler).model_copy(update={"truncated": "unjudged"})
        found = array("q")
        for n_correct, n_judged in self._measure(WithoutImages(rows, trivial), options, "without images, "):
            found.extend((n_correct, n_judged))
        return np.array(found, np.int64).reshape(-1, 2)

    def with_other_images(
        self, rows: Rows, variants: Sequence[Variant], has_images: Bools, chosen: Bools, engines: Ints
    ) -> Gains:
        """Of the rows that are chosen and have images, the samples under each variant, by the model that measured the row (`engines`)."""
        pool, gains = np.flatnonzero(has_images), Gains()
        for number, engine in enumerate(self.difficulty.engines):
            mine = np.flatnonzero(chosen & has_images & (engines == number))
            for variant in variants if len(mine) else ():
                others = varied(rows, mine, variant, self.seed, pool)
                counts = self._measure(others, self._once(engine), f"{variant} images, ")
                for i, of_row in zip(others.numbers.tolist(), counts, strict=True):
                    gains.setdefault(i, {})[variant] = of_row
        return gains

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
        report = partial(report_progress, self.run, 0, what)
        for _, found, _ in measure(rows, options, self.run.rollouts, self.seed, self.template, report=report):
            yield found.n_correct, found.n_judged


@dataclass(frozen=True)
class WithoutImages:
    """The rows at `numbers`, without their images."""

    rows: Rows
    numbers: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Row]:
        return (without_pictures(from_record(record)) for _, record in self.rows.at(self.numbers))


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
