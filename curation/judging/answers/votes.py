"""Votes on whether an answer is the reference: each asks in both orders, and more than half of them decide.

A vote counts for `same` or `different` only where both orders say so: judges prefer a place (Zheng et al., Judging LLM-as-a-Judge, NeurIPS
2023, section 3.3), and what depends on it is `cannot tell`. A vote with a reply that cannot be read has failed and counts for nothing.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain, islice, tee
from pathlib import Path
from typing import Literal, NamedTuple

from curation.judging.answers.prompt import PROMPT, Said, messages_of, verdict_in
from curation.judging.judge import Judge, Question, Reply, ask
from curation.sampling.sample_cached import CachedSampler

JudgeVerdict = Literal["model_correct", "model_wrong", "model_cannot_tell", "failed"]
"""What a model says of an answer; never a value of `verified`, which is the rule's."""
_MEANS: dict[Said, JudgeVerdict] = {
    "SAME": "model_correct", "DIFFERENT": "model_wrong", "CANNOT_TELL": "model_cannot_tell"
}  # fmt: skip


class Pair(NamedTuple):
    """An answer to judge. `key` tells it from the other pairs of a run."""

    key: str
    question: str
    reference: str
    answer: str


class Ballot(NamedTuple):
    """The verdict on a pair and every reply behind it, two for each vote."""

    verdict: JudgeVerdict
    replies: tuple[Reply[Said], ...]

    @property
    def failures(self) -> list[str]:
        """How its replies failed that did."""
        return [reply.failure for reply in self.replies if reply.failure]


def judge_pairs(
    pairs: Iterable[Pair],
    judge: Judge,
    votes: int,
    store_dir: Path,
    seed: int,
    report: Callable[[CachedSampler], None] = lambda sampler: None,
) -> Generator[tuple[Pair, Ballot], None, None]:
    """Every pair with its ballot, in their order.

    Raises:
        SamplingError: the engine cannot start or failed; what was answered before is in the store.
    """
    asked, again = tee(pairs)
    questions = chain.from_iterable(questions_of(pair, votes) for pair in asked)
    replies: Iterator[Reply[Said]] = ask(
        questions, judge, prompt=PROMPT, parse=verdict_in, store_dir=store_dir, seed=seed, report=report
    )
    with closing(replies):  # type: ignore[type-var]  # a generator, so that it can be closed
        for pair in again:
            yield pair, ballot(tuple(islice(replies, 2 * votes)))


def questions_of(pair: Pair, votes: int) -> Iterator[Question]:
    """Two questions a vote: the reference first, the answer first."""
    for number in range(votes):
        for order, texts in enumerate(((pair.reference, pair.answer), (pair.answer, pair.reference))):
            yield Question(f"{pair.key}/{number}{'ab'[order]}", messages_of(pair.question, *texts, number))


def ballot(replies: Sequence[Reply[Said]]) -> Ballot:
    """What two replies a vote come to. Where no verdict has more than half of the votes, it has failed if one of them has, else it
    cannot be told.
    """
    votes = [_vote(replies[i].value, replies[i + 1].value) for i in range(0, len(replies), 2)]
    most = max(dict.fromkeys(votes), key=votes.count)
    if 2 * votes.count(most) <= len(votes):
        most = "failed" if "failed" in votes else "model_cannot_tell"
    return Ballot(most, tuple(replies))


def _vote(one: Said | None, other: Said | None) -> JudgeVerdict:
    if one is None or other is None:
        return "failed"
    return _MEANS[one] if one == other else "model_cannot_tell"
