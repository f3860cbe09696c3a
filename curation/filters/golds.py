"""Whether the reward can judge a row: its verifier, and what that says of the row's own gold."""

import rewards
from curation.core.errors import CurationError
from curation.core.row import Row
from rewards.algebra.reading import is_digits


def verifier_of(row: Row) -> rewards.Verifier:
    """The row's verifier.

    Raises:
        CurationError: no such reward kind, or an option that it does not have.
    """
    try:
        return rewards.make_verifier(row.answer, row.answer_kind, row.answer_options)
    except ValueError as error:
        raise CurationError(f"{row.source}/{row.source_id}: {error}") from error


def gold_failure(verifier: rewards.Verifier) -> tuple[str, str] | None:
    """Why a gold, or an alias of it, is not judged correct by its own verifier: the reason and what was found; None where all are."""
    for text in (verifier.gold, *verifier.kind.aliases):
        verdict = verifier.judge_answer(text)
        if verdict.outcome == "correct" and not is_digits(text) and "boxed" not in text and "fbox" not in text:
            verdict = verifier.judge(f"\\boxed{{{text}}}")
        if verdict.outcome != "correct":
            is_known = verdict.outcome in ("unreadable_gold", "timeout", "undecided")
            reason = verdict.outcome if is_known else "gold_fails_itself"
            return reason, f"{verifier.kind.kind} {text[:200]!r}: {verdict.detail}"
    return None
