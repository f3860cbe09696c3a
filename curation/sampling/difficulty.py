"""From the outcomes of a prompt's samples to its difficulty and to the decision whether it stays.

Outcomes stay apart: a response that was cut off, or that the verifier could not judge, is not a wrong answer.
"""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Literal

from curation.row import Difficulty, Sampler
from curation.sampling.interval import wilson

Decision = Literal["keep", "trivial", "infeasible", "truncated", "unjudged"]
Truncated = Literal["wrong", "unjudged"]

JUDGED = ("correct", "wrong", "no_answer")


def difficulty(
    outcomes: Mapping[str, int], n: int, truncated: Truncated, sampler: Sampler, stop_reason: str = "fixed"
) -> Difficulty:
    """The counts of `n` samples' outcomes (the names of `rewards`) as a `Difficulty`.

    Truncated samples count as judged and not correct where `truncated` is "wrong". Whatever is neither judged nor
    truncated (timeout, unreadable gold, a sample that was refused) is unjudged. The pass rate is nan where nothing
    was judged.
    """
    counts = Counter(outcomes)
    n_truncated = counts["truncated"]
    n_judged = sum(counts[name] for name in JUDGED) + (n_truncated if truncated == "wrong" else 0)
    low, high = wilson(counts["correct"], n_judged)
    return Difficulty(
        pass_rate=counts["correct"] / n_judged if n_judged else math.nan,
        n_correct=counts["correct"],
        n_judged=n_judged,
        n_truncated=n_truncated,
        n_unjudged=n - sum(counts[name] for name in JUDGED) - n_truncated,
        ci_low=low,
        ci_high=high,
        stop_reason=stop_reason,
        sampler=sampler,
    )


def decide(
    measured: Difficulty, n: int, min_pass_rate: float | None, max_pass_rate: float | None, truncated: Truncated
) -> Decision:
    """Keep a prompt whose pass rate lies strictly between the bounds; None is no bound.

    - `unjudged`: more than half of the samples could not be judged, or none was.
    - `truncated`: more than half were cut off, so the others say little. Where truncated samples count as wrong this
      is said only of a prompt that would otherwise be called infeasible.
    - `trivial`, `infeasible`: the pass rate lies at or beyond the upper, the lower bound.
    """
    mostly_truncated = 2 * measured.n_truncated > n
    if 2 * measured.n_unjudged > n:
        return "unjudged"
    if mostly_truncated and truncated == "unjudged":
        return "truncated"
    if measured.n_judged == 0:
        return "unjudged"
    if max_pass_rate is not None and measured.pass_rate >= max_pass_rate:
        return "trivial"
    if min_pass_rate is not None and measured.pass_rate <= min_pass_rate:
        return "truncated" if mostly_truncated else "infeasible"
    return "keep"
