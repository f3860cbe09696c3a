"""The limits of a measurement, and how much of them is used: tokens, and seconds of so many GPUs."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from curation.sampling.rollouts.rollout import Rollout


@dataclass
class Budget:
    """Counts every sample that a measurement uses, whether sampled now or read from the store, so that a run which was interrupted
    stops at the same sample. Seconds are those recorded with the samples.
    """

    max_tokens: int | None
    max_seconds: float | None
    tokens: int = field(default=0, init=False)
    seconds: float = field(default=0.0, init=False)

    def spend(self, rollouts: Iterable[Rollout]) -> None:
        """Count samples."""
        for rollout in rollouts:
            self.tokens += rollout.sample.n_tokens
            self.seconds += rollout.seconds

    @property
    def tokens_left(self) -> float | None:
        """The tokens that are left, or that fit into the seconds left at the speed so far; None: no limit."""
        limits = []
        if self.max_tokens is not None:
            limits.append(float(self.max_tokens - self.tokens))
        if self.max_seconds is not None and self.seconds:
            limits.append((self.max_seconds - self.seconds) * self.tokens / self.seconds)
        return min(limits) if limits else None

    @property
    def is_spent(self) -> bool:
        return (self.max_tokens is not None and self.tokens >= self.max_tokens) or (
            self.max_seconds is not None and self.seconds >= self.max_seconds
        )
