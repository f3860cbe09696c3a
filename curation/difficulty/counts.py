"""From the counts of a prompt's samples to its difficulty."""

import math
from collections.abc import Mapping

from curation.core.row import Difficulty, Sampler
from curation.difficulty.outcomes import UNJUDGED_OUTCOMES


def difficulty(
    outcomes: Mapping[str, int],
    n_judged: int,
    estimate: tuple[float, float, float],
    stop_reason: str,
    sampler: Sampler,
) -> Difficulty:
    """`estimate` is the pass rate and the ends of its interval; where nothing was judged they are nan, 0 and 1."""
    rate, low, high = estimate if n_judged else (math.nan, 0.0, 1.0)
    return Difficulty(
        pass_rate=rate,
        n_correct=outcomes["correct"],
        n_judged=n_judged,
        n_no_answer=outcomes["no_answer"],
        n_truncated=outcomes["truncated"],
        n_unjudged=sum(outcomes[name] for name in UNJUDGED_OUTCOMES),
        n_timeout=outcomes["timeout"],
        n_infrastructure=outcomes["infrastructure"],
        ci_low=low,
        ci_high=high,
        stop_reason=stop_reason,
        sampler=sampler,
    )
