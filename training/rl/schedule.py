"""`--length_schedule 0:24576,300:32768,700:49152`: how long a response may be from which step on (paper, 4.1).

TRL copies the limit once, at the start, into three places: the trainer, the generation configuration of transformers, and vLLM's sampling.
The limit follows from the step alone, so a resumed run has the right one.
"""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True)
class LengthSchedule:
    """Limits in tokens, and the steps from which they hold, the first of them 0."""

    starts: tuple[int, ...]
    limits: tuple[int, ...]

    @property
    def longest(self) -> int:
        return max(self.limits)

    def at(self, step: int) -> int:
        """The limit of the step that follows `step` finished ones.

        >>> [parse_schedule("0:10,300:20").at(step) for step in (0, 299, 300, 900)]
        [10, 10, 20, 20]
        """
        return self.limits[bisect_right(self.starts, step) - 1]


def parse_schedule(text: str) -> LengthSchedule:
    """The schedule that `STEP:TOKENS,STEP:TOKENS,...` means.

    Raises:
        ValueError: it is not of that form, does not begin at step 0, or its steps do not rise.
    """
    try:
        pairs = [tuple(map(int, part.split(":"))) for part in text.replace(" ", "").split(",")]
        starts, limits = zip(*((start, limit) for start, limit in pairs), strict=True)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"--length_schedule {text!r}: expected STEP:TOKENS,STEP:TOKENS, such as 0:24576,300:32768"
        ) from error
    if starts[0] != 0 or any(later <= earlier for earlier, later in pairwise(starts)):
        raise ValueError(
            f"--length_schedule {text!r}: expected steps that begin at 0 and rise, got {', '.join(map(str, starts))}"
        )
    if min(limits) < 1:
        raise ValueError(f"--length_schedule {text!r}: expected limits of 1 token or more, got {min(limits)}")
    return LengthSchedule(starts, limits)


def set_limit(trainer: Any, limit: int) -> None:
    """Give the limit to all three places that hold it."""
    trainer.max_completion_length = limit
    trainer.generation_config.max_new_tokens = limit
    if getattr(trainer, "vllm_generation", None) is not None:
        trainer.vllm_generation.max_completion_length = limit
