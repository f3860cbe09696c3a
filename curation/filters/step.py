"""Steps that look at one row alone: the manifest's filters, and whether the reward can judge the row."""

from dataclasses import replace

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

import rewards
from curation.core.errors import CurationError
from curation.core.ledger import LedgerWriter
from curation.core.row import Row, from_document
from curation.filters.base import Filter, Judgement
from curation.release.licences import Release


class _JudgeRows(BaseFilter):  # type: ignore[misc]
    """Drops rows by `judge`; reason and detail go to the ledger."""

    def __init__(self, ledger: LedgerWriter) -> None:
        super().__init__(exclusion_writer=ledger)

    def judge(self, row: Row) -> Judgement:
        raise NotImplementedError

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        judgement = self.judge(from_document(doc))
        if judgement is True:
            return True
        _, reason, *detail = judgement
        if detail:
            doc.metadata["filter_detail"] = detail[0]
        return False, reason


class FilterRows(_JudgeRows):
    """Applies one of the manifest's filters."""

    def __init__(self, spec: Filter, ledger: LedgerWriter) -> None:
        super().__init__(ledger)
        self.spec = spec
        self.name = spec.kind

    def judge(self, row: Row) -> Judgement:
        return self.spec.judge(row)


class KeepLicensed(_JudgeRows):
    """Drops rows that the release may not hold."""

    name = "licence"

    def __init__(self, release: Release, ledger: LedgerWriter) -> None:
        super().__init__(ledger)
        self.release = release

    def judge(self, row: Row) -> Judgement:
        return True if self.release.allows(row.license) else (False, "license_not_allowed", row.license)


class VerifyGolds(_JudgeRows):
    """Keeps what the reward can judge: the gold is readable and, given as a response, is judged correct (PAPER 3.3, step 7)."""

    name = "gold can be judged"

    def judge(self, row: Row) -> Judgement:
        verifier = verifier_of(row)
        if not row.answer.strip():
            return (False, "no_gold") if verifier.kind.needs_gold else True
        verdict = verifier.judge_answer(row.answer)
        if verdict.outcome == "correct":
            return True
        reason = verdict.outcome if verdict.outcome in ("unreadable_gold", "timeout") else "gold_fails_itself"
        return False, reason, f"{row.answer_kind} {row.answer[:200]!r}: {verdict.detail}"


class VerifyCompletions(BaseFilter):  # type: ignore[misc]
    """Judges every trace against its gold, notes the verdict in `verified`, and keeps the verdicts that the manifest names."""

    name = "trace is verified"

    def __init__(self, keep: tuple[str, ...], ledger: LedgerWriter) -> None:
        super().__init__(exclusion_writer=ledger)
        self.keep = keep

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        row = from_document(doc)
        if not row.completion.strip():
            return False, "no_completion"
        verified = verify_completion(row)
        doc.metadata["row"] = replace(row, verified=verified)
        return True if verified in self.keep else (False, f"verified_{verified}")


def verifier_of(row: Row) -> rewards.Verifier:
    """The row's verifier.

    Raises:
        CurationError: no such reward kind, or an option that it does not have.
    """
    try:
        return rewards.make_verifier(row.answer, row.answer_kind, row.answer_options)
    except ValueError as error:
        raise CurationError(f"{row.source}/{row.source_id}: {error}") from error


def verify_completion(row: Row) -> str:
    """correct, wrong, cannot_judge or no_gold. A trace without an answer, or cut off before it, is wrong."""
    verifier = verifier_of(row)
    if not row.answer.strip() and verifier.kind.needs_gold:
        return "no_gold"
    verdict = verifier.judge(row.completion)
    if verdict.reward is None:
        return "cannot_judge"
    return "correct" if verdict.outcome == "correct" else "wrong"
