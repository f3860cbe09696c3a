"""The stage that measures difficulty: it samples responses to every row through an engine. What the pass rates mean decides `triage`."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import ClassVar, Literal

import pyarrow as pa
from datatrove.pipeline.base import PipelineStep

from curation.core.decision import Decision, keep
from curation.core.passes import PASSES
from curation.core.rows import Rows
from curation.core.schema import Column
from curation.core.stage import DecideStage, Run
from curation.difficulty.ahead import Ahead, passes_of
from curation.difficulty.cost import SamplingCost, sampling_cost
from curation.difficulty.pass_rate import PassRate, measure
from curation.difficulty.progress import report_progress


class MeasureDifficulty(DecideStage):
    """Samples responses to every row and sets its `difficulty` (PAPER 3.3, step 8); `measured` is what the stopping rule decided."""

    kind: Literal["difficulty"] = "difficulty"
    has_engine: ClassVar[bool] = True
    options: PassRate
    seed: int = 0
    template: str
    sets: ClassVar[tuple[str, ...]] = ("difficulty",)
    adds: ClassVar[tuple[Column, ...]] = (Column("measured", pa.string(), released=False),)

    def digests(self) -> dict[str, dict[str, str]]:
        identities = (engine.identity() for engine in self.options.engines)
        return {f"sampler {number}": {model: revision} for number, (model, revision) in enumerate(identities, 1)}

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        run.progress.advance(0, total=len(rows), note="starting the engine")

        report = partial(report_progress, run.progress, len(rows), "")
        refused = self._ahead(run).refused()
        results = measure(rows, self.options, run.rollouts, self.seed, self.template, report=report, refused=refused)
        with closing(results):  # type: ignore[type-var]  # a generator, so that it can be closed
            for _, difficulty, decision in results:
                yield keep(difficulty=difficulty, measured=decision)

    @property
    def passes(self) -> tuple[str, ...]:
        return tuple(passes_of(self.options))

    def parts_of_pass(self, run: Run, name: str) -> int:
        return self._ahead(run).n_parts(name)

    def steps_of_pass(self, run: Run, name: str) -> list[PipelineStep]:
        return self._ahead(run).steps(name, run.folder)

    def _ahead(self, run: Run) -> Ahead:
        return Ahead(run.rows, self.options, run.rollouts, run.folder / PASSES, self.seed, self.template)

    def cost(self, run: Run, pilot: int | None) -> SamplingCost:
        return sampling_cost(run.rows, self.options, run.rollouts, self.seed, self.template, pilot)
