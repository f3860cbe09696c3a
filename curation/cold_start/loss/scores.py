"""The scores of a trace, from those of its tokens.

`rsr` is the rank-surprisal ratio of "Which Reasoning Trajectories Teach Students to Reason Better?" (arXiv 2601.14249): the average rank of
the response's tokens, each at most 100, over their average surprisal; lower is better. `pairing_gain` is the pointwise mutual information
of question and response per token: the loss of the response alone less that given the question. Its ratio instead of the difference is the
instruction-following difficulty of Li et al. (arXiv 2308.12032), which takes a question that does not help for a wrong pair too.
"""

import math
from typing import Final, NamedTuple

from curation.cold_start.loss.encode import PAIRING_TOKENS
from curation.cold_start.loss.scorers.base import Encoded, TokenScores

EARLY_TOKENS: Final = 100
MAX_RANK: Final = 100
"""`rank_clip_r` of the paper's code (github.com/UmeanNever/RankSurprisalRatio)."""


class Sums(NamedTuple):
    """What is kept of a text's tokens, sums and counts: of the question, the response as far as it was read, the first 100 tokens of its
    reasoning and the first 64 of itself. `n_tokens`: the whole response; `n_read` and `seconds`: all tokens that the model read, and how
    long it took.
    """

    n_tokens: int
    n_question: int = 0
    question_nll: float = 0.0
    n_scored: int = 0
    nll: float = 0.0
    rank: int = 0
    n_early: int = 0
    early_nll: float = 0.0
    n_first: int = 0
    first_nll: float = 0.0
    n_read: int = 0
    seconds: float = 0.0


def sums(text: Encoded, scores: TokenScores, seconds: float) -> Sums:
    """The sums over the scored tokens of a text."""
    n_question = len(text.scored) - (len(text.ids) - text.response)
    question, nll, rank = scores.nll[:n_question], scores.nll[n_question:], scores.rank[n_question:]
    early, first = nll[text.reasoning : text.reasoning + EARLY_TOKENS], nll[:PAIRING_TOKENS]
    return Sums(
        text.n_tokens, n_question, float(question.sum(dtype=float)), len(nll), float(nll.sum(dtype=float)),
        int(rank.clip(max=MAX_RANK).sum()), len(early), float(early.sum(dtype=float)), len(first), float(first.sum(dtype=float)),
        len(text.ids), seconds,
    )  # fmt: skip


class TraceScores(NamedTuple):
    """Nats a token, `rsr` ranks a nat; nan where there is no token to tell, or the model gave no number."""

    loss: float
    pairing_gain: float
    early_loss: float
    prompt_loss: float
    rsr: float


def trace_scores(whole: Sums, alone: Sums | None) -> TraceScores:
    """The scores of a trace; `alone` are the sums of its response without the question, None where that was not read."""
    loss, first = _mean(whole.nll, whole.n_scored), _mean(whole.first_nll, whole.n_first)
    gain = _mean(alone.first_nll, alone.n_first) - first if alone and alone.n_first == whole.n_first else math.nan
    # A response of which every token is certain has no surprisal to put its ranks over.
    rsr = whole.rank / whole.nll if whole.nll > 0 else math.nan
    early, prompt = _mean(whole.early_nll, whole.n_early), _mean(whole.question_nll, whole.n_question)
    return TraceScores(loss, gain, early, prompt, rsr)


def _mean(total: float, n: int) -> float:
    return total / n if n and math.isfinite(total) else math.nan
