"""The stage that bounds the share of traces that nothing could judge."""

import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from curation.core.decision import KEEP, Decision, drop
from curation.core.order import choice_key
from curation.core.rows import Rows
from curation.core.stage import DecideStage, Run

UNJUDGED = ("cannot_judge", "no_gold")


class CapUnjudged(DecideStage):
    """Keeps so many traces with the verdict `cannot_judge` or `no_gold` that they are at most a share of what is left.

    The choice goes by a hash of the seed and the row's id: it does not depend on the order of rows, and a larger share keeps the same rows
    and more. Memory: 9 bytes a row.
    """

    kind: Literal["cap_unjudged"] = "cap_unjudged"
    share: float
    seed: int = 0
    remedies: ClassVar[dict[str, str]] = {"unjudged_over_cap": "cold_start.verify.max_unjudged"}

    def decide(self, rows: Rows, run: Run) -> Iterator[Decision]:
        unjudged, order = self._read(rows)
        n_judged = int(len(rows) - unjudged.sum())
        kept = np.ones(len(rows), dtype=bool)
        members = np.flatnonzero(unjudged)
        n_kept = min(most_unjudged(n_judged, self.share), len(members))
        kept[members[np.argsort(order[members], kind="stable")][n_kept:]] = False
        for is_kept in kept:
            yield KEEP if is_kept else drop("unjudged_over_cap", f"{len(members):,} beside {n_judged:,} judged traces")

    def _read(self, rows: Rows) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
        """Of every row whether nothing judged it, and its place in the order of choice."""
        unjudged, order = np.zeros(len(rows), dtype=bool), np.empty(len(rows), dtype=np.uint64)
        for i, record in enumerate(rows.records(["id", "verified"])):
            unjudged[i] = record["verified"] in UNJUDGED
            order[i] = choice_key("cap_unjudged", self.seed, record["id"])
        return unjudged, order


def most_unjudged(n_judged: int, share: float) -> int:
    """Most rows that may be unjudged beside `n_judged`: u <= share * (u + n_judged).

    >>> most_unjudged(90, 0.1), most_unjudged(7, 0.3), most_unjudged(5, 0)
    (10, 3, 0)
    """
    exact = Fraction(str(share))
    return sys.maxsize if exact == 1 else int(n_judged * exact / (1 - exact))
