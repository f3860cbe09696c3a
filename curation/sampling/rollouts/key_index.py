"""Which row groups hold a key: sorted numpy arrays instead of a dictionary, twelve bytes an entry."""

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Locations = npt.NDArray[np.uint32]


class KeyIndex:
    """Hashed key -> locations. Runs of entries are merged when the last is no longer much smaller than the one before,
    as in a log-structured merge tree, so that there are about log2(entries) of them and adding stays cheap.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Keys, Locations]] = []

    def add(self, keys: Keys, location: int) -> None:
        """Note that `location` holds `keys`; an entry that is there already does no harm."""
        keys, locations = np.sort(keys), np.full(len(keys), location, np.uint32)
        while self._runs and len(self._runs[-1][0]) < 2 * len(keys):
            before = self._runs.pop()
            keys, locations = np.concatenate([before[0], keys]), np.concatenate([before[1], locations])
            order = np.lexsort((locations, keys))
            keys, locations = keys[order], locations[order]
            new = np.append(True, (keys[1:] != keys[:-1]) | (locations[1:] != locations[:-1]))
            keys, locations = keys[new], locations[new]
        self._runs.append((keys, locations))

    def find(self, keys: Keys) -> list[int]:
        """The locations of any of `keys`, in their order."""
        found: set[int] = set()
        for held, locations in self._runs:
            starts, ends = np.searchsorted(held, keys, "left"), np.searchsorted(held, keys, "right")
            for start, end in zip(starts[starts < ends], ends[starts < ends], strict=True):
                found.update(locations[start:end].tolist())
        return sorted(found)
