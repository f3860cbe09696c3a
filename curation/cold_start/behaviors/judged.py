"""The stage that has a judge count behaviors, on all traces or a sample: the column `behaviors_judged`."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from curation.cold_start.behaviors.agreement import agreement
from curation.cold_start.behaviors.options import Behaviors
from curation.cold_start.behaviors.prompt import PROMPT, count_of, judge_messages
from curation.cold_start.behaviors.stage import COUNTS, by_source
from curation.core.decision import KEEP, Decision, keep
from curation.core.parquet import write_text
from curation.core.rows import Record, Rows, decided
from curation.core.schema import BEHAVIORS, Column
from curation.core.stage import DECISIONS, DecideStage, Run
from curation.core.steps import written
from curation.judging.judge import Judge, Question, Reply, ask
from curation.sampling.sample_cached import CachedSampler

TABLE = "judged.json"
REPLIES = "replies.json"
"""In the stage's folder: how many replies had a count, and how the others failed."""


class JudgeBehaviors(DecideStage):
    """Has a model count behaviors, one at a time. A trace that it was not asked about has no `behaviors_judged`; a behavior that it gave no
    count of is null there. No row ends here."""

    kind: Literal["judge_behaviors"] = "judge_behaviors"
    options: Behaviors
    seed: int = 0
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

        def report(sampler: CachedSampler) -> None:
            if run.progress.is_due:
                done = sampler.sampled.found + sampler.sampled.responses
                found = f" ({sampler.sampled.found:,} stored)" if sampler.sampled.found else ""
                note = f"judge: {done:,}/{total:,} answers{found}, {sampler.sampled.tokens:,} tokens, {sampler.sampled.speed:,.0f}/s"
                run.progress.advance(0, note=note + _time_left(sampler, done, total))

        questions = judge_questions(_asked(rows, chosen), self.options.asked)
        replies = ask(
            questions, self.judge, prompt=PROMPT, parse=count_of, store_dir=run.rollouts, seed=self.seed, report=report
        )
        with closing(replies):  # type: ignore[type-var]  # a generator, so that it can be closed
            for is_chosen in chosen.tolist():
                if not is_chosen:
                    yield KEEP
                    continue
                yield keep(behaviors_judged=counts_of(replies, self.options.asked, outcomes))
        write_text(run.folder / REPLIES, json.dumps(dict(sorted(outcomes.items()))))

    def cost(self, run: Run, pilot: int | None) -> "JudgeCost":
        chosen = min(len(run.rows), self.options.sample or len(run.rows))
        return JudgeCost(chosen, chosen * len(self.options.asked), self.judge.engine.model)

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


@dataclass(frozen=True)
class JudgeCost:
    """How many answers are asked for; what they take is known to whoever runs the judge."""

    traces: int
    answers: int
    model: str

    @property
    def is_known(self) -> bool:
        return True

    def line(self, gpu_hour_price: float | None) -> str:
        return f"{self.traces:,} traces, {self.answers:,} answers of {self.model!r} at most, as far as the store lacks them"


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
        digest = blake2b(f"judge_behaviors:{seed}:{record['id']}".encode(), digest_size=8).digest()
        order[i] = int.from_bytes(digest)
    if sample is None or has_trace.sum() <= sample:
        return has_trace
    places = np.flatnonzero(has_trace)
    chosen = np.zeros(len(rows), dtype=bool)
    chosen[places[np.argsort(order[places], kind="stable")][:sample]] = True
    return chosen


def _asked(rows: Rows, chosen: NDArray[np.bool_]) -> Iterator[Record]:
    for _, record in rows.at(np.flatnonzero(chosen), ["id", "prompt", "completion"]):
        question = next((one["content"] for one in reversed(record["prompt"]) if one["role"] == "user"), "")
        yield {"id": record["id"], "question": question, "response": record["completion"]}


def _time_left(sampler: CachedSampler, done: int, total: int) -> str:
    sampled = sampler.sampled
    if not sampled.responses or not sampled.seconds:
        return ""
    return f", {(total - done) * sampled.seconds / sampled.responses / 60:,.0f} min left"
