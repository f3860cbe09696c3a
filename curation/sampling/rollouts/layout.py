"""What the lines of a store are: their columns, what they are found by, and which of two lines that say the same thing counts."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Layout:
    """A table's `schema`. `key`: the columns by which lines are found; `identity`: those that only one line may share.

    Writers that do not know of each other can both write a line of one identity. The first in the `order` of these columns, by value,
    counts: which that is depends on the lines alone, not on who wrote them, when, or into which file.
    """

    schema: pa.Schema
    key: tuple[str, ...]
    identity: tuple[str, ...]
    order: tuple[str, ...]

    def unique(self, table: pa.Table) -> pa.Table:
        """The lines that count, as they are ordered in the table, which may lack columns that are in no `identity`."""
        order = [name for name in self.order if name in table.column_names]
        rows = table.select([*self.identity, *order]).append_column("row", pa.array(np.arange(table.num_rows)))
        ranked = rows.sort_by([(name, "ascending") for name in order]) if order else rows
        first = ranked.group_by(list(self.identity), use_threads=False).aggregate([("row", "first")])["row_first"]
        return table if len(first) == table.num_rows else table.take(np.sort(first.to_numpy()))
