"""The stages that look at one row alone: the manifest's filters, and whether the reward can judge the row."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, Literal

from datatrove.pipeline.base import PipelineStep

import rewards
from curation.core.decision import KEEP, Decision, drop, keep
from curation.core.errors import BuildError, CurationError
from curation.core.row import Row, Verified
from curation.core.stage import MapStage, Run
from curation.core.steps import MapRows
from curation.filters.base import AnyFilter, Filter, Judgement
from curation.release.licences import LICENCE, Release


class FilterStage(MapStage):
    """The manifest's filters in their order, then the licences that the release drops."""

    kind: Literal["filter"] = "filter"
    filters: tuple[AnyFilter, ...] = ()
    release: Release | None = None
    """Given where rows that may not be published are dropped."""
    distil: bool = False
    """Whether a row without a trace gets one later: filters of traces let it pass."""

    def remedy(self, reason: str) -> str:
        """The filter that gives the reason, or those that do not say theirs, and its options."""
        if self.release and reason == LICENCE:
            return "release.allow"
        return remedy_of(self.filters, reason)

    def middle(self, run: Run) -> list[PipelineStep]:
        judges = [(spec.kind, partial(_judge_before, spec) if self.distil else spec.judge) for spec in self.filters]
        if self.release:
            judges.append(("licence", partial(_is_licensed, self.release)))
        return [MapRows(partial(decide, judge), run.ledger(i), name) for i, (name, judge) in enumerate(judges)]


def remedy_of(filters: Sequence[Filter], reason: str) -> str:
    """The filters that give a reason, or those that do not say theirs, and their options."""
    giving = [one for one in filters if reason in one.remedies] or [one for one in filters if not one.remedies]
    return " or ".join(f"filter {one.kind}, {one.remedies.get(reason, '')}".removesuffix(", ") for one in giving)


def _judge_before(one: Filter, row: Row) -> Judgement:
    """The judgement of a row before those without a trace get one."""
    return one.judge(row) if row.completion.strip() else one.judge_prompt(row)


def _is_licensed(release: Release, row: Row) -> Judgement:
    return True if release.allows(row.license) else (False, LICENCE, row.license)


def decide(judge: Callable[[Row], Judgement], row: Row) -> Decision:
    """What becomes of a row by a filter's judgement.

    Raises:
        BuildError: it is none.
    """
    judgement = judge(row)
    if judgement is True:
        return KEEP
    if not isinstance(judgement, tuple) or judgement[0] is not False or len(judgement) not in (2, 3):
        what = f"a filter gave {judgement!r} for {row.source}/{row.source_id}"
        raise BuildError(f"{what}, expected True or (False, reason) or (False, reason, detail)")
    return drop(*judgement[1:])


class VerifyGolds(MapStage):
    """Keeps what the reward can judge: the gold and its aliases are readable and, in a response's box too, correct (PAPER 3.3, step 7)."""

    kind: Literal["verify_golds"] = "verify_golds"
    remedies: ClassVar[dict[str, str]] = {
        "no_gold": "fields.answer of the source",
        **dict.fromkeys(("gold_fails_itself", "unreadable_gold", "undecided", "timeout"), "gold.rules of the source"),
    }

    def map(self, row: Row) -> Decision:
        verifier = verifier_of(row)
        if not row.answer.strip():
            return drop("no_gold") if verifier.kind.needs_gold else KEEP
        failed = _failure(verifier)
        return drop(*failed) if failed else KEEP


class VerifyTraces(MapStage):
    """Judges every trace against its gold, and keeps the verdicts that the manifest names. A gold that its own judge calls wrong is dropped
    whatever the verdict."""

    kind: Literal["verify_traces"] = "verify_traces"
    keep: tuple[Verified, ...] = ("correct",)
    distil: bool = False
    """Whether a row without a trace gets one later: it stays where its gold can judge one."""
    remedies: ClassVar[dict[str, str]] = {
        "no_completion": "fields.completion of the source",
        **VerifyGolds.remedies,
        **{f"verified_{one}": "cold_start.keep_verified" for one in ("correct", "wrong", "cannot_judge", "no_gold")},
    }
    sets: ClassVar[tuple[str, ...]] = ("verified",)

    def map(self, row: Row) -> Decision:
        if not row.completion.strip():
            return VerifyGolds().map(row) if self.distil else drop("no_completion")
        if row.answer.strip() and (failed := _failure(verifier_of(row))) and failed[0] == "gold_fails_itself":
            return drop(*failed)
        verified = verify_completion(row)
        return keep(verified=verified) if verified in self.keep else drop(f"verified_{verified}")


def _failure(verifier: rewards.Verifier) -> tuple[str, str] | None:
    """Why a gold, or an alias of it, is not judged correct by its own verifier: the reason and what was found; None where all are."""
    for text in (verifier.gold, *verifier.kind.aliases):
        verdict = verifier.judge_answer(text)
        if verdict.outcome == "correct" and "boxed" not in text and "fbox" not in text:
            verdict = verifier.judge(f"\\boxed{{{text}}}")
        if verdict.outcome != "correct":
            is_known = verdict.outcome in ("unreadable_gold", "timeout", "undecided")
            reason = verdict.outcome if is_known else "gold_fails_itself"
            return reason, f"{verifier.kind.kind} {text[:200]!r}: {verdict.detail}"
    return None


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
