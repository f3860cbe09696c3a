"""The step of triage: what becomes of measured rows, of every stopping rule and of several samplers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation.core.parquet import read_records, write_records
from curation.core.row import to_record
from curation.core.schema import DECISION, STAGE
from curation.difficulty.pass_rate import PassRate, measure
from curation.difficulty.step import DecideDifficulty
from curation.difficulty.stopping.bayes import Bayes
from curation.difficulty.stopping.exact import Exact
from curation.difficulty.stopping.fixed import Fixed
from curation.difficulty.triage.marks import (
    Triage,
)
from curation.difficulty.triage.step import DecideTriage
from curation.sampling.engines.base import SamplingOptions
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore
from tests.curation.difficulty.test_triage import row


class ScriptedPassRate(PassRate):
    sampler: Any
    samplers: Any = ()


def test_a_build_quarantines_suspect_golds(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    def script(key: str, number: int) -> tuple[str, str]:
        name, _, what = key.partition("-")
        wrong = {"bad": "9", "few": "7" if number == 0 else "9", "hard": str(100 + number)}.get(what)
        right = number or int(name[3:]) % 2
        return rf"So it is \boxed{{{wrong or (7 if right else 8)}}}.", "stop"

    rows = [row(f"row{i}") for i in range(60)] + [row("row60-bad"), row("row61-few"), row("row62-hard")]
    files = [tmp_path / "rows" / f"{i}.parquet" for i in range(2)]
    for i, file in enumerate(files):
        write_records(file, STAGE, map(to_record, rows[i::2]))
    options = ScriptedPassRate(sampler=scripted(script), n=8, sampling=SamplingOptions(max_tokens=64))
    list(DecideDifficulty(files, tmp_path / "difficulty", options, tmp_path / "rollouts", 0, "{question}").run(None))
    decided = [tmp_path / "difficulty" / file.name for file in files]
    arguments = (Triage(), options, tmp_path / "rollouts", 0, "{question}", tmp_path / "suspect_gold.parquet")
    list(DecideTriage(files, decided, tmp_path / "triage", *arguments).run(None))
    n_batches = len(options.sampler.log)

    ids = [one.id for i in range(2) for one in rows[i::2]]
    before = [line for file in decided for line in read_records(file)]
    after = [line for file in files for line in read_records(tmp_path / "triage" / file.name)]
    changed = {i: line for i, was, line in zip(ids, before, after, strict=True) if line != was}
    assert {i: (line["action"], line["reason"]) for i, line in changed.items()} == {
        "row60-bad": ("dropped", "suspect_gold"),
        "row61-few": ("keep", ""),
        "row62-hard": ("dropped", "infeasible"),
    }
    assert changed["row61-few"]["note"].startswith("doubtful_gold: 7 of 8 samples agree on another answer, 1 on the")
    assert changed["row62-hard"]["detail"] == "0 of 8 correct; hard: no two samples agree on an answer"

    suspects = list(read_records(tmp_path / "suspect_gold.parquet"))
    assert [(s["id"], s["mark"], s["gold"], s["agreed_answer"], s["n_agreed"]) for s in suspects] == [
        ("row60-bad", "suspect_gold", "7", "9", 8),
        ("row61-few", "doubtful_gold", "7", "9", 7),
    ]
    assert suspects[0]["responses"] == [r"So it is \boxed{9}."] * 2
    assert len(suspects[0]["rollouts"]) == 8
    assert DECISION.names == list(after[0])
    assert len(options.sampler.log) == n_batches


@pytest.mark.parametrize("stopping", [Fixed(), Exact(), Bayes()])
@pytest.mark.parametrize("pass_on", [(), ("trivial",)], ids=["first sampler", "second sampler"])
def test_what_is_solved_without_its_picture_is_marked(
    tmp_path: Path, scripted: Callable[..., Any], stopping: Any, pass_on: tuple[str, ...]
) -> None:
    """By the first sampler and with `n` samples, whichever sampler and however few samples found it trivial."""
    blind: list[bool] = []

    def script(key: str, number: int) -> tuple[str, str]:
        return rf"\boxed{{{8 if blind and (key == 'needed' or number == 0) else 7}}}", "stop"

    pictured = [row("needed", images=(b"1",)), row("not-needed", images=(b"2",)), row("text")]
    file, store = tmp_path / "rows" / "0.parquet", tmp_path / "rollouts"
    write_records(file, STAGE, map(to_record, pictured))
    samplers = scripted(script), scripted(script, revision="2")
    fields = {"samplers": samplers, "pass_on": pass_on, "stopping": stopping, "max_pass_rate": 0.5, "n": 8}
    options = ScriptedPassRate(sampling=SamplingOptions(max_tokens=64), **fields)  # type: ignore[call-arg]
    list(DecideDifficulty([file], tmp_path / "difficulty", options, store, 0, "{question}").run(None))
    blind.append(True)

    def reasons(triage: Triage) -> list[str]:
        options.sampler.log.clear()
        decided, quarantine = [tmp_path / "difficulty" / file.name], tmp_path / "suspect_gold.parquet"
        arguments = (triage, options, store, 0, "{question}", quarantine)
        list(DecideTriage([file], decided, tmp_path / "triage", *arguments).run(None))
        assert list(read_records(quarantine)) == []
        return [line["reason"] for line in read_records(tmp_path / "triage" / file.name)]

    assert reasons(Triage()) == ["trivial"] * 3
    assert options.sampler.log == []
    assert reasons(Triage(without_pictures=True)) == ["trivial", "picture_not_needed", "trivial"]
    assert options.sampler.log == [[("needed", tuple(range(8))), ("not-needed", tuple(range(8)))]]
    assert reasons(Triage(without_pictures=True)) == ["trivial", "picture_not_needed", "trivial"]
    assert options.sampler.log == []


@pytest.mark.slow
@pytest.mark.parametrize("stopping", [Fixed(), Exact(), Bayes(n_max=12)])
@pytest.mark.parametrize("truncated", ["wrong", "unjudged"])
@pytest.mark.parametrize("max_model_len", [None, 14])
def test_the_samples_of_a_difficulty_are_found_again(
    tmp_path: Path, scripted: Callable[..., Any], stopping: Any, truncated: str, max_model_len: int | None
) -> None:
    """Under every stopping rule, of either sampler, where the store holds more samples than were needed, or longer ones."""
    rows = [row(f"row{i}") for i in range(24)]
    file, store = tmp_path / "0.parquet", tmp_path / "rollouts"
    write_records(file, STAGE, map(to_record, rows))

    def first(key: str, number: int) -> tuple[str, str]:
        return (r"\boxed{9}", "stop") if int(key[3:]) % 3 < 2 else second(key, number)

    def second(key: str, number: int) -> tuple[str, str]:
        cut = number == 2 and int(key[3:]) % 2
        return rf"\boxed{{{7 + (number * int(key[3:])) % 3}}}", "length" if cut else "stop"

    samplers = scripted(first), scripted(second, revision="2")
    fields = {
        "n": 6,
        "min_pass_rate": 0.2,
        "max_pass_rate": 0.7,
        "truncated": truncated,
        "sampling": SamplingOptions(max_tokens=64),
    }
    for sampler in samplers:
        for _ in measure(rows, ScriptedPassRate(sampler=sampler, **{**fields, "n": 20}), store, 0, "{question}"):
            pass
    limited = samplers[1].model_copy(update={"max_model_len": max_model_len})
    both = {"samplers": (samplers[0], limited), "pass_on": ("infeasible",), "stopping": stopping}
    options = ScriptedPassRate(**fields, **both)
    list(DecideDifficulty([file], tmp_path / "difficulty", options, store, 0, "{question}").run(None))
    decided = [tmp_path / "difficulty" / file.name]
    arguments = (Triage(), options, store, 0, "{question}", tmp_path / "suspect_gold.parquet")
    step = DecideTriage([file], decided, tmp_path / "triage", *arguments)
    with RolloutStore(store) as rollouts, VerdictStore(store / "verdicts") as verdicts:
        step._stores = rollouts, verdicts
        (chunk,) = step.chunks()
        revisions = set()
        for (_, told), (drawn, judged) in zip(chunk, step._sampled(chunk), strict=True):
            found, outcomes = told["difficulty"], [verdict.outcome for verdict in judged]
            revisions.add(found["sampler"]["revision"])
            assert {one.setting.revision for one in drawn} == {found["sampler"]["revision"]}
            assert outcomes.count("correct") == found["n_correct"]
            assert outcomes.count("truncated") == found["n_truncated"]
            lost = 0 if truncated == "wrong" else found["n_truncated"]
            assert len(outcomes) == found["n_judged"] + lost
    assert revisions == {"1", "2"}
