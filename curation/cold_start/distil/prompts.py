"""Which rows are sampled, and which are merged because another row of their question is sampled or has its trace already."""

from typing import NamedTuple

import numpy as np

from curation.cold_start.distil.accept import CORRECT
from curation.cold_start.distil.options import Prompts
from curation.core.rows import Numbers, Rows

PASSES, SAMPLED, MERGED = range(3)


class Parts(NamedTuple):
    """An entry for every row: `PASSES` as it is, is `SAMPLED`, or is `MERGED`; the number of the row that it is merged into."""

    parts: Numbers
    survivors: Numbers

    @property
    def sampled(self) -> Numbers:
        """The numbers of the rows that are sampled."""
        return np.flatnonzero(self.parts == SAMPLED)


def part(rows: Rows, prompts: Prompts, merge: bool) -> Parts:
    """What becomes of every row. Without `merge`, every row is sampled that wants a trace. Memory: 30 bytes a row."""
    wants, has_correct = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    clusters = np.arange(len(rows))
    for i, record in enumerate(rows.records(["completion", "verified", "cluster"])):
        is_empty = not (record["completion"] or "").strip()
        has_correct[i] = not is_empty and record["verified"] in CORRECT
        redone = record["verified"] == "wrong" or (prompts == "all" and has_correct[i])
        wants[i] = is_empty or (prompts != "without_trace" and redone)
        # Rows of other stages' numbering have none of ours: a cluster that is not known is one of its own.
        clusters[i] = -1 - i if record["cluster"] is None else record["cluster"]
    parts, survivors = np.where(wants, SAMPLED, PASSES), np.arange(len(rows))
    if merge:
        first = _first_of_cluster(clusters, wants)
        with_trace = _first_of_cluster(clusters, has_correct & ~wants)
        elsewhere = np.where(with_trace >= 0, with_trace, first)
        survivors = np.where(wants & ~has_correct, elsewhere, survivors)
        other = wants & (survivors != np.arange(len(rows)))
        parts = np.where(other, MERGED, parts)
        parts = np.where(wants & has_correct & (first != np.arange(len(rows))), PASSES, parts)
    return Parts(parts, survivors)


def _first_of_cluster(clusters: Numbers, among: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Numbers:
    """Of every row the number of the first of its cluster that is `among` those; -1 where none is."""
    numbers, which = np.unique(clusters, return_inverse=True)
    first = np.full(len(numbers), len(clusters))
    np.minimum.at(first, which[among], np.flatnonzero(among))
    return np.where(first < len(clusters), first, -1)[which]
