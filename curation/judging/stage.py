"""A stage that asks a judge about rows, whose questions several engines share."""

from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import ClassVar, NamedTuple

from datatrove.pipeline.base import PipelineStep

from curation.core.passes import Fill, FillStore, n_pieces, piece
from curation.core.progress import TaskProgress
from curation.core.stage import DecideStage, Run
from curation.judging.judge import Judge, Question, answers, opened
from curation.judging.progress import reporter

BATCHES = 2
"""Times `batch_prompts` questions of a part."""


class Asking(NamedTuple):
    """What a stage asks: about `n` things, `each` of them in so many questions; `questions` gives those about some of the things."""

    judge: Judge
    prompt: str
    n: int
    questions: Callable[[slice], Iterable[Question]]
    each: int = 1

    @property
    def n_parts(self) -> int:
        return n_pieces(self.n, max(BATCHES * self.judge.batch_prompts // self.each, 1))


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
        return self.asking(run).n_parts

    def steps_of_pass(self, run: Run, name: str) -> list[PipelineStep]:
        asking = self.asking(run)

        def begin(held: ExitStack) -> Fill:
            sampler = held.enter_context(opened(asking.judge, asking.prompt, run.rollouts))

            def fill(part: int, progress: TaskProgress) -> None:
                questions = asking.questions(piece(asking.n, part, asking.n_parts))
                deque(answers(questions, asking.judge, sampler, self.seed, reporter(progress)), maxlen=0)

            return fill

        return [FillStore(begin, run.folder)]
