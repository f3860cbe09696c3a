"""What GRPO logs of a batch beside TRL's own figures: shares without a reward, groups that teach something, and both by domain and stratum.

unjudged, effective_groups
domain/NAME/{reward, length, truncated, unjudged, effective_groups}     stratum/NAME/{...}
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TypeVar

T = TypeVar("T")

GROUPS = ("domain", "stratum")


@dataclass(frozen=True)
class Sampled:
    """A response of the batch. `reward` is the weighted sum over the reward functions, NaN where none had one."""

    domain: str
    stratum: str
    length: int
    is_truncated: bool
    reward: float


def is_effective(rewards: Sequence[float]) -> bool:
    """Whether the rewards of one prompt's responses differ, those without a reward aside: equal ones have no advantage.

    >>> is_effective([0.0, 1.0]), is_effective([1.0, 1.0, float("nan")]), is_effective([float("nan")] * 2)
    (True, False, False)
    """
    judged = [reward for reward in rewards if not isnan(reward)]
    return bool(judged) and max(judged) - min(judged) > 1e-6


def in_groups(values: Sequence[T], n: int) -> list[Sequence[T]]:
    """The values of each prompt, `n` neighbors.

    >>> in_groups([1, 2, 3, 4], 2)
    [[1, 2], [3, 4]]
    """
    return [values[start : start + n] for start in range(0, len(values), n)]


def batch_figures(sampled: Sequence[Sampled], n_generations: int) -> dict[str, float]:
    """The figures by their names; groups are `n_generations` neighbors. A mean over no judged response is not there."""
    groups = in_groups(sampled, n_generations)
    figures = {name: value for name, value in _figures(groups) if name in ("unjudged", "effective_groups")}
    for by in GROUPS:
        of: dict[str, list[Sequence[Sampled]]] = defaultdict(list)
        for group in groups:
            if name := getattr(group[0], by):
                of[name].append(group)
        figures |= {
            f"{by}/{name}/{figure}": value for name, some in sorted(of.items()) for figure, value in _figures(some)
        }
    return figures


def _figures(groups: Sequence[Sequence[Sampled]]) -> Iterator[tuple[str, float]]:
    all_of_them = [one for group in groups for one in group]
    judged = [one.reward for one in all_of_them if not isnan(one.reward)]
    n = len(all_of_them)
    if judged:
        yield "reward", sum(judged) / len(judged)
    yield "length", sum(one.length for one in all_of_them) / n
    yield "truncated", sum(one.is_truncated for one in all_of_them) / n
    yield "unjudged", 1 - len(judged) / n
    yield "effective_groups", sum(is_effective([one.reward for one in group]) for group in groups) / len(groups)
