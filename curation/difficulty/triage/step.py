"""The triage of measured prompts: a one-task decision over the difficulty's lines, and the quarantine of suspect golds.

It reads the rollouts and their verdicts back, so it judges nothing again, and it samples nothing but prompts without their
pictures, where that is asked for.
"""

import math
from array import array
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.parquet import read_records, write_records
from curation.core.row import Row, from_record
from curation.core.schema import DECISION
from curation.difficulty.pass_rate import PassRate, measure
from curation.difficulty.stopping.fixed import Fixed
from curation.difficulty.triage.agreement import agreement, n_options
from curation.difficulty.triage.marks import Counts, Mark, Triage, is_suspect, marks, without_pictures
from curation.difficulty.triage.suspicion import Floats, Ints, suspicion
from curation.sampling.engines.base import Request
from curation.sampling.rollouts.rollout import Rollout, Setting, prompt_hash, rollout_id
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore, judge_rollouts
from curation.sampling.template import apply_to_messages
from rewards import Verdict

CHUNK = 256
EXAMPLES, EXAMPLE_CHARS = 2, 4_000

QUARANTINE = pa.schema(
    [
        *[(name, pa.string()) for name in ("id", "source", "source_id", "question", "gold")],
        ("answer_kind", pa.string()),
        ("answer_options", pa.string()),
        ("agreed_answer", pa.string()),
        ("n_answered", pa.int32()),
        ("n_correct", pa.int32()),
        ("n_agreed", pa.int32()),
        ("n_options", pa.int32()),
        ("probability", pa.float64()),
        ("mark", pa.string()),
        ("rollouts", pa.list_(pa.string())),
        ("responses", pa.list_(pa.string())),
    ]
)
"""`suspect_gold.parquet`: one line for each suspect or doubtful gold. `rollouts` names all samples that agree, `responses` holds
the ends of the first of them."""

Line = dict[str, Any]


class DecideTriage(PipelineStep):  # type: ignore[misc]
    """Copies the difficulty's decisions with what triage adds: another reason for a drop, a note, a drop by a mark."""

    type, name = "decision", "triage"

    def __init__(
        self,
        files: list[Path],
        decisions: list[Path],
        folder: Path,
        options: Triage,
        difficulty: PassRate,
        store: Path,
        seed: int,
        template: str,
        quarantine: Path,
    ) -> None:
        super().__init__()
        self.files, self.decisions, self.folder, self.options = files, decisions, folder, options
        self.difficulty, self.store, self.seed, self.template = difficulty, store, seed, template
        self.quarantine = quarantine

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        blind = self._measured_without_pictures()
        with RolloutStore(self.store) as store, VerdictStore(self.store / "verdicts") as verdicts:
            self._stores = store, verdicts
            counts, sources = self._count(blind)
            probabilities = suspicion(counts[:, :3], sources, counts[:, 3])
            start = 0
            for file, decided in zip(self.files, self.decisions, strict=True):
                lines = self._lines(decided, counts[start:], probabilities[start:])
                start += write_records(self.folder / file.name, DECISION, lines)
            suspects = {i for i, line in enumerate(counts) if is_suspect(Counts(*line), probabilities[i], self.options)}
            write_records(self.quarantine, QUARANTINE, self._suspects(suspects, probabilities))
        yield from ()

    def _measured_without_pictures(self) -> Ints:
        """Of every trivial prompt with pictures (none where that is not asked for), sampled without them: correct, judged."""
        if not self.options.without_pictures:
            return np.empty((0, 2), np.int64)
        once = {
            "samplers": (),
            "stopping": Fixed(),
            "truncated": "unjudged",
            "max_tokens_total": None,
            "max_gpu_hours": None,
        }
        options = self.difficulty.model_copy(update=once)
        found = array("q")
        for _, measured, _ in measure(Blind(self), options, self.store, self.seed, self.template):
            found.extend((measured.n_correct, measured.n_judged))
        return np.array(found, np.int64).reshape(-1, 2)

    def _count(self, blind: Ints) -> tuple[Ints, Ints]:
        """The `Counts` of every row, and a number for its source and sampler."""
        counts, sources = array("q"), array("q")
        numbers: dict[Any, int] = {}
        unseen = iter(blind)
        for chunk in self.chunks():
            for (row, line), (_, verdicts) in zip(chunk, self._sampled(chunk), strict=True):
                found = agreement(row, verdicts)
                without = next(unseen, (0, 0)) if _is_blind(row, line) else (0, 0)
                counts.extend(Counts(found.n_answered, found.n_correct, found.n_agreed, n_options(row), *without))
                sampler = _setting(line) if line["difficulty"] else None
                sources.append(numbers.setdefault((row.source, sampler), len(numbers)))
        return np.array(counts, np.int64).reshape(-1, len(Counts._fields)), np.array(sources, np.int64)

    def chunks(self) -> Iterator[list[tuple[Row, Line]]]:
        """The rows with their lines of difficulty, `CHUNK` at a time."""
        rows = (from_record(record) for file in self.files for record in read_records(file))
        lines = (line for file in self.decisions for line in read_records(file))
        pairs = zip(rows, lines, strict=True)
        while chunk := list(islice(pairs, CHUNK)):
            yield chunk

    def _sampled(self, chunk: Sequence[tuple[Row, Line]]) -> list[tuple[list[Rollout], list[Verdict]]]:
        """Of every row the samples that its difficulty counts, and the verdicts on them."""
        store, verdicts = self._stores
        prompts = [self._prompt(row) for row, _ in chunk]
        of_setting: dict[tuple[Setting, int], list[str]] = {}
        for prompt, (_, line) in zip(prompts, chunk, strict=True):
            if line["difficulty"]:
                of_setting.setdefault(_setting(line), []).append(prompt)
        held = {
            (setting, max_tokens): store.load(setting, wanted, max_tokens, self._contexts.get(_identity(setting)))
            for (setting, max_tokens), wanted in of_setting.items()
        }
        rollouts = []
        for prompt, (_, line) in zip(prompts, chunk, strict=True):
            found = held[_setting(line)][prompt] if line["difficulty"] else {}
            rollouts.append([found[k] for k in sorted(found) if k < self._n_samples(line)])
        rows = [row for row, _ in chunk]
        return list(zip(rollouts, judge_rollouts(list(zip(rows, rollouts, strict=True)), verdicts), strict=True))

    @cached_property
    def _contexts(self) -> dict[tuple[str, str], int | None]:
        """The context that the manifest leaves each model: what was drawn under a longer one counts as cut off."""
        return {engine.identity(): engine.max_model_len for engine in self.difficulty.engines if engine.max_model_len}

    def _prompt(self, row: Row) -> str:
        return prompt_hash(Request(row.id, apply_to_messages(self.template, row.prompt), row.images, (), 0))

    def _n_samples(self, line: Line) -> int:
        """How many samples the difficulty of a line was told by, whatever the stopping rule: the first so many."""
        found = line["difficulty"]
        truncated = 0 if self.difficulty.truncated == "wrong" else found["n_truncated"]
        return int(found["n_judged"] + found["n_unjudged"] + truncated)

    def _lines(self, decided: Path, counts: Ints, probabilities: Floats) -> Iterator[Line]:
        for line, told, probability in zip(read_records(decided), counts, probabilities, strict=False):
            rate = line["difficulty"]["pass_rate"] if line["difficulty"] else math.nan
            yield triaged(line, marks(Counts(*told.tolist()), rate, probability, self.options), self.options)

    def _suspects(self, suspects: set[int], probabilities: Floats) -> Iterator[Line]:
        number = 0
        for chunk in self.chunks():
            numbers = [i for i in range(len(chunk)) if number + i in suspects]
            few = [chunk[i] for i in numbers]
            for i, (row, _), (rollouts, verdicts) in zip(numbers, few, self._sampled(few), strict=True):
                found = agreement(row, verdicts)
                agreeing = [rollouts[k] for k in found.members]
                yield {
                    **{name: getattr(row, name) for name in ("id", "source", "source_id", "question")},
                    **{name: getattr(row, name) for name in ("answer_kind", "answer_options")},
                    **{name: getattr(found, name) for name in ("n_answered", "n_correct", "n_agreed")},
                    "gold": row.answer,
                    "agreed_answer": found.answer,
                    "n_options": n_options(row),
                    "probability": float(probabilities[number + i]),
                    "mark": "doubtful_gold" if found.n_correct else "suspect_gold",
                    "rollouts": [rollout_id(rollout) for rollout in agreeing],
                    "responses": [rollout.sample.text[-EXAMPLE_CHARS:] for rollout in agreeing[:EXAMPLES]],
                }
            number += len(chunk)


class Blind:
    """The trivial rows with pictures, without them."""

    def __init__(self, step: DecideTriage) -> None:
        self.step = step
        self._length = sum(1 for _ in self)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Row]:
        for chunk in self.step.chunks():
            yield from (without_pictures(row) for row, line in chunk if _is_blind(row, line))


def triaged(line: Line, found: Sequence[Mark], options: Triage) -> Line:
    """A line of difficulty with what was found: the reason of a drop that a mark explains better, a drop by a mark of
    `options.drop`, else a note.

    What was dropped for its truncated or unjudged samples stays so: the others say too little.
    """
    if not found or line["reason"] not in ("", "infeasible", "trivial"):
        return line
    told = "; ".join(f"{mark.name}: {mark.detail}" for mark in found)
    dropping = next((mark for mark in found if mark.name in options.drop), None)
    if dropping is not None:
        return {**line, "action": "dropped", "reason": dropping.name, "detail": dropping.detail}
    if line["action"] == "keep":
        return {**line, "note": f"{line['note']}; {told}" if line["note"] else told}
    return {**line, "detail": f"{line['detail']}; {told}"}


def _is_blind(row: Row, line: Line) -> bool:
    return bool(row.images) and line["reason"] == "trivial"


def _identity(setting: Setting) -> tuple[str, str]:
    return setting.model, setting.revision


def _setting(line: Line) -> tuple[Setting, int]:
    sampler = dict(line["difficulty"]["sampler"])
    max_tokens = sampler.pop("max_tokens")
    return Setting(**sampler), max_tokens
