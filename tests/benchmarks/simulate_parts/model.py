"""A build that is never made: the stages of a plan, the rows that come in, what models are asked for, and what all of it takes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

from curation.core.executors.slurm_job import links
from curation.core.row import Config
from curation.core.stage import Stage
from curation.core.stage_run import PassRun, StageRun
from curation.difficulty.ahead import BATCHES, BATCHES_TO_END
from curation.sources.formats.cut import PartSize
from tests.benchmarks.simulate_parts.schedule import Machine

BATCH_PROMPTS = 256
"""The default of every stage that samples."""
Rates = dict[str, Any]


@dataclass(frozen=True)
class Sources:
    """What comes in: (kind of rows, rows) of every source. A kind is one of the columns of `rates.yaml`: text, image, trace."""

    each: tuple[tuple[str, int], ...]

    @property
    def rows(self) -> int:
        return sum(n for _, n in self.each)

    def parts(self, bytes_of: dict[str, int]) -> list[dict[str, int]]:
        """The rows of every part by their kind: sources are cut at 20,000 rows or 64 MB."""
        size, found = PartSize(), list[dict[str, int]]()
        for kind, n in self.each:
            n_parts = max(1, ceil(n / size.rows), ceil(n * bytes_of[kind] / size.bytes))
            found += [{kind: n * (i + 1) // n_parts - n * i // n_parts} for i in range(n_parts)]
        return found

    def together(self) -> dict[str, int]:
        return {kind: sum(n for one, n in self.each if one == kind) for kind, _ in self.each}


@dataclass(frozen=True)
class Asked:
    """What a stage asks of a model: samples for every prompt by round, of which later ones fewer prompts take, and tokens of a response."""

    model: str
    tokens: float
    rounds: tuple[float, ...]
    prompts: int
    judged: bool = True
    """Whether a verifier looks at every response."""


@dataclass
class Predicted:
    """What a stage takes. `busiest` is what the worker that works longest spends, `queues` how often the chain waits for a queue."""

    name: str
    parts: int = 0
    tasks: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    busiest: float = 0.0
    gpu_s: float = 0.0
    peak_mb: float = 0.0
    queues: int = 0
    unknown: bool = False


class Simulation:
    """A build. `asked` is by the kind of stage; an engine stage without has no figure."""

    def __init__(self, sources: Sources, machine: Machine, asked: dict[str, Asked], rates: Rates) -> None:
        self.sources, self.machine, self.asked, self.rates = sources, machine, asked, rates
        self.parts = sources.parts(rates["bytes"])

    def run(self, stages: Sequence[Stage], config: Config = "rl") -> list[Predicted]:
        """What every stage takes, and `rest`, which is all that the build does outside of its stages."""
        runs = runs_of(stages, config)
        found = [self._stage(run) for run in runs]
        if self.machine.options.executor == "slurm":
            named = {one.name: one for one in found}
            for link in links(runs, self.machine.options):
                first = (link.stages or [link.check])[0]
                assert first is not None
                named[first.name].queues += 1
                named[first.name].seconds += self.machine.queue_s
        return [*found, self._single(Predicted("rest", 1, 1), self.sources.together())]

    def _stage(self, run: StageRun) -> Predicted:
        found, kind = Predicted(run.name), run.stage.kind
        if run.stage.has_engine:
            return self._engine(found, run)
        if kind not in self.rates["stages"]:
            return replace(found, unknown=True)
        if type(run.stage).n_parts is Stage.n_parts:
            return self._single(found, self.sources.together())
        rows = self.parts
        if kind == "shards":  # a part for a shard, not for a file
            size = getattr(run.stage, "rows_per_shard", PartSize().rows)
            n, total = max(1, ceil(self.sources.rows / size)), self.sources.together()
            rows = [{one: of * (i + 1) // n - of * i // n for one, of in total.items()} for i in range(n)]
        return self._shared(found, [self._cpu(kind, part) for part in rows], self._start(kind))

    def _single(self, found: Predicted, rows: dict[str, int]) -> Predicted:
        return self._shared(found, [self._cpu(found.name, rows)], self._start(found.name), rows)

    def _shared(
        self, found: Predicted, parts: Sequence[float], start_s: float, rows: dict[str, int] | None = None
    ) -> Predicted:
        tasks = self.machine.options.n_tasks(len(parts))
        start_s += 0.0 if self.machine.options.executor == "local" else self.rates["job_start_s"]
        seconds, work, busiest, _ = self.machine.run(parts, tasks, start_s)
        memory = self.rates["stages"][found.name]
        peak = memory.get("mb", 0) + memory.get("bytes_a_row", 0) * sum((rows or {}).values()) / 2**20
        return replace(found, parts=len(parts), tasks=tasks, seconds=seconds, cpu=work, busiest=busiest, peak_mb=peak)

    def _engine(self, found: Predicted, run: StageRun) -> Predicted:
        """Its passes one after the other, each shared out to the engines, and the decision behind them, which reads their samples."""
        if (asked := self.asked.get(run.stage.kind)) is None:
            return replace(found, unknown=True)
        model = self.rates["models"][asked.model]
        passes = [work.name for work in run.works(self.machine.options) if isinstance(work, PassRun)]
        for name, samples in zip(passes or ["all"], rounds_of(asked.rounds, len(passes)), strict=False):
            size = BATCH_PROMPTS * (BATCHES_TO_END if name.endswith("rest") else BATCHES)
            if not (tokens := asked.prompts * samples * asked.tokens):
                continue  # no engine is started
            n_parts = ceil(asked.prompts / size) if passes else 1
            part_s = tokens / n_parts / (model["tokens_per_s"] * self.rates["utilization"])
            tasks = self.machine.options.n_tasks(n_parts, True)
            seconds, work, busiest, _ = self.machine.run([part_s] * n_parts, tasks, model["load_s"])
            found.parts, found.tasks = found.parts + n_parts, max(found.tasks, tasks)
            found.seconds, found.busiest = found.seconds + seconds, found.busiest + busiest
            found.gpu_s += work * model["gpus"]
        judging = asked.judged * asked.prompts * sum(asked.rounds) * self.rates["judge_ms"] / 1000
        reading = asked.prompts * self.rates["look_up_ms"] / 1000
        return replace(found, seconds=found.seconds + reading, cpu=judging + reading, peak_mb=self.rates["engine_mb"])

    def _cpu(self, kind: str, rows: dict[str, int]) -> float:
        rate = self.rates["stages"][kind]
        if missing := [of for of in rows if of not in rate]:
            raise SystemExit(f"rates.yaml: stages.{kind} has no rate of rows of the kind {missing[0]!r}")
        return float(sum(n * rate[of] / 1000 for of, n in rows.items()))

    def _start(self, kind: str) -> float:
        return float(self.rates["stages"][kind]["start"])


def rounds_of(rounds: Sequence[float], passes: int) -> list[float]:
    """Samples of a prompt in every pass; the last takes all that is left.

    >>> rounds_of([1, 2, 4], 2), rounds_of([1, 2, 4], 0), rounds_of([1], 2)
    ([1, 6], [7], [1])
    """
    last = max(passes, 1) - 1
    return [*rounds[:last], *([sum(rounds[last:])] if rounds[last:] else [])]


def runs_of(stages: Sequence[Stage], config: Config) -> list[StageRun]:
    """The stages in their places in a build that is never made."""
    runs = list[StageRun]()
    for number, stage in enumerate(stages, 1):
        runs.append(
            StageRun(stage, stage.kind, number, config, Path("simulated"), "", before=runs[-1] if runs else None)
        )
    return runs
