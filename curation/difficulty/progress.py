"""What a measurement has done so far, on the line of its stage."""

from curation.core.progress import TaskProgress
from curation.difficulty.rounds import Rounds
from curation.sampling.sample_cached import CachedSampler, Sampled


def report_progress(progress: TaskProgress, total: int, before: str, sampler: CachedSampler, rounds: Rounds) -> None:
    """Put what a measurement has done so far on the screen, as often as that is looked at; the rows too where it has `total`."""
    if progress.is_due:
        done = rounds.n_stopped - progress.rows if total else 0
        progress.advance(done, note=before + progress_line(sampler.sampled, rounds))


def progress_line(sampled: Sampled, rounds: Rounds) -> str:
    """Responses, tokens, speed, and, once a round has shown what they cost, what is left of them and of the time."""
    found = f" ({sampled.found:,} stored)" if sampled.found else ""
    responses = f"{sampled.found + sampled.responses:,}/{rounds.n_asked:,} responses{found}"
    note = f"round {rounds.round}: {responses}, {sampled.tokens + sampled.underway:,} tokens, {sampled.speed:,.0f}/s"
    if not (left := rounds.tokens_left):
        return note
    minutes = f", {left / sampled.speed / 60:,.0f} min" if sampled.speed else ""
    return f"{note}, about {left:,} left{minutes}"
