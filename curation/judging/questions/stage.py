"""The stage that asks a judge about questions: rows with what it finds end or are noted, rows on which it failed stay and are counted."""

import json
import math
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from heapq import nsmallest
from itertools import chain, repeat
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from curation.core.decision import KEEP, Decision, drop, keep
from curation.core.order import choice_key
from curation.core.parquet import write_text
from curation.core.passes import number_alike
from curation.core.row import Row
from curation.core.rows import Numbers, Rows
from curation.core.schema import Column
from curation.core.stage import Cost, Run
from curation.judging.cost import asking_cost
from curation.judging.judge import FAILURES, Question, Reply, ask
from curation.judging.progress import reporter
from curation.judging.questions.agreement import Comparison
from curation.judging.questions.answer import Findings, findings, object_in, repeats
from curation.judging.questions.options import PATTERNS, Pattern, Questions
from curation.judging.questions.prompt import PROMPT, question_about, told_by
from curation.judging.questions.rules import dropped_by_rules, rules_on
from curation.judging.stage import Asking, AskingStage

TABLE = "questions.json"
"""In the stage's folder: what it counted for the summary."""
TEXT_CHARS = 100_000
"""Of a row, in which an object of an answer is looked for."""
POOL = 20
"""Rows that the rules look at for each one that is compared: in a large set they would take longer than the rows are worth."""


class Asked(NamedTuple):
    """A row as far as its reply needs it: what was asked, and which rules find something in it, None of a row that is not compared.
    `text` is what an answer may only repeat, empty where nothing in it looks like one.
    """

    source: str
    key: int
    patterns: tuple[Pattern, ...]
    rules: tuple[str, ...] | None
    text: str


class QuestionsStage(AskingStage):
    """Asks a judge about every question. A row ends under the first of `drop` that was found; `question_findings` has what was found in a
    row that stays, null where nothing was asked or nothing could be read.
    """

    kind: Literal["questions"] = "questions"
    options: Questions
    adds: ClassVar[tuple[Column, ...]] = (Column("question_findings", pa.list_(pa.string()), released=False),)
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(PATTERNS, "{config}.questions.drop")

    def digests(self) -> dict[str, dict[str, str]]:
        model, revision = self.options.judge.engine.identity()
        return {"judge of questions": {model: revision}}

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        run.progress.advance(0, total=len(rows), note="starting the judge")
        counts: dict[str, Counter[str]] = {}
        examples: dict[str, str] = {}
        comparison = Comparison(self.options.agreement)
        chosen = self._chosen(rows)
        is_chosen = np.zeros(len(rows), bool)
        is_chosen[chosen] = True
        extra = dropped_by_rules(run, self.options.agreement // 2, self.seed)
        with closing(self._replies(rows.some(chosen), extra, run, len(chosen))) as replies:
            for i in range(len(rows)):
                if not is_chosen[i]:
                    yield KEEP
                    continue
                asked, reply = next(replies)
                decision = self._decision(reply)
                of_row = _counted(asked, reply, decision)
                counts.setdefault(asked.source, Counter()).update(of_row)
                if reply and reply.failure:
                    examples.setdefault(reply.failure, reply.detail)
                _compare(comparison, asked, reply)
                run.progress.advance()
                yield decision
            n_dropped = 0
            for asked, reply in replies:
                n_dropped += 1
                _compare(comparison, asked, reply)
        table = {
            **_table(sum(counts.values(), Counter())),
            "sources": {source: _table(counts[source]) for source in sorted(counts)},
            "failures": dict(sorted(examples.items())),
            "agreement": comparison.table(),
            "asked_for_agreement": n_dropped,
        }
        write_text(run.folder / TABLE, json.dumps(table, indent=1, ensure_ascii=False))

    def asking(self, run: Run) -> Asking:
        chosen = self._chosen(run.rows)
        clusters = (record["cluster"] for record in run.rows.some(chosen).records(["cluster"]))

        def questions(places: Numbers) -> Iterator[Question]:
            return self._questions(run, chosen[places], with_extra=len(chosen) - 1 in places)

        return Asking(self.options.judge, PROMPT, number_alike(clusters), questions)

    def _questions(self, run: Run, chosen: Numbers, with_extra: bool) -> Iterator[Question]:
        """What is asked about some rows, and about those that the filters dropped."""
        extra = dropped_by_rules(run, self.options.agreement // 2, self.seed) if with_extra else ()
        for row in chain(run.rows.some(chosen), extra):
            if patterns := self.options.asked_of(row):
                yield question_about(row, patterns)

    def _chosen(self, rows: Rows) -> Numbers:
        """The numbers of the rows that are asked about."""
        if self.options.sample is None or self.options.sample >= len(rows):
            return np.arange(len(rows))
        keyed = ((choice_key("questions", self.seed, record["id"]), i) for i, record in enumerate(rows.records(["id"])))
        return np.array(sorted(i for _, i in nsmallest(self.options.sample, keyed)), np.int64)

    def _replies(
        self, rows: Iterable[Row], extra: Iterable[Row], run: Run, n: int
    ) -> Generator[tuple[Asked, Reply[Findings] | None], None, None]:
        """What was asked of every row, then of every extra one, and the reply; None where nothing was to be asked."""
        waiting: deque[Asked] = deque()
        compared_below = 2**64 * min(POOL * self.options.agreement / max(n, 1), 1)

        def questions() -> Iterator[Question]:
            for row, below in chain(zip(rows, repeat(compared_below)), zip(extra, repeat(math.inf))):
                waiting.append(self._asked(row, below))
                if patterns := waiting[-1].patterns:
                    yield question_about(row, patterns)

        replies = ask(
            questions(), self.options.judge, prompt=PROMPT, parse=object_in, store_dir=run.rollouts, seed=self.seed,
            report=reporter(run.progress, n),
        )  # fmt: skip
        with closing(replies):  # type: ignore[type-var]  # a generator, so that it can be closed
            for reply in replies:
                while not waiting[0].patterns:
                    yield waiting.popleft(), None
                asked = waiting.popleft()
                yield asked, _read(reply, asked)
        while waiting:
            yield waiting.popleft(), None

    def _asked(self, row: Row, compared_below: float) -> Asked:
        key = choice_key("questions", self.seed, row.id)
        rules = rules_on(row) if key < compared_below else None
        text = told_by(row)[:TEXT_CHARS]
        return Asked(row.source, key, self.options.asked_of(row), rules, text if "{" in text else "")

    def _decision(self, reply: Reply[Findings] | None) -> Decision:
        if reply is None or reply.value is None:
            return KEEP
        found, reason = reply.value
        detail = f"{', '.join(found)}: {reason}" if reason else ", ".join(found)
        if dropping := next((pattern for pattern in found if pattern in self.options.drops), None):
            return drop(dropping, detail)
        return keep(f"judge: {detail}" if found else "", question_findings=list(found))

    def cost(self, run: Run, pilot: int | None) -> Cost:
        asking = self.asking(run)
        return asking_cost(
            asking.all, asking.n_questions, self.options.judge, prompt=PROMPT, store_dir=run.rollouts, seed=self.seed,
            pilot=pilot, parse=self._any_form,
        )  # fmt: skip

    def _any_form(self, text: str) -> Findings | None:
        """What an answer says, whichever rows it is about."""
        answer = object_in(text)
        return next(filter(None, (findings(answer, form) for form in self.options.forms)), None) if answer else None

    def summary(self, run: Run) -> dict[str, Any]:
        return {"questions": json.loads((run.folder / TABLE).read_text())}


def _read(reply: Reply[dict[str, Any]], asked: Asked) -> Reply[Findings]:
    """The reply with what was found, or as one that cannot be read."""
    if reply.value is None:
        return Reply(None, reply.text, reply.failure, reply.detail)
    if (value := findings(reply.value, asked.patterns)) is None:
        return Reply(None, reply.text, "unparsable", f"other keys or values than were asked for: {reply.text[-120:]!r}")
    if repeats(reply.value, asked.text):
        return Reply(None, reply.text, "unparsable", f"it only repeats the question: {reply.text[-120:]!r}")
    return Reply(value, reply.text)


def _counted(asked: Asked, reply: Reply[Findings] | None, decision: Decision) -> list[str]:
    """What a row adds to the counts of its source."""
    if reply is None:
        return ["not_asked"]
    if reply.value is None:
        return ["asked", str(reply.failure)]
    found = [f"found {pattern}" for pattern in reply.value.found]
    dropped = [f"dropped {decision.reason}"] if decision.action == "dropped" else []
    return ["asked", "answered", *found, *dropped]


def _compare(comparison: Comparison, asked: Asked, reply: Reply[Findings] | None) -> None:
    if asked.rules is not None and reply is not None and reply.value is not None:
        comparison.add(asked.key, asked.rules, asked.patterns, reply.value.found)


def _table(counts: Counter[str]) -> dict[str, Any]:
    """Counts of rows as the summary has them."""
    table: dict[str, Any] = {name: counts[name] for name in ("asked", "answered", *FAILURES, "not_asked")}
    for what in ("found", "dropped"):
        table[what] = {pattern: counts[f"{what} {pattern}"] for pattern in PATTERNS if counts[f"{what} {pattern}"]}
    return table
