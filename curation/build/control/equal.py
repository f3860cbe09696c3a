"""The stage that draws a control down to the size of the set."""

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from curation.core.decision import KEEP, Decision, drop, keep
from curation.core.rows import Rows
from curation.core.stage import DecideStage, Run
from curation.release.shards import split_of


class EqualSize(DecideStage):
    """Keeps as many rows of every split as the set has, all where there are fewer, drawn by a hash of the seed and the row's source.

    Copies that were not merged have one id. The second gets `ID.2` and so on: a set's ids are unique, and the split goes by what is before
    the point. Memory: 9 bytes a row, and the ids of the kept rows.
    """

    kind: Literal["equal_size"] = "equal_size"
    sizes: dict[str, int] | None = None
    """Split -> its rows in the set; null keeps all rows."""
    splits: dict[str, float]
    seed: int
    sets: ClassVar[tuple[str, ...]] = ("id",)

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        kept = np.ones(len(rows), bool) if self.sizes is None else self._drawn(rows, self.sizes)
        seen = Counter[str]()
        for is_kept, record in zip(kept, rows.records(["id"]), strict=True):
            if not is_kept:
                yield drop("not_drawn")
                continue
            seen[record["id"]] += 1
            nth = seen[record["id"]]
            yield KEEP if nth == 1 else keep("a copy of another row", id=f"{record['id']}.{nth}")

    def _drawn(self, rows: Rows, sizes: dict[str, int]) -> NDArray[np.bool_]:
        """Of every row whether it is among the first of its split."""
        names = sorted(sizes)
        split, order = np.empty(len(rows), np.int8), np.empty(len(rows), np.uint64)
        for i, record in enumerate(rows.records(["id", "source", "source_id"])):
            of = split_of(record["id"], self.seed, self.splits)
            split[i] = names.index(of) if of in sizes else -1
            name = f"control:{self.seed}:{record['source']}/{record['source_id']}"
            order[i] = int.from_bytes(blake2b(name.encode(), digest_size=8).digest())
        drawn = np.zeros(len(rows), bool)
        for number, name in enumerate(names):
            members = np.flatnonzero(split == number)
            drawn[members[np.argsort(order[members], kind="stable")][: sizes[name]]] = True
        return drawn
