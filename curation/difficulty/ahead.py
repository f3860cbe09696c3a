"""A measurement that several engines share: what it samples is sampled ahead of it, into the store, in passes.

For a model there is a pass for the first round and one for all others: its tasks fit the rule to the first round of all prompts, each for
itself, and take their own prompts to the end. Where a rule asks for samples by what others have found, there is a pass for every round.
The counts of a pass are left in small files, which the next passes read instead of the store. The measurement reads the store alone.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from datatrove.pipeline.base import PipelineStep

from curation.core.parquet import whole_file
from curation.core.passes import Fill, FillStore, number_alike, pieces_of
from curation.core.progress import TaskProgress
from curation.core.rows import Numbers
from curation.difficulty.budget import Budget
from curation.difficulty.outcomes import OUTCOMES, Ints
from curation.difficulty.pass_rate import PassRate, number_sources, passed_on, sampler_of, setting_of
from curation.difficulty.progress import report_progress
from curation.difficulty.rounds import REFUSED, Judge, Refusal, Rounds, Rows, Work, outcomes_of
from curation.sampling.engines.base import Engine
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore
from curation.sampling.sample_cached import CachedSampler, Sampled

MOST_ROUNDS = 8
"""Rounds of a rule that has them together: what later ones ask for is little, and left to the measurement."""
_REFUSED = OUTCOMES.index("refused")
COUNTS = "counts"
"""In a pass's folder: a file for every part."""
BATCHES, BATCHES_TO_END = 2, 8
"""Times `batch_prompts` prompts of a part; more where they are taken to the end, whose last rounds are small."""


class Pass(NamedTuple):
    """A round of a model, or all from this one on; both count from 1."""

    model: int
    round: int
    to_end: bool = False

    def __str__(self) -> str:
        return f"model-{self.model}-{'rest' if self.to_end else f'round-{self.round}'}"


def passes_of(options: PassRate) -> dict[str, Pass]:
    """Name -> pass, in their order. A budget is spent one sample after the other, so within one there are none."""
    if options.max_tokens_total is not None or options.max_gpu_hours is not None:
        return {}
    together = [(number, False) for number in range(2, MOST_ROUNDS + 1)]
    later = {"one": [], "apart": [(2, True)], "together": together}[options.stopping.passes]
    passes = [Pass(model, *one) for model, _ in enumerate(options.engines, 1) for one in [(1, False), *later]]
    return {str(one): one for one in passes}


class Prompts(Rows, Protocol):
    """Rows of which some can be taken, and some columns of all."""

    def records(self, columns: Sequence[str] | None = None) -> Any: ...

    def some(self, numbers: Numbers) -> Rows: ...


@dataclass(frozen=True)
class Ahead:
    """The passes of a measurement of `rows`. `folder` has those of its stage; the rest is what `measure` takes."""

    rows: Prompts
    options: PassRate
    store: Path
    folder: Path
    seed: int
    template: str
    judge: Judge = outcomes_of
    by_text: bool = False
    """Whether rows of one text may be one prompt, though they are of different clusters: their images are gone or replaced."""

    def n_parts(self, name: str) -> int:
        """Parts of a pass; known once the one before it is done."""
        return len(self._parts(name, self._until(name)[1]))

    def steps(self, name: str, stage: Path) -> list[PipelineStep]:
        """The steps of a part of a pass, which is reported on in the folder of its stage."""
        return [FillStore(partial(self._begin, name), stage)]

    def refused(self) -> list[dict[int, Refusal]]:
        """Of every model what it refused in the passes, by the numbers of the prompts."""
        found: list[dict[int, Refusal]] = [{} for _ in self.options.engines]
        for name, one in passes_of(self.options).items():
            for file in self._counts(name):
                with np.load(file) as part:
                    reasons, counts = part["reasons"].tolist(), part["counts"]
                    for place in np.flatnonzero(counts[:, _REFUSED]):
                        why = reasons[part["stops"][place]].removeprefix(REFUSED)
                        n_before = int(counts[place].sum() - counts[place, _REFUSED])
                        found[one.model - 1][int(part["numbers"][place])] = Refusal(why, n_before)
        return found

    def _begin(self, name: str, held: ExitStack) -> Fill:
        one, (rounds, ask) = passes_of(self.options)[name], self._until(name)
        parts, sampling = self._parts(name, ask), self.options.sampling
        batch, n = self.options.prompts_at_once, self.options.n
        setting = setting_of(self._engine(one), sampling, self.template)
        store = held.enter_context(RolloutStore(self.store))
        verdicts = held.enter_context(VerdictStore(self.store / "verdicts"))
        sampler = held.enter_context(CachedSampler(self._engine(one), sampling, setting, store))

        def fill(part: int, progress: TaskProgress) -> None:
            numbers = parts[part]
            mine = rounds.some(self.rows.some(numbers), numbers)
            sampler.sampled = Sampled()
            note = f"{name}, part {part + 1} of {len(parts)}, "
            sampler.report = partial(report_progress, progress, 0, note, sampler, mine)
            work = Work(
                sampler,
                verdicts,
                self.template,
                self.seed,
                batch,
                n,
                sampler.report,
                self.judge,
                self.options.max_unanswered,
            )
            (mine.go_on if one.to_end else mine.sample)(ask[numbers], work)
            with whole_file(self.folder / name / COUNTS / f"{part:05d}.npz") as file:
                np.savez(file, numbers=numbers, **mine.state)

        return fill

    def _engine(self, one: Pass) -> Engine:
        return self.options.engines[one.model - 1]

    def _until(self, name: str) -> tuple[Rounds, Ints]:
        """The rounds of a pass's model as the passes before have left them, and what comes next of every prompt."""
        options, wanted = self.options, np.ones(len(self.rows), bool)
        groups = number_sources(record["source"] for record in self.rows.records(["source"]))
        rounds: Rounds | None = None
        ask = np.zeros(0, np.int64)
        for other, one in passes_of(options).items():
            if one.round == 1:
                if rounds is not None:
                    before = setting_of(options.engines[one.model - 2], options.sampling, self.template)
                    results = rounds.results(sampler_of(before, options.sampling))
                    wanted, groups = passed_on(wanted, groups, results, options)
                rounds = Rounds(self.rows, wanted, groups, options.stopping, options.bounds, Budget(None, None))
                ask = rounds.first()
            assert rounds is not None
            if other == name:
                break
            self._take(other, rounds)
            ask = rounds.more()
        assert rounds is not None
        return rounds, ask

    def _take(self, name: str, rounds: Rounds) -> None:
        """Put what a pass has found into `rounds`."""
        for file in self._counts(name):
            with np.load(file) as part:
                rounds.take(part["numbers"], part)

    def _counts(self, name: str) -> list[Path]:
        """What the parts of a pass have left; nothing where there was no pass."""
        return sorted((self.folder / name / COUNTS).glob("*.npz"))

    def _parts(self, name: str, ask: Ints) -> list[Numbers]:
        """The numbers of the prompts of every part. Rows of one prompt are in one part, as the first of them draws for all."""
        to_end = passes_of(self.options)[name].to_end
        size = self.options.batch_prompts * (BATCHES_TO_END if to_end else BATCHES)
        numbers = np.flatnonzero(ask)
        return [numbers[piece] for piece in pieces_of(self._copies[numbers], size)]

    @cached_property
    def _copies(self) -> Ints:
        """Of every row the number of the first that may be of the same prompt."""
        column = "prompt" if self.by_text else "cluster"
        return number_alike(record[column] for record in self.rows.records([column]))
