"""What a benchmark's scoring reads: rows with the rewards of their samples, and the parts of their `source_id`.

A row's `source_id` says what the scoring groups by: the manifests in `manifests/benchmarks/` make it of the published fields
(`3steps_12/3steps_multi`), and a text that comes twice has a number behind it (`...#2`).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from curation.core.row import Row

Scores = dict[str, float]
"""Figure -> its value, a share from 0 to 1."""


@dataclass(frozen=True)
class Answered:
    """One row and what a model answered: a reward and what the judge read, for each sample. A reward of None is no verdict."""

    row: Row
    rewards: tuple[float | None, ...]
    extracted: tuple[str | None, ...] = ()

    @property
    def judged(self) -> list[float]:
        """The rewards of the samples that have one."""
        return [reward for reward in self.rewards if reward is not None]


Scoring = Callable[[Sequence[Answered]], Scores]


@dataclass(frozen=True)
class Item:
    """One row in one sample: the parts of its `source_id`, and whether the answer is right. No verdict is not right."""

    parts: tuple[str, ...]
    correct: bool
    answered: Answered
    extracted: str | None


def parts_of(row: Row, names: Sequence[str]) -> tuple[str, ...]:
    """The parts of a row's `source_id`, one for each name.

    Raises:
        ValueError: there are not as many, or one is empty.
    """
    parts = tuple(re.sub(r"#\d+$", "", row.source_id).split("/"))
    if len(parts) != len(names) or not all(parts):
        raise ValueError(
            f"row {row.source}/{row.source_id}: got the source_id {row.source_id!r}, expected {'/'.join(names).upper()}, by which this "
            "benchmark is scored; build it from its manifest in manifests/benchmarks/"
        )
    return parts


def mean(values: Iterable[float]) -> float:
    """The mean, nan of nothing."""
    values = list(values)
    return sum(values) / len(values) if values else float("nan")


def accuracy(answered: Iterable[Answered]) -> float:
    """The mean over rows of the mean reward of their judged samples; a row without any is left out."""
    return mean(mean(one.judged) for one in answered if one.judged)


def by(answered: Iterable[Answered], key: Callable[[Answered], str]) -> Mapping[str, list[Answered]]:
    """The rows of every group, the groups in the order of their names."""
    groups: dict[str, list[Answered]] = defaultdict(list)
    for one in answered:
        groups[key(one)].append(one)
    return dict(sorted(groups.items()))


def answers_by_question(items: Iterable[Item]) -> dict[str, dict[str, bool]]:
    """Question -> its parts (variants, steps) -> whether each was answered right, for rows of `QUESTION/PART`.

    Raises:
        ValueError: a part of a question comes twice, and the two need not agree.
    """
    questions: dict[str, dict[str, bool]] = defaultdict(dict)
    for item in items:
        question, part = item.parts
        if part in questions[question]:
            raise ValueError(f"rows {question}/{part} come twice; expected one of each, as the manifest builds them")
        questions[question][part] = item.correct
    return dict(questions)


def over_samples(answered: Sequence[Answered], names: Sequence[str], score: Callable[[list[Item]], Scores]) -> Scores:
    """The mean over samples of a score that takes one answer to every row: sample k of all rows is one run of the benchmark.

    Raises:
        ValueError: rows have different numbers of samples, or a `source_id` has other parts than `names`.
    """
    counts = {len(one.rewards) for one in answered}
    if len(counts) != 1 or 0 in counts:
        raise ValueError(f"got rows with {sorted(counts)} samples, expected as many of each, and one at least")
    parts = [parts_of(one.row, names) for one in answered]
    runs = []
    for k in range(counts.pop()):
        read = [one.extracted[k] if k < len(one.extracted) else None for one in answered]
        runs.append(
            score(
                [
                    Item(of, (one.rewards[k] or 0) >= 1, one, text)
                    for of, one, text in zip(parts, answered, read, strict=True)
                ]
            )
        )
    return {name: mean(run[name] for run in runs) for name in runs[0]}
