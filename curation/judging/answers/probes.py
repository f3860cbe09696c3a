"""The probes of a judge: of golds that the rules can read, so that it is known what is right. Restyled golds are, near misses and hacks are
not; the pairs go to the model as those of a build do, in both orders, with every vote.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import rewards
from curation.core.row import Row
from curation.judging.answers.certificate import Asking, Certificate, Expect, Shares, asking_of, objections, shares
from curation.judging.answers.hacks import hacks
from curation.judging.answers.options import JudgeAnswers, JudgeLimits
from curation.judging.answers.prompt import MAX_ANSWER_CHARS
from curation.judging.answers.traces import question_with_options
from curation.judging.answers.votes import Ballot, Pair, judge_pairs
from curation.sampling.sample_cached import CachedSampler
from rewards.certify import cases

PER_ROW = 4
"""Right answers, and near misses, of a gold: kinds make up to twenty."""


class Probe(NamedTuple):
    """An answer of which it is known whether it is right. `kind` says how it was made; right answers and near misses are one kind each for
    every way in which the reward kinds make them.
    """

    pair: Pair
    expect: Expect
    kind: str


def probes(rows: Iterable[Row]) -> Iterator[Probe]:
    """The probes of rows whose gold judges right against itself; other rows have none."""
    for row in rows:
        verifier = rewards.make_verifier(row.answer, row.answer_kind, row.answer_options)
        if not row.answer.strip() or verifier.judge_answer(row.answer).outcome != "correct":
            continue
        found = [case for case in cases(row.answer, row.answer_kind, row.answer_options) if case.how != "itself"]
        right = _some([(case.how, case.answer) for case in found if case.right], row)
        near = _some([(case.how, case.answer) for case in found if not case.right], row)
        wrong = hacks(row.question, row.answer, row.answer_options, tuple(text for _, text in near))
        made: list[tuple[Expect, str, str]] = [("right", "itself", row.answer)]
        made += [("right", how, text) for how, text in right]
        made += [("near_miss", how, text) for how, text in near]
        made += [("hack", how, text) for how, text in wrong]
        question = question_with_options(row)
        for number, (expect, how, text) in enumerate(made):
            if expect != "right" and verifier.judge_answer(text).outcome == "correct":
                continue  # no hack for this gold
            pair = Pair(f"probe/{row.id}/{number}", question, row.answer, text[:MAX_ANSWER_CHARS])
            yield Probe(pair, expect, how)


def certify_judge(
    rows: Sequence[Row],
    options: JudgeAnswers,
    limits: JudgeLimits,
    store_dir: Path,
    seed: int,
    report: Callable[[CachedSampler], None] = lambda sampler: None,
) -> tuple[Certificate, list[dict[str, Any]]]:
    """The certificate, and a record of every probe for a person to look at.

    Raises:
        SamplingError: the model cannot be asked; what it answered is in the store.
    """
    asked = list(probes(rows))
    ballots = judge_pairs((one.pair for one in asked), options.judge, options.votes, store_dir, seed, report)
    judged = [(one, found) for one, (_, found) in zip(asked, ballots, strict=True)]
    by_kind: dict[tuple[Expect, str], list[Ballot]] = {}
    for one, found in judged:
        by_kind.setdefault((one.expect, one.kind), []).append(found)
    order = ("hack", "near_miss", "right")
    table: Mapping[str, Shares] = {
        f"{expect}: {kind}": shares(expect, (one.verdict for one in by_kind[expect, kind]))
        for expect, kind in sorted(by_kind, key=lambda key: (order.index(key[0]), key[1]))
    }
    asking: Asking = asking_of(options)
    certificate = Certificate(
        **dict(asking), rows=len({one.pair.key.split("/")[1] for one in asked}), limits=limits, probes=dict(table),
        trusted=not any(objections(table, limits)),
    )  # fmt: skip
    return certificate, [_record(one, found) for one, found in judged]


def _some(made: Sequence[tuple[str, str]], row: Row) -> list[tuple[str, str]]:
    """A few of the answers, others for every row."""
    return sorted(made, key=lambda one: hashlib.blake2b(f"{row.id}/{one}".encode()).digest())[:PER_ROW]


def _record(one: Probe, found: Ballot) -> dict[str, Any]:
    pair, is_wrong = one.pair, (found.verdict == "model_correct") != (one.expect == "right")
    return {
        "expect": one.expect, "kind": one.kind, "question": pair.question, "gold": pair.reference, "answer": pair.answer,
        "judge_says": found.verdict, "is_mistake": is_wrong, "failures": found.failures,
        "replies": [reply.text for reply in found.replies],
    }  # fmt: skip
