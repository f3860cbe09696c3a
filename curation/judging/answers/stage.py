"""The stage that asks a model about what the rules cannot judge. Its verdict is a kind of its own: it never becomes the rule's.

Cold start: `verified` stays `cannot_judge`, and a trace stays for the model's word in `judge_verdict`. RL: the model says whether what most
samples end in is the gold in other words; that can end a row, whose reward would call right answers wrong, and never save one.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import chain, tee
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.core.decision import Decision, drop, keep
from curation.core.parquet import AtomicParquetWriter, read_records
from curation.core.passes import number_alike
from curation.core.rows import Numbers, Rows
from curation.core.schema import Column
from curation.core.stage import Cost, Run
from curation.difficulty.triage.evidence import SUSPECTS_FILE
from curation.judging.answers.certificate import check_certificate
from curation.judging.answers.options import JudgeLimits, JudgeSuspects, JudgeTraces
from curation.judging.answers.prompt import PROMPT, verdict_in
from curation.judging.answers.residue import Residue
from curation.judging.answers.suspects import GONE, residue_of_suspects
from curation.judging.answers.traces import residue_of_traces
from curation.judging.answers.votes import Ballot, JudgeVerdict, judge_pairs, questions_of
from curation.judging.cost import NotKnownYet, asking_cost
from curation.judging.judge import Question
from curation.judging.progress import reporter
from curation.judging.stage import Asking, AskingStage

ANSWERS_FILE = "judge_answers.parquet"
ANSWERS = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "source", "source_id", "what", "question", "gold", "answer")),
        ("judge_says", pa.string()),
        ("not_asked", pa.string()),
        ("is_kept", pa.bool_()),
        ("model", pa.string()),
        ("revision", pa.string()),
        ("failures", pa.list_(pa.string())),
        ("replies", pa.list_(pa.string())),
    ]
)
"""One line for each answer that the rules left: `what` says why, `judge_says` the verdict or `not_asked`, `replies` is all that the model
wrote, two for each vote, `failures` how some of them failed. `is_kept`: the row stays.
"""
_SAYS: tuple[str, ...] = ("", "not_asked", *get_args(JudgeVerdict))
"""By number, for a byte a row; '' is a row of which nothing is asked."""
DETAIL_CHARS = 100
_UNJUDGED = {"model_cannot_tell": "model_cannot_tell", "failed": "judge_failed", "not_asked": "judge_not_asked"}
"""What is no verdict -> the reason under which a trace ends that the rules did not judge either."""
Says = npt.NDArray[np.int8]


class JudgeAnswersStage(AskingStage):
    """Asks a model about answers that the rules cannot judge, and decides by what it says where the manifest lets it."""

    kind: Literal["judge_answers"] = "judge_answers"
    options: JudgeTraces | JudgeSuspects
    limits: JudgeLimits = JudgeLimits()
    keep_verified: tuple[str, ...] = ()
    """Of a cold-start set: the verdicts of the rules with which a trace stays. What a model calls wrong ends all the same."""
    adds: ClassVar[tuple[Column, ...]] = (Column("judge_verdict", pa.string()),)
    publishes: ClassVar[tuple[str, ...]] = (ANSWERS_FILE,)
    remedies: ClassVar[dict[str, str]] = {
        "model_wrong": f"{ANSWERS_FILE} has the replies",
        "model_cannot_tell": "{config}.judge_answers.votes",
        "judge_failed": "{config}.judge_answers.judge.sampling.max_tokens, .engine",
        "judge_not_asked": "{config}.judge_answers.of",
        "rule_missed": "gold.rules of the source, rl.judge_answers.on_correct",
        "verified_cannot_judge": "cold_start.keep_verified, cold_start.judge_answers.on_correct",
    }

    def digests(self) -> dict[str, dict[str, str]]:
        if self.options.acts and not self.options.trust:
            check_certificate(self.options, self.limits, f"{self._config}.judge_answers")
        model, revision = self.options.judge.engine.identity()
        return {**super().digests(), "judge of answers": {model: revision}}

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        run.progress.advance(0, total=len(rows), note="looking for answers that the rules cannot judge")
        says = np.zeros(len(rows), np.int8)
        self._judge(rows, run, says)
        lines = read_records(run.folder / ANSWERS_FILE, ["source", "source_id", "gold", "answer", "not_asked"])
        for record, said in zip(rows.records(["verified", "source", "source_id"]), says, strict=True):
            yield self._decision(record["verified"], _SAYS[said], _detail(record, lines) if said else "")

    @property
    def _config(self) -> str:
        return "cold_start" if isinstance(self.options, JudgeTraces) else "rl"

    def _residue(self, rows: Rows, run: Run) -> Iterator[tuple[int, Residue]]:
        """What the rules leave, with the number of its row."""
        if isinstance(self.options, JudgeTraces):
            return residue_of_traces(rows, self.options.of)
        return residue_of_suspects(rows, run.stages["triage"], self.options.of)

    def asking(self, run: Run) -> Asking:
        pairs = [one.pair for _, one in self._residue(run.rows, run) if not one.not_asked]
        votes = self.options.votes

        def questions(places: Numbers) -> Iterator[Question]:
            return chain.from_iterable(questions_of(pairs[place], votes) for place in places)

        return Asking(self.options.judge, PROMPT, number_alike(pair[1:] for pair in pairs), questions, each=2 * votes)

    def _judge(self, rows: Rows, run: Run, says: Says) -> None:
        """Ask about everything that is left, write down what was said, and put it into `says`."""
        model, revision = self.options.judge.engine.identity()
        with AtomicParquetWriter(run.folder / ANSWERS_FILE, ANSWERS) as writer:
            for number, one, ballot in self._judged(rows, run):
                said = ballot.verdict if ballot else "not_asked"
                is_kept = number != GONE and self._decision("cannot_judge", said).action == "keep"
                if number != GONE:
                    says[number] = _SAYS.index(said)
                texts = [reply.text for reply in ballot.replies] if ballot else []
                line = {**one._asdict(), "judge_says": said, "is_kept": is_kept, "model": model, "revision": revision}
                line |= {"failures": ballot.failures if ballot else [], "replies": texts}
                writer.write(line, sum(map(len, texts)))

    def _judged(self, rows: Rows, run: Run) -> Iterator[tuple[int, Residue, Ballot | None]]:
        """Everything that is left in its order, with the ballot where a model was asked."""

        ahead, found = tee(self._residue(rows, run))
        pairs = (one.pair for _, one in ahead if not one.not_asked)
        options, report = self.options, reporter(run.progress)
        with closing(judge_pairs(pairs, options.judge, options.votes, run.rollouts, self.seed, report)) as ballots:
            for number, one in found:
                run.progress.reach(number)
                yield number, one, None if one.not_asked else next(ballots)[1]

    def _decision(self, verified: str, said: str, detail: str = "") -> Decision:
        """What becomes of a row of which `said` was said. What is no verdict, or only noted, leaves it to `keep_verified`."""
        acts = self.options.acts
        if isinstance(self.options, JudgeSuspects):
            is_missed = acts and said == "model_correct"
            return drop("rule_missed", detail) if is_missed else keep(judge_verdict=said)
        if acts and said == "model_correct":
            return keep(f"{said} by {self.options.judge.engine.model}: {detail}", judge_verdict=said)
        if acts and said == "model_wrong":
            return drop(said, detail)
        if verified == "cannot_judge" and "cannot_judge" not in self.keep_verified:
            return drop(_UNJUDGED.get(said, "verified_cannot_judge") if acts else "verified_cannot_judge", detail)
        return keep(judge_verdict=said)

    def cost(self, run: Run, pilot: int | None) -> Cost | None:
        if self._config == "rl" and not (run.stages["triage"] / SUSPECTS_FILE).exists():
            return NotKnownYet("answers on which the samples agree against the rule: not known before triage")
        if self._config == "cold_start" and not any(one["verified"] for one in run.rows.records(["verified"])):
            return NotKnownYet("answers that the rules cannot judge: not known before the traces are verified")
        asking = self.asking(run)
        return asking_cost(
            asking.all, asking.n_questions, asking.judge, prompt=PROMPT, store_dir=run.rollouts, seed=self.seed,
            pilot=pilot, parse=verdict_in,
        )  # fmt: skip

    def summary(self, run: Run) -> dict[str, Any]:
        """Source -> why the rules do not judge it -> what the model says and how replies failed, never among the rules' counts."""
        table: dict[str, dict[str, Counter[str]]] = {}
        for line in read_records(run.folder / ANSWERS_FILE):
            counts = table.setdefault(line["source"], {}).setdefault(line["what"], Counter(dict.fromkeys(_SAYS[1:], 0)))
            counts.update([line["judge_says"], *(f"reply_{failure}" for failure in line["failures"])])
            counts.update([f"not_asked_{line['not_asked']}"] if line["not_asked"] else [], kept=line["is_kept"])
        return {"judge_answers": json.loads(json.dumps(table, sort_keys=True))}


def _detail(row: Mapping[str, Any], lines: Iterator[Mapping[str, Any]]) -> str:
    """What was compared, of the next line that is of this row; those before it are of rows that are gone."""
    line = next(one for one in lines if (one["source"], one["source_id"]) == (row["source"], row["source_id"]))
    texts = f"{line['answer'][:DETAIL_CHARS]!r} for the gold {line['gold'][:DETAIL_CHARS]!r}"
    return f"{line['not_asked']}: {texts}" if line["not_asked"] else texts
