"""A judge's replies: a value only where its answer was read, each failure under its name, nothing asked twice."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.core.errors import SamplingError
from curation.core.row import Message
from curation.judging.judge import Judge, Question, Reply, ask, said, tally
from curation.sampling.engines.base import SamplingOptions
from curation.sampling.engines.openai import OpenAI
from tests.curation.judging.answering_server import answering_server

Script = Callable[[str, int], tuple[str, str]]


class AnyJudge(Judge):
    """A judge by an engine that no manifest knows."""

    engine: Any


def questions(keys: str) -> Iterator[Question]:
    return (Question(key, (Message("user", f"{key}?"),)) for key in keys)


def number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def asked(keys: str, judge: Judge, store: Path, prompt: str = "?", parse: Any = number) -> list[Reply[Any]]:
    return list(ask(questions(keys), judge, prompt=prompt, parse=parse, store_dir=store, seed=1))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        (" 3 \n", 3),
        ("<think>1, no, 2</think>\n3", 3),
        ("1</think>4</think>5", 5),
        ("<think>3", None),
        ("</think><think>3", None),
        ("three", None),
        ("", None),
    ],
)
def test_a_value_is_what_stands_behind_the_reasoning(text: str, value: int | None) -> None:
    answer = said(text)
    assert (None if answer is None else number(answer)) == value


def test_every_failure_has_its_name_and_none_is_a_value(tmp_path: Path, scripted: Any) -> None:
    def script(key: str, _: int) -> tuple[str, str]:
        if key == "r":
            raise ValueError("too long")
        return {"a": ("0", "stop"), "u": ("none", "stop"), "t": ("7", "length"), "o": ("<think>7", "stop")}[key]

    replies = asked("autor", AnyJudge(engine=scripted(script)), tmp_path / "store")
    assert [(reply.value, reply.failure) for reply in replies] == [
        (0, None), (None, "unparsable"), (None, "truncated"), (None, "unparsable"), (None, "refused"),
    ]  # fmt: skip
    assert [reply.detail for reply in replies] == [
        "", "'none'", "cut off after 2048 tokens", "reasoning without an end", "too long",
    ]  # fmt: skip
    assert tally(replies) == {"answered": 1, "unparsable": 2, "truncated": 1, "refused": 1}


def test_what_was_asked_is_found_and_another_prompt_or_limit_asks_again(tmp_path: Path, scripted: Any) -> None:
    def numbered(key: str, _: int) -> tuple[str, str]:
        return ("7", "length") if key == "c" else ("7", "stop")

    engine = scripted(numbered)
    judge = AnyJudge(engine=engine, batch_prompts=2)
    first = asked("abc", judge, tmp_path / "store")
    assert asked("abc", judge, tmp_path / "store") == first
    assert [key for batch in engine.log for key, _ in batch] == list("abc")
    asked("ab", judge, tmp_path / "store", prompt="another")
    longer = judge.model_copy(update={"sampling": SamplingOptions(temperature=0.0, max_tokens=4096)})
    asked("abc", longer, tmp_path / "store")
    assert [key for batch in engine.log for key, _ in batch] == [*"abc", *"ab", *"c"]
    again = asked("abc", judge, tmp_path / "store", parse=lambda text: None)
    assert tally(again) == {"unparsable": 2, "truncated": 1}  # another reading of what is there
    assert [key for batch in engine.log for key, _ in batch] == [*"abc", *"ab", *"c"]


def on(url: str, **options: Any) -> Judge:
    engine = OpenAI(model="m", revision="1", base_url=url, max_retries=0, concurrency=4)
    return Judge(engine=engine, sampling=SamplingOptions(temperature=0, max_tokens=500), **options)


def test_a_question_that_a_server_fails_on_once_is_asked_again(tmp_path: Path) -> None:
    with answering_server(lambda prompt, before: "!crash" if prompt == "b?" and not before else "5") as server:
        replies = asked("abc", on(server.url), tmp_path / "store")
    assert [reply.value for reply in replies] == [5, 5, 5]
    assert [len(times) for (prompt, _), times in sorted(server.asked.items())] == [1, 2, 1]


def test_one_question_without_an_answer_is_a_failure_now_and_in_the_next_build(tmp_path: Path) -> None:
    with answering_server(lambda prompt, _: "!crash" if prompt == "b?" else "5") as server:
        for _ in range(2):
            replies = asked("abc", on(server.url), tmp_path / "store")
            assert [(reply.value, reply.failure) for reply in replies] == [(5, None), (None, "failed"), (5, None)]
            assert "out of memory" in replies[1].detail
    assert [len(times) for (prompt, _), times in sorted(server.asked.items())] == [1, 4, 1]


@pytest.mark.parametrize(("keys", "batch"), [("bbbccc", 6), ("abcd", 1), ("a", 256), ("bcb", 1)])
def test_a_server_that_fails_on_many_ends_the_build(keys: str, batch: int, tmp_path: Path) -> None:
    with answering_server(lambda prompt, _: "5" if prompt == "d?" else "!crash") as server:
        judge = on(server.url, batch_prompts=batch)
        with pytest.raises(SamplingError, match=r"stay unanswered: .*out of memory"):
            asked(keys, judge, tmp_path / "store")


def test_refusals_are_the_same_in_a_build_that_goes_on(tmp_path: Path) -> None:
    with answering_server(lambda prompt, _: "!filtered" if prompt in ("b?", "c?") else "5") as server:
        first = asked("abcd", on(server.url), tmp_path / "store")
        assert tally(first) == {"answered": 2, "refused": 2}
        assert asked("abcd", on(server.url), tmp_path / "store") == first
        with pytest.raises(SamplingError, match="refuses every prompt: the server's content filter"):
            asked("bc", on(server.url), tmp_path / "store")


def test_a_server_that_is_gone_is_no_failure_of_the_last_question(tmp_path: Path) -> None:
    with answering_server(lambda *_: "5") as server:
        asked("abc", on(server.url), tmp_path / "store")
    with pytest.raises(SamplingError):
        asked("abcd", on(server.url), tmp_path / "store")
