"""The samples of a prompt, what is told of those that are kept, and why a prompt without a trace ends."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from curation.cold_start.distil.accept import Candidate
from curation.cold_start.distil.choose import Trace
from curation.core.row import Difficulty
from curation.sampling.rollouts.rollout import Rollout

WORDS = {
    "correct": "correct",
    "wrong": "wrong",
    "no_answer": "without an answer",
    "truncated": "cut off",
    "timeout": "timed out",
    "unreadable_gold": "with an unreadable gold",
    "undecided": "not decided",
}


class Samples(NamedTuple):
    """The samples of a prompt that count, and what each of them is."""

    rollouts: Sequence[Rollout]
    candidates: Sequence[Candidate]

    @property
    def traces(self) -> list[Trace]:
        """The correct ones, by number."""
        pairs = zip(self.rollouts, self.candidates, strict=True)
        return [Trace(one.sample.number, one.sample.n_tokens, told.row) for one, told in pairs if told.row is not None]

    def note(self, trace: Trace, sampler: Difficulty) -> str:
        """Where a trace is from, for the provenance."""
        of, n = sampler.sampler, len(self.traces)
        drawn = f"temperature {of.temperature:g}, top-p {of.top_p:g}, template {of.template_hash[:8]}"
        return f"sample {trace.number} of {of.model} @ {of.revision[:12]}, {drawn}; {n} of {sampler.n_judged} judged are correct"

    def __str__(self) -> str:
        """
        >>> print(Samples([], []))
        no sample
        """
        counts = Counter(told.outcome for told in self.candidates if not told.why)
        faults = Counter(told.why for told in self.candidates if told.why)
        told = [f"{n} {WORDS[outcome]}" for outcome, n in counts.most_common()]
        told += [f"{n} correct but {why}" for why, n in faults.most_common()]
        return f"of {len(self.candidates)} samples " + ", ".join(told) if told else "no sample"


def ending(difficulty: Difficulty, samples: Samples) -> tuple[str, str]:
    """Reason and detail of a prompt that has no trace: what kept the most of its samples from being one."""
    stopped = difficulty.stop_reason
    detail = str(samples) + (f"; stopped: {stopped}" if stopped not in ("all_samples", "settled", "") else "")
    if difficulty.n_refused:
        return "teacher_refused", detail
    if any(told.why for told in samples.candidates):
        return "trace_incomplete", detail
    drawn = len(samples.candidates) + difficulty.n_infrastructure
    if not drawn:
        return "unsampled", detail
    if 2 * difficulty.n_truncated > drawn:
        return "teacher_truncated", detail
    if 2 * difficulty.n_unjudged > drawn:
        return "unjudged", detail
    return "no_correct_trace", detail
