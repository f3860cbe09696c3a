"""The stage that measures difficulty: it samples responses to every row through an engine. What the pass rates mean decides `triage`."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import ClassVar, Literal

import pyarrow as pa

from curation.core.decision import Decision, keep
from curation.core.rows import Rows
from curation.core.schema import Column
from curation.core.stage import DecideStage, Run
from curation.difficulty.cost import SamplingCost, sampling_cost
from curation.difficulty.pass_rate import PassRate, measure
from curation.difficulty.rounds import Rounds
from curation.sampling.sample_cached import CachedSampler, Sampled


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

        report = partial(report_progress, run, len(rows), "")
        results = measure(rows, self.options, run.rollouts, self.seed, self.template, report=report)
        with closing(results):  # type: ignore[type-var]  # a generator, so that it can be closed
            for _, difficulty, decision in results:
                yield keep(difficulty=difficulty, measured=decision)

    def cost(self, run: Run, pilot: int | None) -> SamplingCost:
        return sampling_cost(run.rows, self.options, run.rollouts, self.seed, self.template, pilot)


def report_progress(run: Run, total: int, before: str, sampler: CachedSampler, rounds: Rounds) -> None:
    """Put what a measurement has done so far on the screen, as often as that is looked at; the rows too where it has `total`."""
    if run.progress.is_due:
        done = rounds.n_stopped - run.progress.rows if total else 0
        run.progress.advance(done, note=before + progress_line(sampler.sampled, rounds))


def progress_line(sampled: Sampled, rounds: Rounds) -> str:
    """Responses, tokens, speed, and, once a round has shown what they cost, what is left of them and of the time."""
    found = f" ({sampled.found:,} stored)" if sampled.found else ""
    responses = f"{sampled.found + sampled.responses:,}/{rounds.n_asked:,} responses{found}"
    note = f"round {rounds.round}: {responses}, {sampled.tokens + sampled.underway:,} tokens, {sampled.speed:,.0f}/s"
    if not (left := rounds.tokens_left):
        return note
    minutes = f", {left / sampled.speed / 60:,.0f} min" if sampled.speed else ""
    return f"{note}, about {left:,} left{minutes}"
