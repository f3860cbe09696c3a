"""The decision about duplicates: one row of a cluster stays, the others are merged into it; where golds contradict, all go."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from numpy.typing import NDArray

from curation.core.parquet import read_records, write_records
from curation.core.progress import TaskProgress
from curation.core.schema import DECISION
from curation.dedup.golds import Gold, conflict_of
from curation.dedup.options import Dedup
from curation.dedup.signature import key64
from curation.dedup.survivor import CRITERIA

Keys = NDArray[np.uint64]

DEFAULTS = Dedup()
MOST_NAMED = 50
"""Merged rows that the survivor's provenance names; the ledger names the survivor of every one."""


class DecideDuplicates(PipelineStep):  # type: ignore[misc]
    """Groups the rows by `Row.cluster` (by their id where it is empty) and writes a decision for each.

    In the cold-start set a cluster is named `question.copy`: copies are merged, and golds have to agree over the question.
    Memory: forty bytes a row, and the names of the rows in clusters of several.
    """

    type, name = "decision", "duplicates"

    def __init__(self, files: list[Path], folder: Path, options: Dedup = DEFAULTS) -> None:
        super().__init__()
        self.files, self.folder, self.options = files, folder, options

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        progress = TaskProgress(self.folder.parent / "progress", rank)
        clusters, questions, ids = self._keys()
        survivors, names = self._survivors(clusters)
        conflicts = self._conflicts(questions)
        notes = self._notes(survivors, names)
        first = 0
        for file in self.files:
            n = pq.read_metadata(file).num_rows
            write_records(
                self.folder / file.name,
                DECISION,
                (
                    self._line(row, int(questions[row]), survivors, ids, names, notes, conflicts)
                    for row in range(first, first + n)
                ),
            )
            first += n
            progress.advance(n)
        progress.tell()
        yield from ()

    def _line(
        self,
        row: int,
        question: int,
        survivors: NDArray[np.uint32],
        ids: Keys,
        names: dict[int, str],
        notes: dict[int, str],
        conflicts: dict[int, str],
    ) -> dict[str, Any]:
        if question in conflicts:
            return {"action": "dropped", "reason": "conflicting_gold", "detail": conflicts[question]}
        survivor = int(survivors[row])
        if survivor == row:
            return {"action": "keep", "reason": "", "detail": "", "note": notes.get(row)}
        reason = "duplicate" if ids[row] == ids[survivor] else "near_duplicate"
        return {"action": "merged", "reason": reason, "detail": names[survivor]}

    def _keys(self) -> tuple[Keys, Keys, Keys]:
        """Of every row: its cluster, its question, its id, as 64-bit hashes."""
        n = sum(pq.read_metadata(file).num_rows for file in self.files)
        clusters, questions, ids = (np.empty(n, dtype=np.uint64) for _ in range(3))
        records = (r for file in self.files for r in read_records(file, ["id", "cluster"], batch_rows=10_000))
        for row, record in enumerate(records):
            cluster = record["cluster"] or record["id"]
            ids[row], clusters[row] = key64([record["id"].encode()]), key64([cluster.encode()])
            questions[row] = key64([cluster.partition(".")[0].encode()])
        return clusters, questions, ids

    def _survivors(self, clusters: Keys) -> tuple[NDArray[np.uint32], dict[int, str]]:
        """Row -> the row that stays for it; the names of all rows in clusters of several."""
        survivors = np.arange(len(clusters), dtype=np.uint32)
        rows = _shared(clusters)
        names: dict[int, str] = {}
        ranks = np.empty((len(rows), len(self.options.prefer)), dtype=np.int64)
        columns = {c for criterion in self.options.prefer for c in CRITERIA[criterion][0]} | {"source", "source_id"}
        for i, record in enumerate(self._records(rows, sorted(columns))):
            names[record["row"]] = f"{record['source']}/{record['source_id']}"
            ranks[i] = [CRITERIA[criterion][1](record) for criterion in self.options.prefer]
        best_first = np.lexsort((rows, *ranks.T[::-1], clusters[rows]))
        ordered = rows[best_first]
        starts = np.flatnonzero(np.append(True, clusters[ordered][1:] != clusters[ordered][:-1])[: len(ordered)])
        survivors[ordered] = np.repeat(ordered[starts], np.diff(np.append(starts, len(ordered))))
        return survivors, names

    def _conflicts(self, questions: Keys) -> dict[int, str]:
        """Question -> its two golds that are different answers."""
        columns = ["answer", "answer_kind", "answer_options"]
        rows = _shared(questions)
        told = np.zeros(len(rows), dtype=np.uint64)  # 0: no gold, which contradicts nothing
        for i, record in enumerate(self._records(rows, columns)):
            if record["answer"].strip():
                told[i] = key64(f"{record[c]}\0".encode() for c in columns)
        rows, told = rows[told > 0], told[told > 0]
        order = np.lexsort((told, questions[rows]))
        ordered, told = questions[rows][order], told[order]
        differ = np.unique(ordered[1:][(ordered[1:] == ordered[:-1]) & (told[1:] != told[:-1])])
        golds: dict[int, dict[tuple[str, ...], Gold]] = {}
        for record in self._records(rows[np.isin(questions[rows], differ)], [*columns, "source", "source_id"]):
            answer, kind, options = (record[c] for c in columns)
            gold = Gold(answer, kind, options, f"{record['source']}/{record['source_id']}")
            golds.setdefault(int(questions[record["row"]]), {}).setdefault((answer, kind, options), gold)
        conflicts = {question: conflict_of(list(found.values())) for question, found in golds.items()}
        return {question: detail for question, detail in conflicts.items() if detail}

    def _notes(self, survivors: NDArray[np.uint32], names: dict[int, str]) -> dict[int, str]:
        """Survivor -> what its provenance says of the rows merged into it."""
        merged: dict[int, list[str]] = {}
        for row in np.flatnonzero(survivors != np.arange(len(survivors))).tolist():
            merged.setdefault(int(survivors[row]), []).append(names[row])
        return {
            row: "merged with it: "
            + ", ".join(told[:MOST_NAMED])
            + (f" and {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else "")
            for row, told in merged.items()
        }

    def _records(self, rows: NDArray[np.int64], columns: list[str]) -> Iterator[dict[str, Any]]:
        """The given columns of the given rows (ascending), with `row`; row groups without any of them are not read."""
        first = 0
        for file in self.files:
            with pq.ParquetFile(file) as parquet:
                for group in range(parquet.num_row_groups):
                    n = parquet.metadata.row_group(group).num_rows
                    wanted = rows[np.searchsorted(rows, first) : np.searchsorted(rows, first + n)]
                    if len(wanted):
                        table = parquet.read_row_group(group, columns=columns).take(wanted - first)
                        for row, record in zip(wanted.tolist(), table.to_pylist(), strict=True):
                            yield {"row": row, **record}
                    first += n


def _shared(keys: Keys) -> NDArray[np.int64]:
    """The rows whose key another row has too, ascending."""
    order = np.argsort(keys, kind="stable")
    same = np.zeros(len(keys) + 1, dtype=bool)
    same[1:-1] = keys[order][1:] == keys[order][:-1]
    return np.sort(order[same[:-1] | same[1:]])
