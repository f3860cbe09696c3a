"""What asking will cost: exact where all is in the store, and a range that holds the truth where some questions tell."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.core.row import Message
from curation.difficulty.cost import SamplingCost
from curation.judging.cost import _forecast, asking_cost
from curation.judging.judge import Judge, Question, ask
from curation.sampling.engines.base import Engine, Request, Response, Sample, SamplingOptions


class Lengthy(Engine):
    """Answers with as many tokens as the key of the question says."""

    kind: str = "lengthy"
    model: str = "lengthy"

    def identity(self) -> tuple[str, str]:
        return "lengthy", "1"

    @contextmanager
    def open(self) -> Iterator["Lengthy"]:
        yield self

    def generate(self, requests: Sequence[Request], options: SamplingOptions) -> Iterator[Response]:
        for one in requests:
            if one.key == "1":
                yield Response(one.key, (), 0, refused="too odd")
            else:
                yield Response(one.key, (Sample(0, "1", "stop", int(one.key), 1),), 9)


class AnyJudge(Judge):
    """A judge by an engine that no manifest knows."""

    engine: Any


JUDGE = AnyJudge(engine=Lengthy(), batch_prompts=64)


def questions(lengths: Sequence[int]) -> list[Question]:
    return [Question(str(n), (Message("user", f"{i}?"),)) for i, n in enumerate(lengths)]


def cost(lengths: Sequence[int], store: Path, pilot: int | None = None) -> SamplingCost:
    asked = questions(lengths)
    return asking_cost(lambda: asked, len(asked), JUDGE, prompt="?", store_dir=store, seed=1, pilot=pilot)


def test_without_a_store_nothing_is_known_and_with_all_in_it_everything(tmp_path: Path) -> None:
    lengths, store = [10, 20, 30, 40], tmp_path / "store"
    unknown = cost(lengths, store)
    assert (unknown.prompts, unknown.samples, unknown.is_known) == (4, (4, 4), False)
    assert not store.exists()
    replies = ask(questions(lengths), JUDGE, prompt="?", parse=str, store_dir=store, seed=1)
    assert all(reply.value == "1" for reply in replies)
    assert cost(lengths, store).line(None).splitlines() == [
        "4 prompts, 4 samples, all in the store", "100 tokens, all in the store", "told by 4 prompts",
    ]  # fmt: skip


def test_a_pilot_tells_of_the_others_and_what_came_of_its_questions(tmp_path: Path) -> None:
    lengths = [1, *range(101, 200)]
    told = cost(lengths, tmp_path / "store", pilot=20)
    assert told.forecast is not None
    assert (told.basis, told.prompts) == (19, 100)
    assert told.forecast.samples_to_come.value == 81
    assert told.forecast.tokens_to_come.low < sum(lengths) * 0.81 < told.forecast.tokens_to_come.high
    assert told.forecast.tokens_to_come.value == pytest.approx(sum(lengths) * 0.81, rel=0.1)
    assert told.notes == ("1 of the 20 questions of the pilot: refused, such as too odd",)
    assert cost(lengths, tmp_path / "store") == cost(lengths, tmp_path / "store", pilot=0)


def test_the_range_holds_the_tokens_of_long_tailed_answers() -> None:
    random = np.random.default_rng(3)
    inside = 0
    for _ in range(200):
        lengths = np.ceil(random.lognormal(5, 0.8, 3_000))
        tokens = _forecast(len(lengths), lengths[:30], 1.0).tokens
        inside += tokens.low <= lengths.sum() <= tokens.high
    assert inside >= 190
