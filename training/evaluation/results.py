"""What a model answered on one row, and the figures of a row: mean, pass@k, majority."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb

from curation.core.row import Row
from rewards import Verdict
from rewards.agree import equal_answers


@dataclass(frozen=True)
class RowResult:
    """A row without its images; of each of its samples the reward (None: not judged, or refused) and the answer that was read.

    `majority` is the reward of the most frequent answer, None where no sample was judged.
    """

    row: Row
    modality: str
    rewards: tuple[float | None, ...]
    extracted: tuple[str | None, ...]
    n_truncated: int
    majority: float | None

    @property
    def judged(self) -> list[float]:
        return [reward for reward in self.rewards if reward is not None]

    @property
    def mean(self) -> float | None:
        judged = self.judged
        return sum(judged) / len(judged) if judged else None

    def pass_at(self, k: int) -> float | None:
        """The chance that one of `k` samples is right: 1 - C(n - c, k) / C(n, k) for c of n judged ones (Chen et al. 2021, equation 1).
        None where fewer than `k` were judged.
        """
        n, c = len(self.judged), sum(reward == 1 for reward in self.judged)
        return None if n < k else 1 - comb(n - c, k) / comb(n, k)


def row_result(row: Row, verdicts: Sequence[Verdict], n_samples: int) -> RowResult:
    """The result of a row; samples without a verdict were refused."""
    missing = [None] * (n_samples - len(verdicts))
    return RowResult(
        row=replace(row, images=()),
        modality="picture" if row.images else "text",
        rewards=(*(verdict.reward for verdict in verdicts), *missing),
        extracted=(*(verdict.extracted for verdict in verdicts), *missing),
        n_truncated=sum(verdict.outcome == "truncated" for verdict in verdicts),
        majority=majority(row, verdicts),
    )


def majority(row: Row, verdicts: Sequence[Verdict]) -> float | None:
    """The reward of the most frequent answer, the first one of equally frequent ones; answers are equal where the judge says so. 0 where no
    judged sample gave an answer.
    """
    judged = [verdict for verdict in verdicts if verdict.reward is not None]
    answers = {
        at: verdict.extracted
        for at, verdict in enumerate(judged)
        if verdict.extracted and verdict.outcome in ("correct", "wrong")
    }
    if not answers:
        return 0.0 if judged else None
    groups = [[at for at in answers if judged[at].outcome == "correct"]]
    wrong = {at: answer for at, answer in answers.items() if judged[at].outcome == "wrong"}
    groups += equal_answers(wrong, row.answer_kind, row.answer_options)
    largest = max(groups, key=lambda group: (len(group), -group[0] if group else 0))
    return judged[largest[0]].reward
