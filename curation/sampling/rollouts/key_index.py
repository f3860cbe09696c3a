"""Which row groups hold a key: sorted numpy arrays instead of a dictionary, twelve bytes an entry."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Keys = npt.NDArray[np.uint64]
Locations = npt.NDArray[np.uint32]
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


class KeyIndex:
    """Hashed key -> locations. Runs of entries are merged when the last is no longer much smaller than the one before,
    as in a log-structured merge tree, so that there are about log2(entries) of them and adding stays cheap.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Keys, Locations]] = []

    def add(self, keys: Keys, locations: Locations | int) -> None:
        """Note that `locations`, one or one for each, hold `keys`."""
        located = np.broadcast_to(np.asarray(locations, np.uint32), keys.shape)
        order = np.argsort(keys, kind="stable")
        run = keys[order], located[order]
        while self._runs and len(self._runs[-1][0]) < 2 * len(run[0]):
            run = _merged(self._runs.pop(), run)
        self._runs.append(run)

    def find(self, keys: Keys) -> list[int]:
        """The locations of any of `keys`, in their order."""
        found: set[int] = set()
        for held, locations in self._runs:
            starts, ends = np.searchsorted(held, keys, "left"), np.searchsorted(held, keys, "right")
            for start, end in zip(starts[starts < ends], ends[starts < ends], strict=True):
                found.update(locations[start:end].tolist())
        return sorted(found)

    def remove(self, first: Iterable[int], length: int) -> None:
        """Forget the locations of the ranges that begin at the multiples `first` of `length` and are so long."""
        gone = np.fromiter(first, np.uint32) // length
        kept = [(~np.isin(locations // length, gone), keys, locations) for keys, locations in self._runs]
        self._runs = [(keys[stays], locations[stays]) for stays, keys, locations in kept if stays.any()]


def row_hashes(table: pa.Table) -> Keys:
    """64 bits for every line of a table, within this process: of different lines the same bits are possible, and rare."""
    hashes = np.zeros(table.num_rows, np.uint64)
    for column in table.columns:
        encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
        values = np.fromiter(map(hash, encoded.dictionary.to_pylist()), np.int64).view(np.uint64)
        hashes = (hashes ^ values[encoded.indices.to_numpy()]) * _FACTOR
        hashes ^= hashes >> _SHIFT
    return hashes


def _merged(one: tuple[Keys, Locations], other: tuple[Keys, Locations]) -> tuple[Keys, Locations]:
    keys, locations = np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]])
    order = np.argsort(keys, kind="stable")  # of two sorted runs: linear
    return keys[order], locations[order]
