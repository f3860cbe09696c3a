"""Which responses of the teacher are traces: whole ones in the form of the cold start, whose answer the verifier calls correct.

The verdict that counts is that on the trace as it would be in the row: with the tags of the set, without what is no part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from curation.cold_start.verify.verdict import Reading, note, read_trace, with_box
from curation.core.row import Row
from curation.difficulty.rounds import Judged
from curation.filters.trace_format import TraceFormat
from curation.normalise import normalise_trace
from curation.sampling.rollouts.rollout import Rollout
from curation.sampling.rollouts.verdicts import VerdictStore, judge_rollouts
from rewards import Verdict

FORM = TraceFormat(need_box=False)
UNTAGGED = "trace_without_thinking"
CORRECT = ("correct", "correct_without_box")
INCOMPLETE = "undecided"
"""What a correct response without the form counts as: it is no trace, and not a wrong answer either."""


class Candidate(NamedTuple):
    """A response: what it counts as, one of `OUTCOMES`; the row with it as the trace where it is one; `why` it is none though correct."""

    outcome: str
    row: Row | None = None
    why: str = ""


@dataclass(frozen=True)
class Accept:
    """Says what the responses of rows are; as a `Judge` of the rounds, their outcomes alone."""

    need_thinking: bool = True
    append_box: bool = False
    """Whether a trace that is correct without a box gets one."""
    need_box: bool = False
    """Whether a filter drops what has none: then the answer of such a trace is none."""

    def __call__(self, rows: Judged, verdicts: VerdictStore) -> list[list[str]]:
        judged = judge_rollouts(rows, verdicts)
        return [
            [candidate.outcome for candidate in self.candidates(row, rollouts, of_row)]
            for (row, rollouts), of_row in zip(rows, judged, strict=True)
        ]

    def candidates(self, row: Row, rollouts: Sequence[Rollout], verdicts: Sequence[Verdict]) -> list[Candidate]:
        """Every response of a row, in their order."""
        pairs = zip(rollouts, verdicts, strict=True)
        return [self.candidate(row, rollout.sample.text, verdict.outcome) for rollout, verdict in pairs]

    def candidate(self, row: Row, response: str, outcome: str) -> Candidate:
        """A response whose verdict is `outcome`. One without a box may be correct all the same."""
        if outcome not in ("correct", "no_answer"):
            return Candidate(outcome)
        with_trace = normalise_trace(replace(row, completion=response, verified=""))
        why = self._fault(with_trace)
        if why:
            return Candidate(INCOMPLETE, why=why) if outcome == "correct" else Candidate(outcome)
        is_same = outcome == "correct" and with_trace.completion == response
        reading = Reading("correct") if is_same else read_trace(with_trace)
        verified = reading.verified
        if verified == "correct_without_box" and self.need_box and not self.append_box:
            return Candidate(outcome)
        if verified in CORRECT:
            boxed = with_box(with_trace, reading) if self.append_box and verified == "correct_without_box" else None
            if said := note(reading, boxed is not None):
                with_trace = with_trace.changed("verify_traces", said)
            return Candidate(
                "correct", replace(with_trace, verified=verified, completion=boxed or with_trace.completion)
            )
        if outcome == "no_answer":
            return Candidate(outcome)
        return Candidate("wrong" if verified == "wrong" else INCOMPLETE, why="another answer when cleaned")

    def _fault(self, row: Row) -> str:
        """What is wrong with the form of a trace; empty where nothing is."""
        if not row.completion.strip():
            return "empty"
        judgement = FORM.judge(row)
        is_whole = judgement is True or (judgement[1] == UNTAGGED and not self.need_thinking)
        return "" if is_whole or judgement is True else judgement[1]
