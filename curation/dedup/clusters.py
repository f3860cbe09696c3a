"""From signatures to clusters: rows with the same facts that meet in a band are compared word by word, and equivalent ones are joined.

    labels = find_clusters(sorted(folder.glob("*.parquet")), options)      # labels[i]: the first row of row i's cluster

Every key that a merge goes by holds the facts and the pictures, so no chain of near duplicates leads from one number, sign or picture
to another. Memory: some fifty bytes a row, two hundred where many share their facts and have pictures; the words are read from disk, two
questions at a time.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation.dedup.equivalent import are_equivalent
from curation.dedup.images import are_copies
from curation.dedup.minhash import jaccard, mix
from curation.dedup.options import Dedup
from curation.dedup.store import BytesStore
from curation.dedup.vocabulary import Vocabulary
from curation.images.similarity.hash import BAND_KEYS, N_BANDS

Labels = NDArray[np.uint32]
Keys = NDArray[np.uint64]
Equivalent = Callable[[int, int], bool]

NEIGHBOURS = 8
"""A row is compared with as many others of its bucket in each band; buckets of more are rare, and there are many bands."""
KEYS_AT_ONCE = 8
"""Keys of a row that are in memory together."""


def find_clusters(signatures: list[Path], options: Dedup) -> Labels:
    """Row -> smallest row number of its cluster, rows counted over all files in the order given. The question and the
    hashes of its pictures decide; `figures` parts those whose pictures differ in a detail."""
    facts = column(signatures, "facts")
    guard = _combined(facts, _images(signatures, facts, options))
    labels = groups(column(signatures, "exact"), guard)
    if options.near and len(labels):
        _join_near(signatures, "bands", labels, guard, (options.bands, 1), partial(_same_question, signatures, options))
    return labels


def _images(signatures: list[Path], facts: Keys, options: Dedup) -> Keys:
    """Row -> a key of its images, which copies share among the rows with the same facts."""
    pictures, n = column(signatures, "pictures"), column(signatures, "n_pictures")
    if not (options.near and options.pictures and n.any()):
        return pictures
    guard = _combined(facts, n)
    labels = groups(pictures, guard)
    _join_near(signatures, "picture_bands", labels, guard, (N_BANDS, BAND_KEYS), partial(_same_images, signatures))
    return labels.astype(np.uint64)


@contextmanager
def _same_question(signatures: list[Path], options: Dedup) -> Iterator[Equivalent]:
    with BytesStore(signatures, "words") as store:
        vocabulary = Vocabulary(store.chunks())

        def equivalent(a: int, b: int) -> bool:
            one, other = store.read(a), store.read(b)
            return jaccard(one, other, options.shingle) >= options.threshold and (
                are_equivalent(one.decode().split(" "), other.decode().split(" "), vocabulary.__contains__)
            )

        yield equivalent


@contextmanager
def _same_images(signatures: list[Path]) -> Iterator[Equivalent]:
    with BytesStore(signatures, "pictures") as store:
        yield lambda a, b: are_copies(store.read(a), store.read(b))


def find_copies(signatures: list[Path], options: Dedup, clusters: Labels) -> Labels:
    """For the cold-start set: row -> smallest row number with the same question and an equivalent trace: same numbers and signs in the same
    order, and words near enough to meet in a band."""
    guard = _combined(column(signatures, "trace_numbers"), clusters.astype(np.uint64))
    labels = groups(column(signatures, "trace_exact"), guard)
    if options.near and len(labels):
        _join_near(signatures, "trace_bands", labels, guard, (options.bands, 1), lambda: nullcontext(lambda a, b: True))
    return labels


def _join_near(
    signatures: list[Path],
    column: str,
    labels: Labels,
    guard: Keys,
    shape: tuple[int, int],
    comparison: Callable[[], AbstractContextManager[Equivalent]],
) -> None:
    """Join the clusters of `labels`, in place, whose first rows share their guard and a key of a band, and are equivalent.

    `shape` is a row's number of bands and of keys in each.
    """
    firsts = np.flatnonzero(labels == np.arange(len(labels), dtype=np.uint32))
    rows = firsts[rows_that_share(guard[firsts])]
    if not len(rows):
        return
    parents = np.arange(len(rows), dtype=np.int64)
    different = np.empty(0, dtype=np.int64)
    # Bands are read a few at a time, which bounds memory. A pair that was compared and is not equivalent is remembered, as near questions
    # meet in many bands; a joined pair needs no memory, it has one root.
    at_once = KEYS_AT_ONCE // shape[1]
    with comparison() as equivalent:
        for first in range(0, shape[0], at_once):
            bands = _bands(signatures, column, rows, shape, first, min(first + at_once, shape[0]))
            for band in bands.transpose(1, 0, 2):
                keys = _combined(guard[rows, None], band.astype(np.uint64))
                found = np.setdiff1d(_pairs(keys), different)
                different = np.union1d(different, _join(found, rows, parents, equivalent))
    labels[rows] = rows[[_root(parents, i) for i in range(len(rows))]]
    np.take(labels, labels.copy(), out=labels)


def _join(
    pairs: NDArray[np.int64], rows: NDArray[np.int64], parents: NDArray[np.int64], equivalent: Equivalent
) -> NDArray[np.int64]:
    """Join the pairs (`a << 32 | b`, places in `rows`) that are equivalent and not yet joined; returns those that are not equivalent."""
    different = np.zeros(len(pairs), dtype=bool)
    for place, pair in enumerate(map(int, pairs)):
        a, b = pair >> 32, pair & 0xFFFFFFFF
        one, other = _root(parents, a), _root(parents, b)
        if one == other:
            continue
        if equivalent(int(rows[a]), int(rows[b])):
            parents[max(one, other)] = min(one, other)
        else:
            different[place] = True
    return pairs[np.flatnonzero(different)]


def _root(parents: NDArray[np.int64], i: int) -> int:
    """The root of i in a union-find forest; halves the path on the way."""
    while (parent := int(parents[i])) != i:
        parents[i] = parents[parent]
        i = parent
    return i


def _pairs(keys: Keys) -> NDArray[np.int64]:
    """Places of rows that share one of their keys (rows, n), as `a << 32 | b` with a < b: each with its next neighbours in a bucket."""
    # Sorted, the rows of a bucket are neighbours. Each meets the next few alone: all pairs of a bucket would be quadratic in a common one.
    order = np.argsort(keys, axis=None, kind="stable")
    ordered, places = keys.ravel()[order], order // keys.shape[1]
    found = []
    for step in range(1, NEIGHBOURS + 1):
        at = np.flatnonzero(ordered[step:] == ordered[:-step])
        found.append(places[at] << 32 | places[at + step])
        if not len(at):
            break
    return np.unique(np.concatenate(found))


def rows_that_share(keys: NDArray[Any]) -> NDArray[np.int64]:
    """The rows whose key another row has too, ascending."""
    order = np.argsort(keys, kind="stable")
    same = np.zeros(len(keys) + 1, dtype=bool)
    same[1:-1] = keys[order][1:] == keys[order][:-1]
    return np.sort(order[same[:-1] | same[1:]])


def groups(keys: Keys, guard: Keys) -> Labels:
    """Row -> first row with the same key and guard."""
    order = np.lexsort((guard, keys))  # stable: of equals, the smallest row comes first
    new = np.ones(len(keys), dtype=bool)
    new[1:] = (keys[order][1:] != keys[order][:-1]) | (guard[order][1:] != guard[order][:-1])
    labels = np.empty(len(keys), dtype=np.uint32)
    labels[order] = np.repeat(order[new], np.diff(np.append(np.flatnonzero(new), len(keys))))
    return labels


def _combined(one: Keys, other: Keys) -> Keys:
    """One key of two."""
    return mix(mix(one) + other)


def column(signatures: list[Path], name: str) -> Keys:
    """A key of every row, over all files."""
    keys = np.empty(sum(pq.read_metadata(file).num_rows for file in signatures), dtype=np.uint64)
    for first, values in _batches(signatures, name):
        keys[first : first + len(values)] = values.to_numpy(zero_copy_only=False)
    return keys


def _bands(
    signatures: list[Path], column: str, rows: NDArray[np.int64], shape: tuple[int, int], first: int, last: int
) -> NDArray[np.uint32]:
    """Bands `first` to `last` of the given rows: (rows, last - first, keys of a band); `shape` is that of a row in the file."""
    bands = np.empty((len(rows), last - first, shape[1]), dtype=np.uint32)
    for start, values in _batches(signatures, column):
        lower, upper = np.searchsorted(rows, (start, start + len(values)))
        data = np.frombuffer(values.buffers()[1], dtype=np.uint32)[values.offset * shape[0] * shape[1] :]
        bands[lower:upper] = data.reshape(-1, *shape)[rows[lower:upper] - start, first:last]
    return bands


def _batches(signatures: list[Path], name: str) -> Iterator[tuple[int, "pq.Array"]]:
    """(number of its first row, values) of the batches of a column."""
    first = 0
    for file in signatures:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(batch_size=10_000, columns=[name]):
                yield first, batch.column(0)
                first += batch.num_rows
