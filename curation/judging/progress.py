"""What a judge has answered so far, on the line of its stage."""

from collections.abc import Callable

from curation.core.progress import TaskProgress
from curation.sampling.sample_cached import CachedSampler, Sampled


def reporter(progress: TaskProgress, n_questions: int | None = None) -> Callable[[CachedSampler], None]:
    """For `ask`: puts the answers of `n_questions`, where that is known, on the screen, as often as that is looked at."""

    def report(sampler: CachedSampler) -> None:
        if progress.is_due:
            progress.advance(0, note=asking_line(sampler.sampled, n_questions))

    return report


def asking_line(sampled: Sampled, n_questions: int | None = None) -> str:
    """Answers, tokens and speed, and the time that is left at what an answer has cost so far.

    >>> asking_line(Sampled(responses=10, found=40, tokens=600, seconds=6.0), 250)
    '50/250 answers (40 stored), 600 tokens, 100/s, 2 min left'
    """
    done = sampled.found + sampled.responses
    stored = f" ({sampled.found:,} stored)" if sampled.found else ""
    of = "" if n_questions is None else f"/{n_questions:,}"
    line = f"{done:,}{of} answers{stored}, {sampled.tokens + sampled.underway:,} tokens, {sampled.speed:,.0f}/s"
    if n_questions is None or not sampled.responses or not sampled.speed or done >= n_questions:
        return line
    seconds = (n_questions - done) * sampled.tokens / sampled.responses / sampled.speed
    return f"{line}, {seconds / 60:,.0f} min left"
