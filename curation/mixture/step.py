"""The mixture: a one-task decision over all rows that are left."""

import json
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from numpy.typing import NDArray

from curation.core.parquet import read_records, write_records, write_text
from curation.core.progress import TaskProgress
from curation.core.schema import DECISION
from curation.mixture import Mixture, Quota, quotas

TABLE = "mixture.json"
"""In the stage's folder: what was wanted, available and taken, by column and value."""


class DecideMixture(PipelineStep):  # type: ignore[misc]
    """Gives every row its stratum and weight, and chooses the rows of the set where there is a target.

    Within a cell the choice goes by a hash of the seed and the row's id: it does not depend on the order of rows, and a larger target
    takes the same rows and more. A row's weight is the wanted share of its cell over the share that was taken, times the weight of its
    source: who samples by weight gets the mixture that was asked for. Memory: 12 bytes a row.
    """

    type, name = "decision", "mixture"

    def __init__(self, files: list[Path], folder: Path, options: Mixture, seed: int) -> None:
        super().__init__()
        self.files, self.folder, self.options, self.seed = files, folder, options, seed

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        progress = TaskProgress(self.folder.parent / "progress", rank)
        cells, cell_of, order = self._cells()
        plan = quotas(dict(zip(cells, np.bincount(cell_of, minlength=len(cells)).tolist(), strict=True)), self.options)
        weights = _weights(plan)
        taken = np.zeros(len(cell_of), dtype=bool)
        for number, cell in enumerate(cells):
            members = np.flatnonzero(cell_of == number)
            taken[members[np.argsort(order[members], kind="stable")][: plan[cell].taken]] = True
        row = 0
        for file in self.files:
            n_rows = pq.read_metadata(file).num_rows
            named = [cells[number] for number in cell_of[row : row + n_rows]]
            lines = zip(self._records(file), named, taken[row : row + n_rows], strict=True)
            write_records(
                self.folder / file.name, DECISION, (self._line(r, c, t, weights[c] * r["weight"]) for r, c, t in lines)
            )
            row += n_rows
            progress.advance(n_rows)
        write_text(self.folder.parent / TABLE, json.dumps(_table(plan, self.options), indent=1))
        progress.tell()
        yield from ()

    def _cells(self) -> tuple[list[tuple[str, ...]], NDArray[np.int32], NDArray[np.uint64]]:
        """The cells, and of every row the number of its cell and its place in the order of choice."""
        numbers: dict[tuple[str, ...], int] = {}
        total = sum(pq.read_metadata(file).num_rows for file in self.files)
        cell_of, order = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.uint64)
        for i, record in enumerate(r for file in self.files for r in self._records(file)):
            cell = tuple(record[column] for column in self.options.columns)
            cell_of[i] = numbers.setdefault(cell, len(numbers))
            digest = blake2b(f"mixture:{self.seed}:{record['id']}".encode(), digest_size=8).digest()
            order[i] = int.from_bytes(digest)
        return list(numbers), cell_of, order

    def _records(self, file: Path) -> Iterator[dict[str, Any]]:
        """The columns that count, with the stratum settled."""
        columns = sorted({"id", "stratum", "difficulty", "weight", *self.options.columns})
        for record in read_records(file, columns, batch_rows=10_000):
            measured = record["difficulty"]
            pass_rate = measured["pass_rate"] if measured and measured["n_judged"] else None
            yield {**record, "stratum": self.options.strata.of(record["stratum"], pass_rate)}

    def _line(self, record: dict[str, Any], cell: tuple[str, ...], taken: bool, weight: float) -> dict[str, Any]:
        if taken:
            return {"action": "keep", "reason": "", "detail": "", "stratum": record["stratum"], "weight": weight}
        detail = ", ".join(f"{column} {value}" for column, value in zip(self.options.columns, cell, strict=True))
        return {"action": "dropped", "reason": "not_selected", "detail": f"mixture, {detail}" if detail else "mixture"}


def _weights(plan: dict[tuple[str, ...], Quota]) -> dict[tuple[str, ...], float]:
    """Cell -> its wanted share over its taken share; 1 where nothing was taken or nothing is wanted."""
    wanted, taken = (sum(getattr(quota, name) for quota in plan.values()) for name in ("wanted", "taken"))
    return {
        cell: (quota.wanted / wanted) / (quota.taken / taken) if wanted and quota.taken else 1.0
        for cell, quota in plan.items()
    }


def _table(plan: dict[tuple[str, ...], Quota], options: Mixture) -> dict[str, Any]:
    """Column -> value -> wanted, available and taken rows; `rows` is the sum."""
    table: dict[str, dict[str, Counter[str]]] = {column: {} for column in options.columns}
    total = Counter[str]()
    for cell, quota in plan.items():
        counts = Counter(quota._asdict())
        total.update(counts)
        for column, value in zip(options.columns, cell, strict=True):
            table[column].setdefault(value, Counter()).update(counts)
    return {
        "rows": _counts(total),
        **{column: {value: _counts(values[value]) for value in sorted(values)} for column, values in table.items()},
    }


def _counts(counts: Counter[str]) -> dict[str, int]:
    return {name: round(counts[name]) for name in Quota._fields}
