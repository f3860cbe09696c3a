"""The stage that makes up the set: every row gets its stratum and weight, and where there is a target the rows of the set are chosen."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from curation.core.decision import Decision, drop, keep
from curation.core.order import choice_key
from curation.core.parquet import write_text
from curation.core.rows import Rows
from curation.core.stage import DecideStage, Run
from curation.mixture import Mixture, Quota, quotas
from curation.mixture.behavior import behavior_of, rarest_first

TABLE = "mixture.json"
"""In the stage's folder: what was wanted, available and taken, by column and value."""
Cell = tuple[str, ...]


class MixtureStage(DecideStage):
    """Gives every row its stratum and weight, and chooses the rows of the set where there is a target.

    Within a cell the choice goes by a hash of the seed and the row's id: it does not depend on the order of rows, and a larger target
    takes the same rows and more. A row's weight is the wanted share of its cell over the share that was taken, times the weight of its
    source: who samples by weight gets the mixture that was asked for. Memory: 12 bytes a row.
    """

    kind: Literal["mixture"] = "mixture"
    options: Mixture = Mixture()
    seed: int = 0
    remedies: ClassVar[dict[str, str]] = {"not_selected": "{config}.mixture.target, caps and floors"}
    sets: ClassVar[tuple[str, ...]] = ("stratum", "weight")

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        rarity = rarest_first(rows) if "behavior" in self.options.columns else ()
        cells, cell_of, order = self._cells(rows, rarity)
        available = dict(zip(cells, np.bincount(cell_of, minlength=len(cells)).tolist(), strict=True))
        plan = quotas(available, self.options)
        weights, taken = _weights(plan), _taken(cell_of, order, [plan[cell].taken for cell in cells])
        write_text(run.folder / TABLE, json.dumps(_table(plan, self.options), indent=1))
        for record, number, is_taken in zip(self._records(rows, rarity), cell_of, taken, strict=True):
            cell = cells[number]
            if is_taken:
                yield keep(stratum=record["stratum"], weight=weights[cell] * record["weight"])
            else:
                where = ", ".join(f"{c} {value}" for c, value in zip(self.options.columns, cell, strict=True))
                yield drop("not_selected", f"mixture, {where}" if where else "mixture")

    def summary(self, run: Run) -> dict[str, Any]:
        return {"mixture": json.loads((run.folder / TABLE).read_text())}

    def _cells(self, rows: Rows, rarity: Sequence[str]) -> tuple[list[Cell], NDArray[np.int32], NDArray[np.uint64]]:
        """The cells, and of every row the number of its cell and its place in the order of choice."""
        numbers: dict[Cell, int] = {}
        cell_of, order = np.empty(len(rows), dtype=np.int32), np.empty(len(rows), dtype=np.uint64)
        for i, record in enumerate(self._records(rows, rarity)):
            cell = tuple(record[column] or "" for column in self.options.columns)
            cell_of[i] = numbers.setdefault(cell, len(numbers))
            order[i] = choice_key("mixture", self.seed, record["id"])
        return list(numbers), cell_of, order

    def _records(self, rows: Rows, rarity: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The columns that count, with the stratum decided, and the rarest behavior of those in `rarity`."""
        columns = {"behaviors" if name == "behavior" else name for name in self.options.columns}
        for record in rows.records(sorted({"id", "stratum", "difficulty", "weight", *columns})):
            if rarity:
                record["behavior"] = behavior_of(record["behaviors"], rarity)
            measured = record["difficulty"]
            pass_rate = measured["pass_rate"] if measured and measured["n_judged"] else None
            yield {**record, "stratum": self.options.strata.of(record["stratum"], pass_rate)}


def _taken(cell_of: NDArray[np.int32], order: NDArray[np.uint64], n_taken: list[int]) -> NDArray[np.bool_]:
    """Of every row whether it is among the first `n_taken` of its cell."""
    taken = np.zeros(len(cell_of), dtype=bool)
    for number, n in enumerate(n_taken):
        members = np.flatnonzero(cell_of == number)
        taken[members[np.argsort(order[members], kind="stable")][:n]] = True
    return taken


def _weights(plan: dict[Cell, Quota]) -> dict[Cell, float]:
    """Cell -> its wanted share over its taken share; 1 where nothing was taken or nothing is wanted."""
    wanted, taken = (sum(getattr(quota, name) for quota in plan.values()) for name in ("wanted", "taken"))
    return {
        cell: (quota.wanted / wanted) / (quota.taken / taken) if wanted and quota.taken else 1.0
        for cell, quota in plan.items()
    }


def _table(plan: dict[Cell, Quota], options: Mixture) -> dict[str, Any]:
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
