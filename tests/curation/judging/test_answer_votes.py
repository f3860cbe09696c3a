"""Votes: both orders, a majority, and failures that count for nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation.judging.answers.prompt import PROMPT, Said
from curation.judging.answers.votes import Pair, ballot, judge_pairs, questions_of
from curation.judging.judge import Judge, Reply
from curation.sampling.engines.base import SamplingOptions
from curation.sampling.rollouts.rollout import Setting
from curation.sampling.template import template_hash

SAYS: dict[str, Said | None] = {"S": "SAME", "D": "DIFFERENT", "?": "CANNOT_TELL", "x": None}
BALLOTS = [
    ("SS", "model_correct"),
    ("DD", "model_wrong"),
    ("??", "model_cannot_tell"),
    ("SD", "model_cannot_tell"),
    ("DS", "model_cannot_tell"),
    ("S?", "model_cannot_tell"),
    ("Sx", "failed"),
    ("xS", "failed"),
    ("xx", "failed"),
    ("SS SS DD", "model_correct"),
    ("SS DD DD", "model_wrong"),
    ("SS DD ??", "model_cannot_tell"),
    ("SS SD SD", "model_cannot_tell"),
    ("SS SS xx", "model_correct"),
    ("SS xx xx", "failed"),
    ("SS DD xx", "failed"),
    ("SS Sx DD", "failed"),
    ("SS SS DD DD ??", "model_cannot_tell"),
    ("SS SS SS DD xx", "model_correct"),
]


@pytest.mark.parametrize(("votes", "verdict"), BALLOTS)
def test_more_than_half_of_the_votes_decide(votes: str, verdict: str) -> None:
    replies = [Reply(SAYS[one], failure=None if SAYS[one] else "unparsable") for one in votes.replace(" ", "")]
    assert ballot(replies).verdict == verdict
    assert ballot(replies).failures == ["unparsable"] * votes.count("x")


def test_a_pair_is_asked_in_both_orders_by_every_vote_in_a_wording_of_its_own() -> None:
    texts = [one.messages[0].content for one in questions_of(Pair("r", "How much?", "1/2", "0.5"), 3)]
    assert len(set(texts)) == 6
    firsts = [text.index("1/2") < text.index("0.5") for text in texts]
    assert firsts == [True, False] * 3
    assert len({text.partition("<question>")[0] for text in texts}) == 3


class ScriptedJudge(Judge):
    engine: Any


def test_ballots_come_in_order_and_are_asked_once(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    def script(key: str, number: int) -> tuple[str, str]:
        row, _, vote = key.rpartition("/")
        said = {"0": "SAME", "1": "DIFFERENT", "2": "SAME" if vote.endswith("a") else "DIFFERENT", "3": "Hm."}[row[-1]]
        return (f"<verdict>{said}</verdict>" if said != "Hm." else said), "stop"

    def verdicts(engine: Any) -> list[str]:
        judge = ScriptedJudge(engine=engine, sampling=SamplingOptions(temperature=0, max_tokens=9), batch_prompts=3)
        pairs = [Pair(f"row{i}", f"{i}?", "ten", str(i)) for i in (2, 0, 3, 1)]
        return [f"{pair.key} {found.verdict}" for pair, found in judge_pairs(pairs, judge, 1, tmp_path, seed=1)]

    first, again = scripted(script), scripted(script)
    told = ["row2 model_cannot_tell", "row0 model_correct", "row3 failed", "row1 model_wrong"]
    assert verdicts(first) == told
    assert len([key for batch in first.log for key, _ in batch]) == 8
    assert verdicts(again) == told
    assert again.log == []
    setting = ScriptedJudge(engine=first).setting(PROMPT)
    assert setting == Setting("scripted", "1", template_hash(PROMPT), 0.0, 1.0)
