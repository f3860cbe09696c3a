"""The stage that decides by the measured difficulty, and the quarantine of suspect golds.

It reads the rollouts and their verdicts back, so it judges nothing again, and it samples nothing but prompts without their
images, where that is asked for.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa

from curation.core.decision import Decision, drop, keep
from curation.core.parquet import read_records, write_records
from curation.core.row import Row, from_record
from curation.core.rows import Rows
from curation.core.stage import DECISIONS, DecideStage, Run
from curation.difficulty.pass_rate import PassRate, measure
from curation.difficulty.stopping.fixed import Fixed
from curation.difficulty.triage.agreement import agreement, n_options
from curation.difficulty.triage.marks import Counts, Mark, Triage, is_suspect, marks, without_pictures
from curation.difficulty.triage.samples import Samples
from curation.difficulty.triage.suspicion import Floats, Ints, suspicion
from curation.difficulty.wording import solved
from curation.sampling.rollouts.rollout import rollout_id
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore

CHUNK = 256
EXAMPLES, EXAMPLE_CHARS = 2, 4_000
SUSPECTS_FILE = "suspect_gold.parquet"

QUARANTINE = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "source", "source_id", "question", "gold")),
        *((name, pa.string()) for name in ("answer_kind", "answer_options", "agreed_answer")),
        *((name, pa.int32()) for name in ("n_answered", "n_correct", "n_agreed", "n_options")),
        ("probability", pa.float64()),
        ("mark", pa.string()),
        ("rollouts", pa.list_(pa.string())),
        ("responses", pa.list_(pa.string())),
    ]
)
"""`suspect_gold.parquet`: one line for each suspect or doubtful gold. `rollouts` names all samples that agree, `responses` holds
the ends of the first of them."""


class TriageStage(DecideStage):
    """Drops what was measured as trivial, infeasible, truncated or not judged, under the reason that explains it best. Other marks are
    noted.
    """

    kind: Literal["triage"] = "triage"
    options: Triage = Triage()
    difficulty: PassRate
    seed: int = 0
    template: str
    publishes: ClassVar[tuple[str, ...]] = (SUSPECTS_FILE,)
    signs_as: ClassVar[str] = "difficulty"
    remedies: ClassVar[dict[str, str]] = {
        "trivial": "rl.difficulty.max_pass_rate: null keeps them",
        **dict.fromkeys(("hard", "infeasible"), "rl.difficulty.min_pass_rate: null keeps them"),
        "suspect_gold": "rl.triage.suspect_gold, rl.triage.drop; suspect_gold.parquet has the evidence",
        "unread_answer": "gold.rules of the source; suspect_gold.parquet has the evidence",
        **dict.fromkeys(("doubtful_gold", "picture_not_needed", "not_above_chance"), "rl.triage.drop"),
        "truncated": "rl.difficulty.sampling.max_tokens, rl.difficulty.max_lost",
        "unjudged": "rl.difficulty.max_lost; `ovr-curate why` tells what became of the samples",
        "unsampled": "rl.difficulty.max_tokens_total, rl.difficulty.max_gpu_hours",
    }

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        blind = self._measured_without_images(rows, run)
        with RolloutStore(run.rollouts) as store, VerdictStore(run.rollouts / "verdicts") as verdicts:
            samples = Samples(store, verdicts, self.difficulty, self.template)
            counts, sources = _count(rows, samples, iter(blind.tolist()))
            probabilities = suspicion(counts[:, :3], sources, counts[:, 3])
            suspects = [i for i, n in enumerate(counts) if is_suspect(Counts(*n), probabilities[i], self.options)]
            records = _suspects(rows, np.array(suspects, np.int64), samples, probabilities)
            write_records(run.folder / SUSPECTS_FILE, QUARANTINE, records)
        measured = rows.records(["difficulty", "measured"])
        for record, count, probability in zip(measured, counts, probabilities, strict=True):
            difficulty = record["difficulty"]
            found = marks(Counts(*count.tolist()), difficulty["pass_rate"], probability, self.options)
            yield triaged(record["measured"], difficulty, found, self.options)

    def _measured_without_images(self, rows: Rows, run: Run) -> Ints:
        """Of every trivial prompt with images (none where that is not asked for), sampled without them: correct, judged."""
        if not self.options.without_pictures:
            return np.empty((0, 2), np.int64)
        once = {"samplers": (), "stopping": Fixed(), "truncated": "unjudged"}
        once |= {"max_tokens_total": None, "max_gpu_hours": None}
        options = self.difficulty.model_copy(update=once)
        found = array("q")
        for _, measured, _ in measure(Blind(rows), options, run.rollouts, self.seed, self.template):
            found.extend((measured.n_correct, measured.n_judged))
        return np.array(found, np.int64).reshape(-1, 2)

    def summary(self, run: Run) -> dict[str, Any]:
        """Histogram of the pass rates in tenths (`0.0` holds 0 <= p < 0.1, `1.0` exactly 1), of all measured rows and of those kept, and
        what they are (`Difficulty.estimator`)."""
        measured, kept, outcomes = Counter[str](), Counter[str](), Counter[str]()
        estimators = set[str]()
        for difficulty, is_kept in _measured(run):
            rate, n_judged = difficulty["pass_rate"], difficulty["n_judged"]
            tenth = f"{int(rate * 10 + 1e-9) / 10:.1f}" if n_judged else "none judged"
            measured[tenth] += 1
            kept[tenth] += is_kept
            estimators.add(difficulty["estimator"])
            outcomes.update({name: difficulty[name] for name in ("n_correct", "n_judged", "n_truncated", "n_unjudged")})
        table = {"measured": dict(sorted(measured.items())), "kept": dict(sorted(kept.items()))}
        return {"pass_rates": {"estimator": ", ".join(sorted(estimators)), **table, "samples": dict(outcomes)}}


def _measured(run: Run) -> Iterator[tuple[dict[str, Any], bool]]:
    """The difficulty of every row that came in, and whether it stayed."""
    for file in run.rows.files:
        lines = read_records(run.folder / DECISIONS / file.path.name, ["keep"], batch_rows=10_000)
        for record, line in zip(file.read(["difficulty"]), lines, strict=True):
            yield record["difficulty"], line["keep"]


def _count(rows: Rows, samples: Samples, blind: Iterator[Sequence[int]]) -> tuple[Ints, Ints]:
    """The `Counts` of every row, and a number for its source and sampler."""
    counts, sources = array("q"), array("q")
    numbers: dict[Any, int] = {}
    for chunk in chunks(rows):
        for row, (_, verdicts) in zip(chunk, samples.of(chunk), strict=True):
            found = agreement(row, verdicts)
            without = next(blind, (0, 0)) if _is_blind(row) else (0, 0)
            counts.extend(Counts(found.n_answered, found.n_correct, found.n_agreed, n_options(row), *without))
            assert row.difficulty is not None
            sources.append(numbers.setdefault((row.source, row.difficulty.sampler), len(numbers)))
    return np.array(counts, np.int64).reshape(-1, len(Counts._fields)), np.array(sources, np.int64)


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows, `CHUNK` at a time."""
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def _suspects(rows: Rows, suspects: Ints, samples: Samples, probabilities: Floats) -> Iterator[dict[str, Any]]:
    """The lines of `QUARANTINE`; `suspects` are the numbers of their rows, ascending."""
    numbers = iter(suspects.tolist())
    for chunk in chunks(map(from_record, (record for _, record in rows.at(suspects)))):
        for row, (rollouts, verdicts) in zip(chunk, samples.of(chunk), strict=True):
            number, found = next(numbers), agreement(row, verdicts)
            agreeing = [rollouts[k] for k in found.members]
            yield {
                **{name: getattr(row, name) for name in ("id", "source", "source_id", "question")},
                **{name: getattr(row, name) for name in ("answer_kind", "answer_options")},
                **{name: getattr(found, name) for name in ("n_answered", "n_correct", "n_agreed")},
                "gold": row.answer,
                "agreed_answer": found.answer,
                "n_options": n_options(row),
                "probability": float(probabilities[number]),
                "mark": "doubtful_gold" if found.n_correct else "suspect_gold",
                "rollouts": [rollout_id(rollout) for rollout in agreeing],
                "responses": [rollout.sample.text[-EXAMPLE_CHARS:] for rollout in agreeing[:EXAMPLES]],
            }


class Blind:
    """The trivial rows with images, without them."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._length = sum(1 for _ in self)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Row]:
        return (without_pictures(row) for row in self.rows if _is_blind(row))


def _is_blind(row: Row) -> bool:
    return bool(row.images) and row.extra["measured"] == "trivial"


def triaged(measured: str, difficulty: Mapping[str, Any], found: Sequence[Mark], options: Triage) -> Decision:
    """What becomes of a row by what was measured and the marks that were found: the reason of a drop that a mark explains better, a drop by
    a mark of `options.drop`, else a note.

    What was dropped for its truncated or unjudged samples stays so: the others say too little.
    """
    counts = solved(difficulty)
    if not found or measured not in ("keep", "infeasible", "trivial"):
        return keep() if measured == "keep" else drop(measured, counts)
    detail = "; ".join(f"{mark.name}: {mark.detail}" for mark in found)
    if dropping := next((mark for mark in found if mark.name in options.drop), None):
        return drop(dropping.name, dropping.detail)
    return keep(detail) if measured == "keep" else drop(measured, f"{counts}; {detail}")
