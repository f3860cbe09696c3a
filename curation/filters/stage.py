"""The stages that look at one row alone: the manifest's filters, and whether the reward can judge the row."""

from typing import TYPE_CHECKING, ClassVar, Literal

from datatrove.pipeline.base import PipelineStep

import rewards
from curation.core.decision import KEEP, Decision, drop, keep
from curation.core.errors import CurationError
from curation.core.plugins import plugin_union
from curation.core.row import Row, Verified
from curation.core.stage import MapStage, Run
from curation.filters.base import Filter
from curation.filters.step import FilterRows, KeepLicensed
from curation.release.licences import Release

if TYPE_CHECKING:
    AnyFilter = Filter
else:
    AnyFilter = plugin_union(Filter)


class FilterStage(MapStage):
    """The manifest's filters in their order, then the licences that the release drops."""

    kind: Literal["filter"] = "filter"
    filters: tuple[AnyFilter, ...] = ()
    release: Release | None = None
    """Given where rows that may not be published are dropped."""

    def middle(self, run: Run) -> list[PipelineStep]:
        steps: list[PipelineStep] = [FilterRows(spec, run.ledger(i)) for i, spec in enumerate(self.filters)]
        return [*steps, KeepLicensed(self.release, run.ledger(len(steps)))] if self.release else steps


class VerifyGolds(MapStage):
    """Keeps what the reward can judge: the gold is readable and, given as a response, is judged correct (PAPER 3.3, step 7)."""

    kind: Literal["verify_golds"] = "verify_golds"

    def map(self, row: Row) -> Decision:
        verifier = verifier_of(row)
        if not row.answer.strip():
            return drop("no_gold") if verifier.kind.needs_gold else KEEP
        verdict = verifier.judge_answer(row.answer)
        if verdict.outcome == "correct":
            return KEEP
        reason = verdict.outcome if verdict.outcome in ("unreadable_gold", "timeout") else "gold_fails_itself"
        return drop(reason, f"{row.answer_kind} {row.answer[:200]!r}: {verdict.detail}")


class VerifyTraces(MapStage):
    """Judges every trace against its gold, and keeps the verdicts that the manifest names."""

    kind: Literal["verify_traces"] = "verify_traces"
    keep: tuple[Verified, ...] = ("correct",)
    sets: ClassVar[tuple[str, ...]] = ("verified",)

    def map(self, row: Row) -> Decision:
        if not row.completion.strip():
            return drop("no_completion")
        verified = verify_completion(row)
        return keep(verified=verified) if verified in self.keep else drop(f"verified_{verified}")


def verifier_of(row: Row) -> rewards.Verifier:
    """The row's verifier.

    Raises:
        CurationError: no such reward kind, or an option that it does not have.
    """
    try:
        return rewards.make_verifier(row.answer, row.answer_kind, row.answer_options)
    except ValueError as error:
        raise CurationError(f"{row.source}/{row.source_id}: {error}") from error


def verify_completion(row: Row) -> Verified:
    """The verdict on a trace. One without an answer, or cut off before it, is wrong."""
    verifier = verifier_of(row)
    if not row.answer.strip() and verifier.kind.needs_gold:
        return "no_gold"
    verdict = verifier.judge(row.completion)
    if verdict.reward is None:
        return "cannot_judge"
    return "correct" if verdict.outcome == "correct" else "wrong"
