"""How far two ways of counting agree: Cohen's kappa on whether a behavior is there, and the share of equal counts."""

from collections.abc import Mapping, Sequence
from typing import Any

from curation.core.schema import BEHAVIORS

Counts = Mapping[str, int | None]


def agreement(pairs: Sequence[tuple[Counts, Counts]]) -> dict[str, Any]:
    """Behavior -> over the responses that both counted: how many, share with at least one by each, kappa (Cohen 1960), equal counts.

    kappa is None where both say the same of every response: chance alone would have them agree then.
    """
    return {name: found for name in BEHAVIORS if (found := _of([(a[name], b[name]) for a, b in pairs]))}


def _of(pairs: Sequence[tuple[int | None, int | None]]) -> dict[str, Any] | None:
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    if not both:
        return None
    n = len(both)
    first, second = (sum(pair[i] > 0 for pair in both) / n for i in (0, 1))
    same = sum((a > 0) == (b > 0) for a, b in both) / n
    return {
        "n": n,
        "cues": round(first, 4),
        "judge": round(second, 4),
        "kappa": kappa(first, second, same),
        "equal_counts": round(sum(a == b for a, b in both) / n, 4),
    }


def kappa(first: float, second: float, same: float) -> float | None:
    """Cohen's kappa of two shares and the share of equal answers.

    >>> kappa(0.5, 0.5, 0.75)
    0.5
    """
    by_chance = first * second + (1 - first) * (1 - second)
    return None if by_chance == 1 else round((same - by_chance) / (1 - by_chance), 4)
