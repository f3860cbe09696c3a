"""Stages that several engines share: the bytes of one engine, and nothing left to sample for the decision."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curation.cold_start.behaviors.judged import JudgeBehaviors
from curation.cold_start.behaviors.options import Behaviors
from curation.cold_start.behaviors.stage import CountBehaviors
from curation.cold_start.distil.options import Distil
from curation.cold_start.distil.stage import DistilStage
from curation.core.row import Message, Row
from curation.core.rows import Rows
from curation.core.schema import Column
from curation.core.stage import Stage
from curation.difficulty.stage import MeasureDifficulty
from curation.difficulty.stopping.bayes import Bayes
from curation.difficulty.stopping.exact import Exact
from curation.difficulty.stopping.fixed import Fixed
from curation.difficulty.triage.marks import Triage
from curation.difficulty.triage.stage import TriageStage
from curation.judging.answers.options import JudgeTraces
from curation.judging.answers.stage import JudgeAnswersStage
from curation.judging.judge import Judge
from curation.sampling.engines.base import SamplingOptions, sample_seed
from tests.curation.difficulty import test_image_gain as image_gain
from tests.curation.difficulty.test_triage_step import ScriptedPassRate, measured
from tests.curation.judging import test_questions as questions
from tests.curation.sampling.models import Scripted
from tests.curation.stages import decided_by, left_by, run_of, shared, stored

SHUT = "shut"
"""In an engine's log: it may not start any more."""


class Shuttable(Scripted):
    """A scripted engine that starts as long as it may."""

    @contextmanager
    def open(self) -> Iterator[Any]:  # type: ignore[override]
        assert SHUT not in self.log, "the engine was started"
        with super().open() as session:
            yield session


class ShuttableSeeing(image_gain.Seeing):
    @contextmanager
    def open(self) -> Iterator[Any]:  # type: ignore[override]
        assert SHUT not in self.log, "the engine was started"
        yield self


def says(key: str, number: int) -> tuple[str, str]:
    """Right with a chance that falls with the number of the row; sometimes cut off."""
    seed = sample_seed(0, key, number)
    is_right = seed % 40 >= int(key.removeprefix("row"))
    return rf"<think>{seed} of {key}</think>\boxed{{{7 if is_right else 8}}}", "length" if seed % 11 == 0 else "stop"


def rows(n: int, folder: Path, **fields: Any) -> Rows:
    """Rows of two sources in two files; the last asks what the first does."""
    made = []
    for i in range(n):
        prompt = (Message("user", f"What is {i % (n - 1)}?"),)
        extra = {"cluster": i % (n - 1), "behaviors": {}}
        made.append(Row(f"row{i}", f"source{i % 2}", f"row{i}", prompt, answer="7", extra=extra, **fields))
    added = (Column("cluster", pa.int64()), *CountBehaviors.adds)
    return stored([made[: n // 3], made[n // 3 :]], folder, added)


Case = tuple[Callable[[list[Any]], Stage], Rows]
"""A stage whose engine has this log, and what comes in."""


def difficulty(stopping: Any) -> Callable[[Path], Case]:
    def case(folder: Path) -> Case:
        def stage(log: list[Any]) -> Stage:
            engines = tuple(Shuttable(script=says, log=log, revision=revision) for revision in "12")
            sampling = SamplingOptions(max_tokens=64)
            options = ScriptedPassRate(samplers=engines, n=8, batch_prompts=4, sampling=sampling, stopping=stopping)  # type: ignore[call-arg]
            return MeasureDifficulty(options=options, template="{question}")

        return stage, rows(40, folder)

    return case


def distil(folder: Path) -> Case:
    def stage(log: list[Any]) -> Stage:
        engine = Shuttable(script=says, log=log)
        options = Distil(sampler=engine, n_max=8, k=2, batch_prompts=4)
        return DistilStage(options=options, template="{question}", merge=False)

    return stage, rows(40, folder)


def triage(folder: Path) -> Case:
    made = image_gain.rows.__wrapped__()  # type: ignore[attr-defined]
    before = image_gain.options(made).model_copy(update={"max_pass_rate": 1.0})
    found = measured([made[:50], made[50:]], before, folder)

    def stage(log: list[Any]) -> Stage:
        engine = ShuttableSeeing(log=log, own=before.sampler.own, chances=before.sampler.chances)
        options = before.model_copy(update={"sampler": engine, "batch_prompts": 8})
        marks = Triage(images=("blank", "swapped"), without_pictures=True)
        return TriageStage(options=marks, difficulty=options, template="{question}")

    return stage, found


def asks_about_questions(folder: Path) -> Case:
    def stage(log: list[Any]) -> Stage:
        return questions.stage(Shuttable(script=lambda key, number: (questions.answer(), "stop"), log=log))

    return stage, rows(20, folder)


def asks_about_answers(folder: Path) -> Case:
    def stage(log: list[Any]) -> Stage:
        engine = Shuttable(script=lambda key, number: ("<verdict>SAME</verdict>", "stop"), log=log)
        options = JudgeTraces(judge=Judge(engine=engine, batch_prompts=2), on_correct="mark", votes=3)
        return JudgeAnswersStage(options=options)

    return stage, rows(20, folder, completion=r"\boxed{seven}", answer_kind="unreadable", verified="cannot_judge")


def asks_about_behaviors(folder: Path) -> Case:
    def stage(log: list[Any]) -> Stage:
        engine = Shuttable(script=lambda key, number: (f"<count>{len(key)}</count>", "stop"), log=log)
        return JudgeBehaviors(options=Behaviors(judge=Judge(engine=engine, batch_prompts=20), sample=15))

    return stage, rows(20, folder, completion="Wait.")


def samples(log: list[Any]) -> Counter[Any]:
    """How often every sample was drawn."""
    batches = [[(one[0], one[2])] if len(one) == 3 and isinstance(one, tuple) else one for one in log]
    return Counter((key, number) for batch in batches for key, numbers in batch for number in numbers)


CASES = {
    "fixed": (difficulty(Fixed()), [5, 2]),
    "exact": (difficulty(Exact()), [5, 2, 5, 2]),
    "bayes": (difficulty(Bayes()), [5, 1, 2, 0]),
    "distil": (distil, [5, 1]),
    "triage": (triage, [1, 1, 5, 5]),
    "questions": (asks_about_questions, [5]),
    "answers": (asks_about_answers, [19]),
    "behaviors": (asks_about_behaviors, [4]),
}
"""Name -> a case, and the parts of its passes."""


@pytest.mark.parametrize("case", CASES)
def test_several_engines_leave_what_one_does_and_nothing_to_sample(case: str, tmp_path: Path) -> None:
    make, n_parts = CASES[case]
    stage, found = make(tmp_path)
    alone: list[Any] = []
    together: list[Any] = []
    run, run_together = (run_of(found, tmp_path / folder / "stage") for folder in ("alone", "together"))
    if (store := tmp_path / "rollouts").exists():
        for folder in (run.rollouts, run_together.rollouts):
            shutil.copytree(store, folder)
    decided_by(stage(alone), run)
    assert shared(stage(together), run_together) == n_parts
    assert samples(together) == samples(alone)
    assert samples(alone).total()
    for file in run_together.folder.glob("passes/chosen.npz"):
        file.write_bytes(b"damaged")
    together.append(SHUT)
    decided_by(stage(together), run_together)
    assert left_by(run_together) == left_by(run)


def test_within_a_budget_one_engine_samples(scripted: Any) -> None:
    options = ScriptedPassRate(sampler=scripted(says), max_tokens_total=10, stopping=Fixed())
    assert MeasureDifficulty(options=options, template="{question}").passes == ()
