"""The verdict on a trace: whether what it ends with is the gold.

A box is the answer; where the part behind the thinking has none, its last statement is (see `statement`). The judge of both is the reward's
own verifier.
"""

from typing import NamedTuple

import rewards
from curation.cold_start.verify.statement import Statement, last_statement
from curation.core.row import Row, Verified
from curation.filters.golds import verifier_of
from rewards.extract import after_thinking
from rewards.kinds.choice import Choice


class Reading(NamedTuple):
    """A verdict, the text that it was passed on, and what the judge has to say."""

    verified: Verified
    stated: str = ""
    detail: str = ""

    @property
    def line(self) -> str:
        """For the ledger and the provenance."""
        read = f"read {_short(self.stated)!r}" if self.stated else "no answer was read"
        return f"{read}; {self.detail}" if self.detail else read


def verify_completion(row: Row) -> Verified:
    """The verdict on a trace alone."""
    return read_trace(row).verified


def read_trace(row: Row) -> Reading:
    """The verdict on a trace and what it was passed on. A trace without an answer, or cut off before it, is wrong.

    Raises:
        CurationError: no such reward kind, or an option that it does not have.
    """
    verifier = verifier_of(row)
    if not row.answer.strip() and verifier.kind.needs_gold:
        return Reading("no_gold")
    verdict = verifier.judge(row.completion)
    if verdict.reward is None:
        return Reading("cannot_judge", verdict.extracted or "", f"{verdict.outcome}: {verdict.detail}")
    if verdict.outcome == "correct":
        return Reading("correct", verdict.extracted or "")
    answer = after_thinking(row.completion)
    if answer is None:
        return Reading("wrong", "", "the thinking is not closed")
    if verdict.outcome != "no_answer" or "boxed" in answer or "fbox" in answer:
        return Reading("wrong", verdict.extracted or "", verdict.detail)
    return _unboxed(verifier, last_statement(answer, verifier.kind.kind, row.question))


def _unboxed(verifier: rewards.Verifier, statement: Statement | None) -> Reading:
    """The verdict on an answer without a box."""
    if statement is None:
        return Reading("wrong", "", "no box, and the end states no answer")
    verdicts = [verifier.judge_answer(value) for value in statement.values]
    best = next((one for one in verdicts if one.outcome == "correct"), verdicts[0])
    if best.reward is None:
        return Reading("cannot_judge", statement.quote, f"{best.outcome}: {best.detail}")
    if best.outcome != "correct":
        return Reading("wrong", statement.quote, best.detail)
    for value in statement.earlier:
        if _contradicts(verifier, value):
            return Reading("wrong", statement.quote, f"before it the answer is {_short(value)!r}")
    return Reading("correct_without_box", best.extracted or "")


def _contradicts(verifier: rewards.Verifier, value: str) -> bool:
    """Whether a value is another answer than the gold. Of a choice it is one where it names an option: `2/5` on the way to B is none."""
    verdict = verifier.judge_answer(value)
    names_one = not isinstance(verifier.kind, Choice) or verifier.kind.index(value) is not None
    return verdict.outcome == "wrong" and verdict.is_read and names_one


def _short(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= 200 else f"...{folded[-200:]}"


def with_box(row: Row, reading: Reading) -> str | None:
    r"""The trace with a box behind it: what it states, or the gold where a box cannot hold that; None where neither is judged correct."""
    verifier = verifier_of(row)
    for text in (reading.stated.strip("$ "), row.answer):
        completion = f"{row.completion.rstrip()}\n\n\\boxed{{{text}}}"
        if verifier.judge(completion).outcome == "correct":
            return completion
    return None


def note(reading: Reading, is_boxed: bool) -> str:
    """For the provenance: nothing of a trace with a box."""
    if reading.verified != "correct_without_box":
        return ""
    return f"correct without a box: {reading.line}" + (", box appended" if is_boxed else "")
