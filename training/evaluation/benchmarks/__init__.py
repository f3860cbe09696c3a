"""Published scoring of the paper's benchmarks, over rows that a model answered.

    score("wemath", answered)      # {"strict": 0.31, "loose": 0.52, "IK": ..., ...}

Each benchmark has a manifest of its name in `manifests/benchmarks/`; docs/evaluation_sets.md says what each figure is and what differs.
"""

from collections.abc import Sequence

from training.evaluation.benchmarks import accuracy, dynamath, hallusion, pope, wemath
from training.evaluation.benchmarks.base import Answered, Scores, Scoring

__all__ = ["Answered", "known", "score"]

_SCORINGS: dict[str, Scoring] = {
    "math500": accuracy.overall,
    "aime24": accuracy.overall,
    "aime25": accuracy.overall,
    "gpqa_diamond": accuracy.by_domain,
    "mmlu_pro": accuracy.by_domain,
    "mathvista": accuracy.by_domain,
    "mathvision": accuracy.by_domain,
    "mathverse": accuracy.by_domain,
    "dynamath": dynamath.score,
    "wemath": wemath.score,
    "logicvista": accuracy.by_domain,
    "mmmu_pro": accuracy.mmmu_pro,
    "charxiv": accuracy.charxiv,
    "pope": pope.score,
    "hallusion_bench": hallusion.score,
    "mmstar": accuracy.mean_of_domains,
    "blink": accuracy.mean_of_domains,
}


def known() -> tuple[str, ...]:
    """The benchmarks that have a scoring: the names of their manifests."""
    return tuple(_SCORINGS)


def score(benchmark: str, answered: Sequence[Answered]) -> Scores:
    """The published figures of a benchmark, shares from 0 to 1, means over samples.

    Raises:
        ValueError: no such benchmark, no rows, or rows that lack what the scoring groups by.
    """
    if benchmark not in _SCORINGS:
        raise ValueError(f"unknown benchmark {benchmark!r}; known: {', '.join(_SCORINGS)}")
    if not answered:
        raise ValueError(f"{benchmark}: got no rows to score")
    try:
        return _SCORINGS[benchmark](answered)
    except ValueError as error:
        raise ValueError(f"{benchmark}: {error}") from None
