"""`--dynamic_sampling FACTOR`: prompts whose responses all got the same reward are replaced by others, as in DAPO (arXiv 2503.14476, 3.2).

Such a group has no advantage and teaches nothing. At most FACTOR times the prompts of a batch are sampled; what is still without
difference then stays in the batch, and is counted. Every process samples as many prompts as the one that lacks most, so that none waits for
another; which prompts come follows from the seed and the step alone.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from training.rl.figures import in_groups, is_effective


class Refill:
    """Draws and keeps groups for one process of `n_processes`."""

    def __init__(self, rows: Any, factor: float, n_generations: int, seed: int, process: int, n_processes: int) -> None:
        self.rows, self.factor, self.n_generations = rows, factor, n_generations
        self.seed, self.process, self.n_processes = seed, process, n_processes

    def lacking(self, rewards: Sequence[float]) -> list[int]:
        """The groups of this process whose rewards are all equal."""
        return [at for at, group in enumerate(in_groups(rewards, self.n_generations)) if not is_effective(group)]

    def n_next(self, n_lacking_most: int, n_groups: int, n_sampled: int) -> int:
        """How many prompts each process samples next, after `n_sampled` for a batch of `n_groups`; 0 ends it."""
        return max(0, min(n_lacking_most, int(self.factor * n_groups) - n_sampled))

    def draw(self, step: int, n_drawn: int, n: int) -> list[dict[str, Any]]:
        """`n` further rows of this process for the batch of a step, each `n_generations` times, after `n_drawn` of every process."""
        order = np.random.default_rng([self.seed, step]).permutation(len(self.rows))
        first = n_drawn * self.n_processes + self.process * n
        numbers = [int(order[at % len(order)]) for at in range(first, first + n)]
        return [dict(row) for row in map(self.rows.__getitem__, numbers) for _ in range(self.n_generations)]
