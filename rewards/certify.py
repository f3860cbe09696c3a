r"""Certify a judge on the golds that it will judge: every gold against itself, against machine-made equivalents, and
against near misses.

A gold that its own restyling does not match teaches the model that right is wrong; a near miss that passes teaches
the opposite. Both are found before training, through the very function that the trainer calls, in a thread and in a
process. What is equivalent to a gold and what nearly misses it is known to its kind (`Kind.equivalents`,
`Kind.near_misses`); a kind that says neither is certified on its golds alone.
"""

import json
import multiprocessing
import random
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from rewards.adapters import trl
from rewards.kinds import known, load_plugins, make_kind
from rewards.verify import make_verifier

Where = Literal["here", "thread", "process"]


class Case(NamedTuple):
    """One answer to a gold, whether it is right, and how it was derived from the gold."""

    answer: str
    right: bool
    how: str


class Failure(NamedTuple):
    """A case that the judge got wrong or could not judge: the row, the case, the verdict."""

    id: str
    source: str
    source_id: str
    answer_kind: str
    answer_options: str
    gold: str
    variant: str
    """How the answer was made from the gold."""
    answer: str
    expected: bool
    reward: float | None
    outcome: str
    tier: str
    detail: str


@dataclass
class Group:
    """The certificate of one source and kind."""

    rows: int = 0
    cases: int = 0
    false_negatives: int = 0
    false_positives: int = 0
    not_judged: int = 0
    """Cases with no verdict: an unreadable gold or a deadline."""
    failures: list[Failure] = field(default_factory=list)

    @property
    def false_negative_share(self) -> float:
        """Of all cases, those that should be correct and are called wrong."""
        return self.false_negatives / self.cases if self.cases else 0.0

    @property
    def false_positive_share(self) -> float:
        """Of all cases, those that should be wrong and are called correct."""
        return self.false_positives / self.cases if self.cases else 0.0


@dataclass
class Certificate:
    """Groups by (source, kind)."""

    groups: dict[tuple[str, str], Group] = field(default_factory=dict)

    def failures(self) -> Iterator[Failure]:
        """Return every case that was judged wrongly or not at all, by source and kind."""
        for _, group in sorted(self.groups.items()):
            yield from group.failures

    def over(self, max_false_negatives: float, max_false_positives: float) -> list[tuple[str, str]]:
        """Return the groups whose share of wrong verdicts is above a bound."""
        return [
            name
            for name, g in sorted(self.groups.items())
            if g.false_negative_share > max_false_negatives or g.false_positive_share > max_false_positives
        ]

    def table(self) -> dict[str, dict[str, dict[str, float]]]:
        """Return source -> kind -> counts and shares, as the summary of a build has them."""
        found: dict[str, dict[str, dict[str, float]]] = {}
        for (source, kind), g in sorted(self.groups.items()):
            found.setdefault(source, {})[kind] = {
                "rows": g.rows,
                "cases": g.cases,
                "false_negatives": g.false_negatives,
                "false_positives": g.false_positives,
                "not_judged": g.not_judged,
                "false_negative_share": round(g.false_negative_share, 6),
                "false_positive_share": round(g.false_positive_share, 6),
            }
        return found

    def passes(self, max_false_negatives: float, max_false_positives: float) -> bool:
        """Return whether each group's share of wrong verdicts is within the bounds."""
        return not self.over(max_false_negatives, max_false_positives)


def cases(gold: str, kind: str = "math", options: Mapping[str, Any] | str | None = None) -> list[Case]:
    """Return the gold itself, its equivalents and its near misses, as its kind makes them."""
    judge = make_kind(kind, options)
    if not gold.strip() and not judge.needs_gold:
        return [Case("nothing", False, "no gold, and no answer")]
    found = [Case(gold, True, "itself"), *(Case(alias, True, "alias") for alias in judge.aliases)]
    found += [Case(text, True, how) for how, text in judge.equivalents(gold) if text != gold]
    further = [
        make_verifier(alias, kind, judge.model_copy(update={"aliases": ()}).model_dump(exclude={"kind"}))
        for alias in judge.aliases
    ]
    for how, text in judge.near_misses(gold):
        if text.strip() != gold.strip() and not any(one.judge_answer(text).outcome == "correct" for one in further):
            found.append(Case(text, False, how))
    return found


def certify(
    rows: Sequence[Mapping[str, Any]], where: Where = "thread", max_rows: int | None = None, seed: int = 0
) -> Certificate:
    """Certify rows of `source, answer, answer_kind, answer_options` in this thread, in another, or in a fresh process.

    `max_rows` takes that many of each source and kind, chosen by the seed and the row's content.
    """
    batches: dict[tuple[str, str], list[tuple[Mapping[str, Any], Case]]] = {}
    certificate = Certificate()
    for row in _sampled(rows, max_rows, seed):
        group = (str(row.get("source", "")), str(row.get("answer_kind") or "math"))
        certificate.groups.setdefault(group, Group()).rows += 1
        of_row = cases(str(row["answer"]), group[1], row.get("answer_options"))
        batches.setdefault(group, []).extend((row, case) for case in of_row)
    for group, batch in batches.items():
        columns: dict[str, list[Any]] = {
            "completions": [_response(case) for _, case in batch],
            "answer": [str(row["answer"]) for row, _ in batch],
            "answer_kind": [group[1]] * len(batch),
            "answer_options": [row.get("answer_options") for row, _ in batch],
        }
        _count(certificate.groups[group], batch, _call(columns, group[1], where))
    return certificate


def _sampled(rows: Sequence[Mapping[str, Any]], max_rows: int | None, seed: int) -> Iterable[Mapping[str, Any]]:
    if max_rows is None:
        return rows
    ranked = sorted(rows, key=lambda r: (zlib.crc32(f"{seed}/{r.get('id')}/{r['answer']}".encode()), str(r["answer"])))
    taken: dict[tuple[str, str], int] = {}
    kept = []
    for row in ranked:
        group = (str(row.get("source", "")), str(row.get("answer_kind")))
        taken[group] = taken.get(group, 0) + 1
        if taken[group] <= max_rows:
            kept.append(row)
    random.Random(seed).shuffle(kept)
    return kept


def _response(case: Case) -> str:
    return f"So the answer is \\boxed{{{case.answer}}}."


def _call(columns: dict[str, list[Any]], kind: str, where: Where) -> list[float | None]:
    if where == "here":
        return trl.accuracy(**columns)
    pool: Executor = ThreadPoolExecutor(1)
    if where == "process":  # a fresh process knows a kind of another package only once its module is imported
        spawned = multiprocessing.get_context("spawn")
        modules = [known()[kind].__module__]
        pool = ProcessPoolExecutor(1, mp_context=spawned, initializer=load_plugins, initargs=(modules,))
    with pool:
        return pool.submit(trl.accuracy, **columns).result()


def _count(group: Group, batch: Sequence[tuple[Mapping[str, Any], Case]], rewards: Sequence[float | None]) -> None:
    for (row, case), reward in zip(batch, rewards, strict=True):
        group.cases += 1
        wrong = reward is not None and (reward == 1.0) != case.right
        group.not_judged += reward is None
        group.false_negatives += wrong and case.right
        group.false_positives += wrong and not case.right
        if wrong or reward is None:
            group.failures.append(_failure(row, case, reward))


def _failure(row: Mapping[str, Any], case: Case, reward: float | None) -> Failure:
    gold, kind, options = str(row["answer"]), str(row.get("answer_kind") or "math"), row.get("answer_options")
    verdict = make_verifier(gold, kind, options).judge(_response(case))
    row_id, source, source_id = (str(row.get(name) or "") for name in ("id", "source", "source_id"))
    text = options if isinstance(options, str) else json.dumps(options or {}, sort_keys=True)
    return Failure(
        row_id,
        source,
        source_id,
        kind,
        text,
        gold,
        case.how,
        case.answer,
        case.right,
        reward,
        verdict.outcome,
        verdict.tier,
        verdict.detail,
    )
