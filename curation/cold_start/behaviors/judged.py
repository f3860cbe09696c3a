"""The stage that has a judge count behaviors, on all traces or a sample: the column `behaviors_judged`."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from curation.cold_start.behaviors.agreement import agreement
from curation.cold_start.behaviors.options import Behaviors
from curation.cold_start.behaviors.prompt import PROMPT, count_of, judge_messages
from curation.cold_start.behaviors.stage import COUNTS, by_source
from curation.core.decision import KEEP, Decision, keep
from curation.core.order import choice_key
from curation.core.parquet import write_text
from curation.core.passes import number_alike
from curation.core.rows import Numbers, Record, Rows, decided
from curation.core.schema import BEHAVIORS, Column
from curation.core.stage import DECISIONS, Cost, Run
from curation.core.steps import written
from curation.judging.cost import NotKnownYet, asking_cost
from curation.judging.judge import Judge, Question, Reply, ask
from curation.judging.progress import reporter
from curation.judging.stage import Asking, AskingStage

TABLE = "judged.json"
REPLIES = "replies.json"
"""In the stage's folder: how many replies had a count, and how the others failed."""


class JudgeBehaviors(AskingStage):
    """Has a model count behaviors, one at a time. A trace that it was not asked about has no `behaviors_judged`; a behavior that it gave no
    count of is null there. No row ends here."""

    kind: Literal["judge_behaviors"] = "judge_behaviors"
    options: Behaviors
    adds: ClassVar[tuple[Column, ...]] = (Column("behaviors_judged", COUNTS),)

    @property
    def judge(self) -> Judge:
        if self.options.judge is None:
            raise ValueError("judge_behaviors: no `judge`, expected the model that is asked")
        return self.options.judge

    def digests(self) -> dict[str, dict[str, str]]:
        model, revision = self.judge.engine.identity()
        return {"judge of behaviors": {model: revision}}

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        chosen = _chosen(rows, self.options.sample, self.seed)
        total = int(chosen.sum()) * len(self.options.asked)
        run.progress.advance(0, total=len(rows), note="starting the judge")
        outcomes = Counter[str]()
        questions = judge_questions(_asked(rows, np.flatnonzero(chosen)), self.options.asked)
        replies = ask(
            questions, self.judge, prompt=PROMPT, parse=count_of, store_dir=run.rollouts, seed=self.seed,
            report=reporter(run.progress, total),
        )  # fmt: skip
        with closing(replies):  # type: ignore[type-var]  # a generator, so that it can be closed
            for is_chosen in chosen.tolist():
                if not is_chosen:
                    yield KEEP
                    continue
                yield keep(behaviors_judged=counts_of(replies, self.options.asked, outcomes))
        write_text(run.folder / REPLIES, json.dumps(dict(sorted(outcomes.items()))))

    def asking(self, run: Run) -> Asking:
        numbers = np.flatnonzero(_chosen(run.rows, self.options.sample, self.seed))

        clusters = (record["cluster"] for record in run.rows.some(numbers).records(["cluster"]))

        def questions(places: Numbers) -> Iterator[Question]:
            return judge_questions(_asked(run.rows, numbers[places]), self.options.asked)

        return Asking(self.judge, PROMPT, number_alike(clusters), questions, each=len(self.options.asked))

    def cost(self, run: Run, pilot: int | None) -> Cost:
        if not all("behaviors" in file.columns for file in run.rows.files):
            return NotKnownYet("traces whose behaviors a judge counts: not known before the cues are counted")
        asking = self.asking(run)
        return asking_cost(
            asking.all, asking.n_questions, asking.judge, prompt=PROMPT, store_dir=run.rollouts, seed=self.seed,
            pilot=pilot, parse=count_of,
        )  # fmt: skip

    def summary(self, run: Run) -> dict[str, Any]:
        if not (table := run.folder / TABLE).exists():
            write_text(table, json.dumps(self._table(run), indent=1))
        return {"behaviors_judged": json.loads(table.read_text())}

    def _table(self, run: Run) -> dict[str, Any]:
        rows = decided(run.rows, run.folder / DECISIONS, written(run.folder / DECISIONS))
        columns = ["source", "behaviors", "behaviors_judged"]
        pairs = [
            (record["behaviors"], record["behaviors_judged"])
            for record in rows.records(columns)
            if record["behaviors_judged"] is not None and record["behaviors"] is not None
        ]
        return {
            "answers": json.loads((run.folder / REPLIES).read_text()),
            "sources": by_source(rows.records(columns), "behaviors_judged"),
            "agreement": agreement(pairs),
        }


def judge_questions(records: Iterator[Record], asked: tuple[str, ...]) -> Iterator[Question]:
    """A question for each behavior of each response, {id, question, response}."""
    for record in records:
        for name in asked:
            yield Question(record["id"], judge_messages(name, record["question"], record["response"]))


def counts_of(replies: Iterator[Reply[int]], asked: tuple[str, ...], outcomes: Counter[str]) -> dict[str, int | None]:
    """The counts of one response from its next replies; None where a reply has none, or where nothing was asked."""
    counts: dict[str, int | None] = dict.fromkeys(BEHAVIORS)
    for name in asked:
        reply = next(replies)
        outcomes[reply.failure or "answered"] += 1
        counts[name] = reply.value
    return counts


def _chosen(rows: Rows, sample: int | None, seed: int) -> NDArray[np.bool_]:
    """The traces that the judge sees: by a hash of the seed and the id, so that a larger sample holds a smaller one."""
    has_trace = np.empty(len(rows), dtype=bool)
    order = np.empty(len(rows), dtype=np.uint64)
    for i, record in enumerate(rows.records(["id", "behaviors"])):
        has_trace[i] = record["behaviors"] is not None
        order[i] = choice_key("judge_behaviors", seed, record["id"])
    if sample is None or has_trace.sum() <= sample:
        return has_trace
    places = np.flatnonzero(has_trace)
    chosen = np.zeros(len(rows), dtype=bool)
    chosen[places[np.argsort(order[places], kind="stable")][:sample]] = True
    return chosen


def _asked(rows: Rows, chosen: Numbers) -> Iterator[Record]:
    for _, record in rows.at(chosen, ["id", "prompt", "completion"]):
        question = next((one["content"] for one in reversed(record["prompt"]) if one["role"] == "user"), "")
        yield {"id": record["id"], "question": question, "response": record["completion"]}
