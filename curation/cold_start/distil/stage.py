"""The stage that distils: the teacher is sampled, then every prompt gets its traces, in rows of their own where there are several."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.cold_start.distil.accept import CORRECT, Accept
from curation.cold_start.distil.choose import choose
from curation.cold_start.distil.ending import Samples, ending
from curation.cold_start.distil.options import Distil
from curation.cold_start.distil.prompts import MERGED, SAMPLED, Parts, part
from curation.core.chunks import chunks
from curation.core.decision import drop, merge
from curation.core.ledger import LedgerWriter
from curation.core.parquet import read_records, whole_file, write_records, write_text
from curation.core.passes import PASSES
from curation.core.row import Difficulty, Row, Sampler, Verified, plain, to_document
from curation.core.rows import Numbers, Rows, SomeRows
from curation.core.schema import ROW, Column, stage_schema
from curation.core.stage import ROWS, Leaves, Run, Stage
from curation.core.steps import WriteRows
from curation.difficulty.ahead import Ahead, passes_of
from curation.difficulty.cost import SamplingCost, sampling_cost
from curation.difficulty.pass_rate import measure
from curation.difficulty.progress import report_progress
from curation.difficulty.triage.samples import CHUNK
from curation.difficulty.triage.samples import Samples as StoredSamples
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore

MEASURED = "measured.parquet"
"""In the stage's folder: the difficulty of every row that was sampled, in their order."""
TABLE = "distil.json"
"""In the stage's folder: what came of the prompts, by source."""
CHOSEN = "chosen.npz"
"""In the folder of its passes: the numbers of the rows that are sampled."""
_COUNTS = ("prompts", "distilled", "traces", "added", "samples", "tokens")
_MEASURED = pa.schema([("difficulty", ROW["difficulty"])])


class DistilStage(Stage):
    """Samples a teacher until every prompt has its correct traces and leaves the rows with them; the other rows pass in their order."""

    kind: Literal["distil"] = "distil"
    has_engine: ClassVar[bool] = True
    options: Distil
    seed: int = 0
    template: str
    merge: bool = True
    """Whether of several rows of a cluster one is sampled."""
    keep: tuple[Verified, ...] = ("correct", "correct_without_box")
    """The verdicts with which a trace of the row's own stays where no other was found."""
    append_box: bool = False
    """Whether a trace that is correct without a box gets one."""
    need_box: bool = False
    """Whether a filter drops what has none."""
    leaves: ClassVar[Leaves] = ROWS
    adds: ClassVar[tuple[Column, ...]] = (Column("distilled", pa.bool_(), released=False),)
    remedies: ClassVar[dict[str, str]] = {
        "no_correct_trace": "cold_start.distil.n_max, give_up, sampler; cold_start.distil.template, which asks for the form that is read",
        "trace_incomplete": "cold_start.distil.need_thinking, template",
        "teacher_truncated": "cold_start.distil.sampling.max_tokens",
        "teacher_refused": "cold_start.distil.sampler: its max_model_len and its filter of contents",
        "unjudged": "gold.rules of the source; `ovr-curate rollouts` tells what became of the samples",
        "unsampled": "cold_start.distil.max_tokens_total, max_gpu_hours",
        "trace_elsewhere": "cold_start.dedup.merge: false samples every row",
        "same_prompt": "cold_start.dedup.merge: false samples every row",
    }

    @property
    def prompt(self) -> str:
        """The template of the teacher's prompt."""
        return self.options.template or self.template

    @property
    def accept(self) -> Accept:
        return Accept(self.options.need_thinking, self.append_box, self.need_box)

    def digests(self) -> dict[str, dict[str, str]]:
        model, revision = self.options.sampler.identity()
        return {"teacher": {model: revision}}

    def steps(self, run: Run) -> list[PipelineStep]:
        return [DistilRows(self, run), WriteRows(run.folder / ROWS, stage_schema((*run.columns, *self.adds)))]

    @property
    def passes(self) -> tuple[str, ...]:
        return tuple(passes_of(self.options.measurement))

    def parts_of_pass(self, run: Run, name: str) -> int:
        return self._ahead(run).n_parts(name)

    def steps_of_pass(self, run: Run, name: str) -> list[PipelineStep]:
        return self._ahead(run).steps(name, run.folder)

    def _ahead(self, run: Run) -> Ahead:
        rows, options = run.rows.some(self._chosen(run)), self.options.measurement
        return Ahead(rows, options, run.rollouts, run.folder / PASSES, self.seed, self.prompt, self.accept)

    def _chosen(self, run: Run) -> Numbers:
        """The rows that are sampled: found out once for all tasks of the passes, and again where the file is damaged."""
        path = run.folder / PASSES / CHOSEN
        with suppress(OSError, ValueError, LookupError, BadZipFile), np.load(path) as found:
            return np.asarray(found["numbers"])
        numbers = self.parts(run.rows).sampled
        with whole_file(path) as file:
            np.savez(file, numbers=numbers)
        return numbers

    def parts(self, rows: Rows) -> Parts:
        return part(rows, self.options.prompts, self.merge)

    def cost(self, run: Run, pilot: int | None) -> SamplingCost:
        chosen = run.rows.some(self.parts(run.rows).sampled)
        options, accept = self.options.measurement, self.accept
        return sampling_cost(chosen, options, run.rollouts, self.seed, self.prompt, pilot, judge=accept)

    def rows_added(self, run: Run) -> Mapping[str, int]:
        return {source: counts["added"] for source, counts in self._table(run).items()}

    def summary(self, run: Run) -> dict[str, Any]:
        """By source: prompts that were sampled, those that got a trace (`distilled`), traces, rows added, samples and their outcomes."""
        return {"distil": self._table(run)}

    def _table(self, run: Run) -> dict[str, Any]:
        table: dict[str, Any] = json.loads((run.folder / TABLE).read_text())
        return table


class DistilRows(PipelineStep):  # type: ignore[misc]
    """One task: samples, then hands on every row that stays, each with its trace. Memory: what the rounds take, and some rows."""

    type, name = "reader", "rows with their traces"

    def __init__(self, stage: DistilStage, context: Run) -> None:
        super().__init__()
        self.stage, self.context, self.progress = stage, context, context.progress

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        rows, options = self.context.rows, self.stage.options.measurement
        parts = self.stage.parts(rows)
        self._measure(rows.some(parts.sampled))
        self.progress.advance(total=len(rows), rows=-self.progress.rows, note="writing the traces")
        survivors = dict(_survivors(rows, parts))
        table: dict[str, Counter[str]] = {}
        measured = (_difficulty(record) for record in read_records(self.context.folder / MEASURED, batch_rows=CHUNK))
        with (
            RolloutStore(self.context.rollouts) as store,
            VerdictStore(self.context.rollouts / "verdicts") as verdicts,
            self.context.ledger() as ledger,
        ):
            samples = StoredSamples(store, verdicts, options, self.stage.prompt)
            for chunk in chunks(enumerate(rows), CHUNK):
                of_rows = self._sampled(chunk, parts, measured, samples)
                for number, row in chunk:
                    counts = table.setdefault(row.source, Counter(dict.fromkeys(_COUNTS, 0)))
                    if parts.parts[number] == MERGED:
                        ledger.end(
                            row.id, row.source, row.source_id, merge(*survivors[int(parts.survivors[number])]), 0
                        )
                    elif parts.parts[number] == SAMPLED:
                        yield from map(to_document, self._with_traces(*of_rows.pop(0), counts, ledger))
                    else:
                        yield to_document(_marked(row, False))
                    self.progress.advance()
        described = {source: dict(sorted(counts.items())) for source, counts in sorted(table.items())}
        write_text(self.context.folder / TABLE, json.dumps(described, indent=1))
        self.progress.flush()

    def _measure(self, chosen: SomeRows) -> None:
        """Sample the teacher, and leave the difficulty of every row that is `chosen`."""
        self.progress.advance(0, total=len(chosen), note="starting the teacher")
        report = partial(report_progress, self.progress, len(chosen), "")
        stage, store = self.stage, self.context.rollouts
        results = measure(
            chosen,
            stage.options.measurement,
            store,
            stage.seed,
            stage.prompt,
            report=report,
            judge=stage.accept,
            refused=stage._ahead(self.context).refused() if (self.context.folder / PASSES).exists() else (),
        )
        with closing(results):  # type: ignore[type-var]  # a generator, so that it can be closed
            records = ({"difficulty": plain(found.difficulty)} for found in results)
            write_records(self.context.folder / MEASURED, _MEASURED, records)

    def _sampled(
        self, chunk: list[tuple[int, Row]], parts: Parts, measured: Iterator[Difficulty], samples: StoredSamples
    ) -> list[tuple[Row, Row, Samples]]:
        """Of every row of the chunk that was sampled: itself, itself with its difficulty, what its samples are."""
        chosen = [row for number, row in chunk if parts.parts[number] == SAMPLED]
        with_difficulty = [replace(row, difficulty=next(measured)) for row in chosen]
        found = []
        for before, row, (rollouts, verdicts) in zip(chosen, with_difficulty, samples.of(with_difficulty), strict=True):
            candidates = self.stage.accept.candidates(row, rollouts, verdicts)
            found.append((before, row, Samples(rollouts, candidates)))
        return found

    def _with_traces(
        self, before: Row, row: Row, samples: Samples, counts: Counter[str], ledger: LedgerWriter
    ) -> Iterator[Row]:
        """The rows that one becomes; none where it ends."""
        options, difficulty = self.stage.options, row.difficulty
        assert difficulty is not None
        chosen = choose(samples.traces, options.keep, options.k)
        has_own = bool(before.completion.strip()) and before.verified in (*self.stage.keep, *CORRECT)
        keeps_own = has_own and (before.verified in CORRECT or not chosen)
        counts.update(prompts=1, distilled=bool(chosen), traces=len(chosen), samples=len(samples.rollouts))
        counts.update(tokens=sum(rollout.sample.n_tokens for rollout in samples.rollouts))
        counts.update(Counter(f"samples_{candidate.outcome}" for candidate in samples.candidates))
        if keeps_own:
            yield _marked(before, False)
        elif not chosen:
            ledger.end(row.id, row.source, row.source_id, drop(*ending(difficulty, samples)), 0)
        for number, trace in enumerate(chosen, 1 + keeps_own):
            made = trace.row.changed("distil", samples.note(trace, difficulty), teacher=difficulty.sampler.model)
            if number > 1:
                made = replace(made, id=f"{row.id}.{number}", source_id=f"{row.source_id}#trace{number}")
                counts["added"] += 1
            yield _marked(made, True)


def _survivors(rows: Rows, parts: Parts) -> Iterator[tuple[int, tuple[str, str]]]:
    """Of the rows that others are merged into the number, with the reason and the name that their lines in the ledger give."""
    numbers = np.unique(parts.survivors[parts.parts == MERGED])
    for number, record in rows.at(numbers, ["source", "source_id"]):
        reason = "same_prompt" if parts.parts[number] == SAMPLED else "trace_elsewhere"
        yield number, (reason, f"{record['source']}/{record['source_id']}")


def _marked(row: Row, distilled: bool) -> Row:
    return replace(row, extra={**row.extra, "distilled": distilled})


def _difficulty(record: dict[str, Any]) -> Difficulty:
    values = record["difficulty"]
    return Difficulty(**{**values, "sampler": Sampler(**values["sampler"])})
