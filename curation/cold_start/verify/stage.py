"""The stage that judges every trace against its gold."""

from collections import Counter
from typing import Any, ClassVar, Literal

from curation.cold_start.verify.verdict import note, read_trace, with_box
from curation.core.decision import Decision, drop, keep
from curation.core.ledger import ledger_lines
from curation.core.row import Row, Verified
from curation.core.rows import decided
from curation.core.stage import DECISIONS, MapStage, Run
from curation.core.steps import written
from curation.filters.golds import gold_failure, verifier_of
from curation.filters.stage import VerifyGolds
from rewards.extract import after_thinking, boxes


class VerifyTraces(MapStage):
    """Judges every trace against its gold, and keeps the verdicts that the manifest names. A gold that its own judge calls wrong is dropped
    whatever the verdict."""

    kind: Literal["verify_traces"] = "verify_traces"
    keep: tuple[Verified, ...] = ("correct", "correct_without_box")
    append_box: bool = False
    need_box: bool = False
    """Whether `trace_format` asks for a box that may have been appended only here."""
    to_distil: bool = False
    """Whether rows without a trace stay, for a teacher to write one: their golds are then checked as those of `rl` are."""
    remedies: ClassVar[dict[str, str]] = {
        "no_completion": "fields.completion of the source",
        **VerifyGolds.remedies,
        "no_boxed_answer": "filter trace_format, need_box",
        **{
            f"verified_{one}": "cold_start.keep_verified"
            for one in ("correct", "correct_without_box", "wrong", "cannot_judge", "no_gold")
        },
    }
    sets: ClassVar[tuple[str, ...]] = ("verified", "completion")

    def map(self, row: Row) -> Decision:
        if not row.completion.strip():
            return VerifyGolds().map(row) if self.to_distil else drop("no_completion")
        if row.answer.strip() and (failed := gold_failure(verifier_of(row))) and failed[0] == "gold_fails_itself":
            return drop(*failed)
        reading = read_trace(row)
        if reading.verified not in self.keep:
            return drop(f"verified_{reading.verified}", reading.line)
        boxed = with_box(row, reading) if self.append_box and reading.verified == "correct_without_box" else None
        if self.need_box and not _has_box(boxed or row.completion):
            return drop("no_boxed_answer", reading.line)
        return keep(note(reading, boxed is not None), verified=reading.verified, completion=boxed)

    def summary(self, run: Run) -> dict[str, Any]:
        """`verified`: source -> verdict -> traces, with those that ended here."""
        counts: dict[str, Counter[str]] = {}
        folder = run.folder / DECISIONS
        for record in decided(run.rows, folder, written(folder)).records(["source", "verified"]):
            counts.setdefault(record["source"], Counter())[record["verified"] or "no_completion"] += 1
        for line in ledger_lines(run.folder / "ledger"):
            counts.setdefault(line.source, Counter())[line.reason.removeprefix("verified_")] += 1
        return {"verified": {source: dict(sorted(counts[source].items())) for source in sorted(counts)}}


def _has_box(completion: str) -> bool:
    return any(box.content.strip() for box in boxes(after_thinking(completion) or ""))
