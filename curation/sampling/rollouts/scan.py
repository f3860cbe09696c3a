"""All lines of a store, a row group in memory at a time, of those that were written twice the one that counts.

What is remembered of a line is nine bytes, whatever is appended and merged meanwhile.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.core.errors import SamplingError
from curation.sampling.rollouts.key_index import Keys, row_hashes
from curation.sampling.rollouts.layout import Layout
from curation.sampling.rollouts.segments import VanishedSegmentError, open_segment, visit

Report = Callable[[Path, SamplingError], None]


def scan(
    folder: Path, layout: Layout, columns: Sequence[str] | None = None, on_damaged: Report | None = None
) -> Iterator[pa.Table]:
    """The lines that are in the store when this begins, in `columns` or in all; `on_damaged` is called with a segment that cannot be read.

    Raises:
        SamplingError: a segment is damaged, and there is no `on_damaged`.
    """
    identity, whole = list(layout.identity), [*layout.identity, *layout.order]
    hashes = [row_hashes(lines) for lines in _groups(folder, layout, identity, on_damaged)]
    held, counts = np.unique(np.concatenate([np.empty(0, np.uint64), *hashes]), return_counts=True)
    del hashes
    losers = _losers(folder, layout, held[counts > 1], on_damaged)
    names = layout.schema.names if columns is None else list(columns)
    read = list(dict.fromkeys([*names, *(whole if len(losers) else identity)]))
    left = np.ones(len(held), bool)
    for lines in _groups(folder, layout, read, on_damaged):
        stays = ~np.isin(row_hashes(lines.select(whole)), losers) if len(losers) else np.ones(lines.num_rows, bool)
        rows = _first(row_hashes(lines.select(identity)), held, left, stays)
        yield (lines if len(rows) == lines.num_rows else lines.take(rows)).select(names)


def _first(keys: Keys, held: Keys, left: npt.NDArray[np.bool_], stays: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """The rows that `stay` and whose keys are `left` of those that are `held`, each once; after that they are left no more."""
    places = np.minimum(np.searchsorted(held, keys), max(len(held) - 1, 0))
    rows = np.flatnonzero(stays & (held[places] == keys) & left[places]) if len(held) else np.empty(0, np.int64)
    rows = rows[np.sort(np.unique(places[rows], return_index=True)[1])]
    left[places[rows]] = False
    return rows


def _losers(folder: Path, layout: Layout, shared: Keys, on_damaged: Report | None) -> Keys:
    """The hashes of the lines that do not count, among those whose identity has a hash that is `shared`."""
    if not len(shared):
        return shared
    names = [*layout.identity, *layout.order]
    parts = []
    for lines in _groups(folder, layout, names, on_damaged):
        parts.append(lines.filter(pa.array(np.isin(row_hashes(lines.select(layout.identity)), shared))))
    lines = pa.concat_tables(parts)
    return np.setdiff1d(row_hashes(lines), row_hashes(layout.unique(lines)))


def _groups(folder: Path, layout: Layout, names: Sequence[str], on_damaged: Report | None) -> Iterator[pa.Table]:
    def read(path: Path) -> Iterator[pa.Table]:
        try:
            with open_segment(path, layout.schema) as file:
                for group in range(file.num_row_groups):
                    yield file.read_row_group(group, columns=list(names), use_threads=False).select(names)
        except VanishedSegmentError:
            raise
        except SamplingError as error:
            if on_damaged is None:
                raise
            on_damaged(path, error)

    return visit(folder, read)
