"""Tasks on workers, event by event: who is free takes the next, the dead leave what they have not finished to another wave."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import accumulate
from math import inf

from curation.core.run_options import RunOptions


@dataclass(frozen=True)
class Machine:
    """What the build runs on. A task dies once in `hours_to_death` hours of work; 0: never."""

    options: RunOptions
    queue_s: float = 0.0
    hours_to_death: float = 0.0
    seed: int = 0
    dice: random.Random = field(default_factory=random.Random)

    def life(self) -> float:
        """Seconds after which a task dies."""
        return self.dice.expovariate(1 / (3600 * self.hours_to_death)) if self.hours_to_death else inf

    def run(self, parts: Sequence[float], tasks: int, start_s: float) -> tuple[float, float, float, int]:
        """(seconds until all parts are done, seconds that tasks worked, those of the busiest worker in the first wave, waves).

        As the executors do it: task i of `tasks` has the parts i, i + tasks, ...; what the dead have left is done in another wave.

        Raises:
            SystemExit: a task dies more often than `retries`.
        """
        left = [list(parts[rank::tasks]) for rank in range(tasks)]
        seconds, work, busiest = 0.0, 0.0, 0.0
        for number in range(self.options.retries + 1):
            wave = run_wave(left, self.options.workers, start_s, self.life, self.options.executor == "local")
            seconds, work, left = seconds + wave.seconds, work + wave.work, wave.left
            busiest = busiest or wave.busiest
            if not left:
                return seconds, work, busiest, number + 1
        raise SystemExit(f"the build ends: a task died {self.options.retries + 1} times")


@dataclass(frozen=True)
class Wave:
    seconds: float
    work: float
    busiest: float
    left: list[list[float]]


def run_wave(
    tasks: Sequence[Sequence[float]], workers: int, start_s: float, life: Callable[[], float], pool: bool
) -> Wave:
    """Run tasks, each the seconds of its parts, on `workers` in their order; what is left of those that died.

    With `pool`, the first death ends the wave: processes of one pool. A part that was not finished is lost, the others are kept.

    >>> run_wave([[2.0, 2.0], [3.0], [1.0]], 2, 1.0, lambda: inf, True).seconds     # 0-5; 0-4 and 4-5
    5.0
    """
    free: list[tuple[float, int]] = [(0.0, worker) for worker in range(min(workers, len(tasks)))]
    runs: list[tuple[int, float, float, float]] = []
    for parts in tasks:
        begin, worker = heappop(free)
        start = start_s if not pool or begin == 0 else 0.0
        end, death = begin + start + sum(parts), begin + life()
        runs.append((worker, begin, start, min(end, death)))
        heappush(free, (min(end, death), worker))
    ends = [begin + start + sum(parts) for (_, begin, start, _), parts in zip(runs, tasks, strict=True)]
    over = min((stop for (*_, stop), end in zip(runs, ends, strict=True) if stop < end), default=inf) if pool else inf
    left, busy = [], [0.0] * len(free)
    for (worker, begin, start, stop), parts in zip(runs, tasks, strict=True):
        stop = max(begin, min(stop, over))
        done = sum(begin + start + at <= stop + 1e-9 for at in accumulate(parts))
        busy[worker] += stop - begin
        left.append(list(parts[done:]))
    return Wave(min(max(stop for *_, stop in runs), over), sum(busy), max(busy), [one for one in left if one])
