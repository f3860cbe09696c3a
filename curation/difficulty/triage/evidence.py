"""`suspect_gold.parquet`: the evidence against golds, and against the judge, for a person to look at."""

from collections.abc import Iterator

import pyarrow as pa

from curation.core.chunks import chunks
from curation.core.row import Row, from_record
from curation.core.rows import Rows
from curation.difficulty.triage.agreement import agreement, n_options
from curation.difficulty.triage.marks import Counts, is_unread
from curation.difficulty.triage.residue import residue
from curation.difficulty.triage.samples import CHUNK, Samples
from curation.difficulty.triage.suspicion import Floats, Ints
from curation.sampling.rollouts.rollout import rollout_id

EXAMPLES, EXAMPLE_CHARS = 2, 4_000
SUSPECTS_FILE = "suspect_gold.parquet"

QUARANTINE = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "source", "source_id", "question", "gold")),
        *((name, pa.string()) for name in ("answer_kind", "answer_options", "agreed_answer")),
        *((name, pa.int32()) for name in ("n_answered", "n_correct", "n_agreed", "n_options")),
        ("probability", pa.float64()),
        ("mark", pa.string()),
        ("judge", pa.string()),
        ("rollouts", pa.list_(pa.string())),
        ("responses", pa.list_(pa.string())),
    ]
)
"""One line for each `suspect_gold`, `doubtful_gold` or `unread_answer` (`mark`). `rollouts` names all samples that agree, `responses` holds
the ends of the first of them, `judge` says why it could not read what they agree on.
"""

AGREEMENT_FILE = "agreement.parquet"
"""In the stage's folder."""
AGREEMENT = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "source")),
        *((name, pa.int32()) for name in ("n_answered", "n_correct", "n_agreed", "n_options", "n_judged", "sampler")),
    ]
)
"""One line for every measured row, dropped or not: what the error budget reckons wrong golds from. `sampler` numbers the models."""


def agreements(rows: Rows, counts: Ints, samplers: Ints) -> Iterator[dict[str, object]]:
    """The lines of `AGREEMENT`."""
    names = ["id", "source", "difficulty"]
    for record, count, sampler in zip(rows.records(names), counts.tolist(), samplers.tolist(), strict=True):
        n_judged = record.pop("difficulty")["n_judged"]
        yield {**record, **dict(zip(Counts._fields[:4], count, strict=False)), "n_judged": n_judged, "sampler": sampler}


def evidence(
    rows: Rows, suspects: Ints, samples: Samples, counts: Ints, probabilities: Floats
) -> Iterator[dict[str, object]]:
    """The lines of `QUARANTINE`; `suspects` are the numbers of their rows, ascending."""
    numbers = iter(suspects.tolist())
    for chunk in chunks(map(from_record, (record for _, record in rows.at(suspects))), CHUNK):
        for row, (rollouts, verdicts) in zip(chunk, samples.of(chunk), strict=True):
            number = next(numbers)
            found, left = agreement(row, verdicts), residue(row, rollouts, verdicts)
            unread = is_unread(Counts(*counts[number].tolist()))
            agreeing = [rollouts[k] for k in (left.members if unread else found.members)]
            yield {
                **_of(row),
                "n_answered": left.n_finished if unread else found.n_answered,
                "n_correct": found.n_correct,
                "n_agreed": left.n_unread if unread else found.n_agreed,
                "agreed_answer": left.text if unread else found.answer,
                "n_options": n_options(row),
                "probability": None if unread else float(probabilities[number]),
                "mark": "unread_answer" if unread else "doubtful_gold" if found.n_correct else "suspect_gold",
                "judge": left.detail if unread else "",
                "rollouts": [rollout_id(rollout) for rollout in agreeing],
                "responses": [rollout.sample.text[-EXAMPLE_CHARS:] for rollout in agreeing[:EXAMPLES]],
            }


def _of(row: Row) -> dict[str, str]:
    names = ("id", "source", "source_id", "question", "answer_kind", "answer_options")
    return {**{name: getattr(row, name) for name in names}, "gold": row.answer}
