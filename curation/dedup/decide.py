"""The stage that merges duplicates: one row of a cluster stays, the others are merged into it; where golds contradict, all go."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from curation.core.decision import KEEP, Decision, drop, keep, merge
from curation.core.rows import Numbers, Rows
from curation.core.stage import DecideStage, Run
from curation.dedup.clusters import rows_that_share
from curation.dedup.golds import SourcedGold, conflict_of
from curation.dedup.options import Dedup
from curation.dedup.signature import key64
from curation.dedup.survivor import CRITERIA

Keys = NDArray[np.uint64]
MOST_NAMED = 50
"""Merged rows that the survivor's provenance names; the ledger names the survivor of every one."""


class MergeDuplicates(DecideStage):
    """Keeps one row of every `cluster`; in the cold-start set one of every `copy` of it, while golds have to agree over the cluster.

    Memory: forty bytes a row, and the names of the rows in clusters of several.
    """

    kind: Literal["duplicates"] = "duplicates"
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(
        ("conflicting_gold", "near_duplicate"), "{config}.dedup.near: false merges exact copies alone"
    )
    options: Dedup = Dedup()

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        if not self.options.merge:
            yield from (KEEP for _ in range(len(rows)))
            return
        questions, clusters, ids = _keys(rows)
        survivors, names = _survivors(rows, clusters, self.options)
        conflicts, notes = _conflicts(rows, questions), _notes(survivors, names)
        for row, (question, survivor) in enumerate(zip(questions, survivors, strict=True)):
            if question in conflicts:
                yield drop("conflicting_gold", conflicts[question])
            elif survivor == row:
                yield keep(notes[row]) if row in notes else KEEP
            else:
                yield merge("duplicate" if ids[row] == ids[survivor] else "near_duplicate", names[survivor])


def _keys(rows: Rows) -> tuple[Numbers, Numbers, Keys]:
    """Of every row the cluster of its question, of its question and trace, and a hash of its id."""
    questions, copies = (np.empty(len(rows), dtype=np.int64) for _ in range(2))
    ids = np.empty(len(rows), dtype=np.uint64)
    for row, record in enumerate(rows.records(["id", "cluster", "copy"])):
        questions[row], copies[row] = record["cluster"], record["copy"] or 0
        ids[row] = key64([record["id"].encode()])
    return questions, np.unique((questions << 32) | copies, return_inverse=True)[1], ids


def _survivors(rows: Rows, clusters: Numbers, options: Dedup) -> tuple[Numbers, dict[int, str]]:
    """Row -> the row that stays for it; the names of all rows in clusters of several."""
    survivors, shared = np.arange(len(clusters)), rows_that_share(clusters)
    names: dict[int, str] = {}
    ranks = np.empty((len(shared), len(options.prefer)), dtype=np.int64)
    columns = {c for criterion in options.prefer for c in CRITERIA[criterion][0]} | {"source", "source_id"}
    for i, (row, record) in enumerate(rows.at(shared, sorted(columns))):
        names[row] = f"{record['source']}/{record['source_id']}"
        ranks[i] = [CRITERIA[criterion][1]({**record, "row": row}) for criterion in options.prefer]
    # Sorted by cluster, then by the criteria, then by row: the first of a run of one cluster stays for all of the run.
    ordered = shared[np.lexsort((shared, *ranks.T[::-1], clusters[shared]))]
    starts = np.flatnonzero(np.append(True, clusters[ordered][1:] != clusters[ordered][:-1])[: len(ordered)])
    survivors[ordered] = np.repeat(ordered[starts], np.diff(np.append(starts, len(ordered))))
    return survivors, names


def _conflicts(rows: Rows, questions: Numbers) -> dict[int, str]:
    """Question -> its two golds that are different answers, each in the name of the first row that has it."""
    columns = ["answer", "answer_kind", "answer_options"]
    shared = rows_that_share(questions)
    golds = np.zeros(len(shared), dtype=np.uint64)  # 0: no gold, which contradicts nothing
    for i, (_, record) in enumerate(rows.at(shared, columns)):
        if record["answer"].strip():
            golds[i] = key64(f"{record[c]}\0".encode() for c in columns)
    shared, golds = shared[golds > 0], golds[golds > 0]
    # Sorted by question, then by gold: neighbours of one question whose golds differ name the questions worth judging.
    order = np.lexsort((golds, questions[shared]))
    ordered, golds = questions[shared][order], golds[order]
    differ = np.unique(ordered[1:][(ordered[1:] == ordered[:-1]) & (golds[1:] != golds[:-1])])
    spelled: dict[int, dict[tuple[str, ...], SourcedGold]] = {}
    for row, record in rows.at(shared[np.isin(questions[shared], differ)], [*columns, "source", "source_id"]):
        answer, kind, options = (record[c] for c in columns)
        gold = SourcedGold(answer, kind, options, f"{record['source']}/{record['source_id']}")
        spelled.setdefault(int(questions[row]), {}).setdefault((answer, kind, options), gold)
    conflicts = {question: conflict_of(found.values()) for question, found in spelled.items()}
    return {question: detail for question, detail in conflicts.items() if detail}


def _notes(survivors: Numbers, names: dict[int, str]) -> dict[int, str]:
    """Survivor -> what its provenance says of the rows merged into it."""
    merged: dict[int, list[str]] = {}
    for row in np.flatnonzero(survivors != np.arange(len(survivors))).tolist():
        merged.setdefault(int(survivors[row]), []).append(names[row])
    return {row: _note(others) for row, others in merged.items()}


def _note(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return "merged with it: " + ", ".join(names[:MOST_NAMED]) + more
