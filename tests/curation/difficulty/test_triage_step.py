"""The stage of triage: what becomes of measured rows, of every stopping rule and of several samplers."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from curation.core.decision import Decision
from curation.core.parquet import read_records
from curation.core.row import Row
from curation.core.rows import Rows, decided
from curation.core.steps import written
from curation.difficulty.pass_rate import PassRate, measure
from curation.difficulty.stage import MeasureDifficulty
from curation.difficulty.stopping.bayes import Bayes
from curation.difficulty.stopping.exact import Exact
from curation.difficulty.stopping.fixed import Fixed
from curation.difficulty.triage.evidence import SUSPECTS_FILE
from curation.difficulty.triage.marks import Triage
from curation.difficulty.triage.samples import Samples
from curation.difficulty.triage.stage import TriageStage
from curation.sampling.engines.base import SamplingOptions
from curation.sampling.rollouts.store import RolloutStore
from curation.sampling.rollouts.verdicts import VerdictStore
from tests.curation.difficulty.test_triage import row
from tests.curation.stages import decisions, run_of, stored


class ScriptedPassRate(PassRate):
    sampler: Any
    samplers: Any = ()


def measured(tasks: Iterable[Iterable[Row]], options: PassRate, folder: Path, template: str = "{question}") -> Rows:
    """The rows in files, with their difficulty."""
    rows = stored([list(task) for task in tasks], folder / "rows")
    run = run_of(rows, folder / "difficulty")
    for step in MeasureDifficulty(options=options, template=template).steps(run):
        list(step.run(None))
    return decided(rows, run.folder / "decisions", written(run.folder / "decisions"))


def triage(
    rows: Rows, options: Triage, difficulty: PassRate, folder: Path, template: str = "{question}"
) -> list[Decision]:
    return decisions(TriageStage(options=options, difficulty=difficulty, template=template), rows, folder / "triage")


def test_a_build_quarantines_suspect_golds(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    def script(key: str, number: int) -> tuple[str, str]:
        name, _, what = key.partition("-")
        wrong = {"bad": "9", "few": "7" if number == 0 else "9", "hard": str(100 + number)}.get(what)
        right = number or int(name[3:]) % 2
        return rf"So it is \boxed{{{wrong or (7 if right else 8)}}}.", "stop"

    rows = [row(f"row{i}") for i in range(60)] + [row("row60-bad"), row("row61-few"), row("row62-hard")]
    options = ScriptedPassRate(sampler=scripted(script), n=8, sampling=SamplingOptions(max_tokens=64))
    with_difficulty = measured([rows[::2], rows[1::2]], options, tmp_path)
    n_batches = len(options.sampler.log)
    ids = [record["id"] for record in with_difficulty.records(["id"])]
    after = dict(zip(ids, triage(with_difficulty, Triage(), options, tmp_path), strict=True))
    remarkable = {i: (d.action, d.reason) for i, d in after.items() if d.note or d.reason not in ("", "trivial")}
    assert remarkable == {
        "row60-bad": ("dropped", "suspect_gold"),
        "row61-few": ("keep", ""),
        "row62-hard": ("dropped", "hard"),
    }
    assert after["row61-few"].note.startswith("doubtful_gold: 7 of 8 samples agree on another answer, 1 on the")
    assert after["row62-hard"].detail == "0 of 8 correct; hard: no two samples agree on an answer"

    suspects = list(read_records(tmp_path / "triage" / SUSPECTS_FILE))
    assert [(s["id"], s["mark"], s["gold"], s["agreed_answer"], s["n_agreed"]) for s in suspects] == [
        ("row60-bad", "suspect_gold", "7", "9", 8),
        ("row61-few", "doubtful_gold", "7", "9", 7),
    ]
    assert suspects[0]["responses"] == [r"So it is \boxed{9}."] * 2
    assert len(suspects[0]["rollouts"]) == 8
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
    samplers = scripted(script), scripted(script, revision="2")
    fields = {"samplers": samplers, "pass_on": pass_on, "stopping": stopping, "max_pass_rate": 0.5, "n": 8}
    options = ScriptedPassRate(sampling=SamplingOptions(max_tokens=64), **fields)  # type: ignore[call-arg]
    with_difficulty = measured([pictured], options, tmp_path)
    blind.append(True)

    def reasons(marked: Triage) -> list[str]:
        options.sampler.log.clear()
        made = triage(with_difficulty, marked, options, tmp_path)
        assert list(read_records(tmp_path / "triage" / SUSPECTS_FILE)) == []
        return [decision.reason for decision in made]

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
    store = tmp_path / "rollouts"

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
    with_difficulty = measured([rows], options, tmp_path)
    with RolloutStore(store) as rollouts, VerdictStore(store / "verdicts") as verdicts:
        samples = Samples(rollouts, verdicts, options, "{question}")
        chunk = list(with_difficulty)
        revisions = set()
        for one, (drawn, judged) in zip(chunk, samples.of(chunk), strict=True):
            found, outcomes = one.difficulty, [verdict.outcome for verdict in judged]
            assert found is not None
            revisions.add(found.sampler.revision)
            assert {rollout.setting.revision for rollout in drawn} == {found.sampler.revision}
            assert outcomes.count("correct") == found.n_correct
            assert outcomes.count("truncated") == found.n_truncated
            lost = 0 if truncated == "wrong" else found.n_truncated
            assert len(outcomes) == found.n_judged + lost
    assert revisions == {"1", "2"}
