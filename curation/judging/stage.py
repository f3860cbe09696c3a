"""A stage that asks a judge about rows, whose questions several engines share."""

from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import ClassVar, NamedTuple

import numpy as np
from datatrove.pipeline.base import PipelineStep

from curation.core.passes import Fill, FillStore, pieces_of
from curation.core.progress import TaskProgress
from curation.core.rows import Numbers
from curation.core.stage import DecideStage, Run
from curation.judging.judge import Judge, Question, answers, opened
from curation.judging.progress import reporter

BATCHES = 2
"""Times `batch_prompts` questions of a part."""


class Asking(NamedTuple):
    """What a stage asks: about some things, `each` of them in so many questions. `alike` has a number for each, the same where the
    questions may be the same; `questions` gives those about the things at some places.
    """

    judge: Judge
    prompt: str
    alike: Numbers
    questions: Callable[[Numbers], Iterable[Question]]
    each: int = 1

    @property
    def parts(self) -> list[Numbers]:
        """The places of the things of every part of the pass. Of one question the first draws for all, so these are in one part."""
        return pieces_of(self.alike, max(BATCHES * self.judge.batch_prompts // self.each, 1))

    @property
    def n_questions(self) -> int:
        return len(self.alike) * self.each

    def all(self) -> Iterable[Question]:
        """Every question."""
        return self.questions(np.arange(len(self.alike)))


class AskingStage(DecideStage):
    """Asks a judge. Where engines share the questions, a pass asks them all, and the decision finds the answers in the store."""

    has_engine: ClassVar[bool] = True
    seed: int = 0

    @property
    def passes(self) -> tuple[str, ...]:
        return ("ask",)

    @abstractmethod
    def asking(self, run: Run) -> Asking:
        """What `decide` asks."""

    def parts_of_pass(self, run: Run, name: str) -> int:
        return len(self.asking(run).parts)

    def steps_of_pass(self, run: Run, name: str) -> list[PipelineStep]:
        asking = self.asking(run)
        parts = asking.parts

        def begin(held: ExitStack) -> Fill:
            sampler = held.enter_context(opened(asking.judge, asking.prompt, run.rollouts))

            def fill(part: int, progress: TaskProgress) -> None:
                questions = asking.questions(parts[part])
                deque(answers(questions, asking.judge, sampler, self.seed, reporter(progress)), maxlen=0)

            return fill

        return [FillStore(begin, run.folder)]
