"""What the rules leave to a model: an answer beside a gold, and why the rules do not judge it."""

from typing import NamedTuple

from curation.judging.answers.prompt import MAX_ANSWER_CHARS
from curation.judging.answers.votes import Pair


class Residue(NamedTuple):
    """`what` is why the rules do not judge the answer; `not_asked`, where that is so, why no model is asked either: `no_answer`,
    `no_statement`, `long_answer`, `taken_back`, `no_gold`.
    """

    id: str
    source: str
    source_id: str
    what: str
    question: str
    gold: str
    answer: str
    not_asked: str = ""

    @property
    def pair(self) -> Pair:
        return Pair(f"{self.source}/{self.source_id}", self.question, self.gold, self.answer)


def why_not_asked(gold: str, answer: str) -> str:
    """Why a model is not asked about an answer, empty where it is. Nothing without a letter or digit is an answer."""
    if not any(map(str.isalnum, gold)):
        return "no_gold"
    if not any(map(str.isalnum, answer)):
        return "no_answer"
    return "long_answer" if max(len(answer), len(gold)) > MAX_ANSWER_CHARS else ""
