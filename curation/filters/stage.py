"""The stages that look at one row alone: the manifest's filters, and whether the reward can judge the gold."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, Literal

from datatrove.pipeline.base import PipelineStep

from curation.core.decision import KEEP, Decision, drop
from curation.core.errors import BuildError
from curation.core.row import Row
from curation.core.stage import MapStage, Run
from curation.core.steps import MapRows
from curation.filters.base import AnyFilter, Filter, Judgement
from curation.filters.golds import gold_failure, verifier_of
from curation.release.licences import LICENCE, Release


class FilterStage(MapStage):
    """The manifest's filters in their order, then the licences that the release drops."""

    kind: Literal["filter"] = "filter"
    filters: tuple[AnyFilter, ...] = ()
    release: Release | None = None
    """Given where rows that may not be published are dropped."""
    traces: bool = False
    """Whether the rows have traces: filters of traces let those without one pass, which get it later or end as `no_completion`."""

    def remedy(self, reason: str) -> str:
        """The filter that gives the reason, or those that do not say theirs, and its options."""
        if self.release and reason == LICENCE:
            return "release.allow"
        return remedy_of(self.filters, reason)

    def middle(self, run: Run) -> list[PipelineStep]:
        judges = [(spec.kind, partial(judge_before, spec) if self.traces else spec.judge) for spec in self.filters]
        if self.release:
            judges.append(("licence", partial(_is_licensed, self.release)))
        return [MapRows(partial(decide, judge), run.ledger(i), name) for i, (name, judge) in enumerate(judges)]


def remedy_of(filters: Sequence[Filter], reason: str) -> str:
    """The filters that give a reason, or those that do not say theirs, and their options."""
    giving = [one for one in filters if reason in one.remedies] or [one for one in filters if not one.remedies]
    return " or ".join(f"filter {one.kind}, {one.remedies.get(reason, '')}".removesuffix(", ") for one in giving)


def judge_before(one: Filter, row: Row) -> Judgement:
    """The judgement of a row, which may have no trace yet."""
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
        failed = gold_failure(verifier)
        return drop(*failed) if failed else KEEP
