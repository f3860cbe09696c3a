"""Make ids unique, in a few bytes a row."""

from array import array
from hashlib import blake2b

_SLOTS = 1 << 12
_FULLEST = 0.6


class UniqueIds:
    """Gives each id once: `17` stays, a second `17` becomes `17#2`, then `17#3`.

    Memory: 14 to 27 bytes an id, for its 64-bit hash in an open-addressed table. Two ids of one hash (chance 3e-8 in a million)
    would cost the second one a number, no more.

    >>> unique = UniqueIds()
    >>> [unique(name) for name in ("a", "b", "a", "a")]
    ['a', 'b', 'a#2', 'a#3']
    """

    def __init__(self) -> None:
        self._table, self._used = array("Q", bytes(8 * _SLOTS)), 0

    def __call__(self, name: str) -> str:
        if self._add(name):
            return name
        seen, free = 1, 2  # doubling, then halving: a thousand rows of one id take ten probes each
        while self._has(f"{name}#{free}"):
            seen, free = free, free * 2
        while free - seen > 1:
            middle = (seen + free) // 2
            seen, free = (middle, free) if self._has(f"{name}#{middle}") else (seen, middle)
        self._add(f"{name}#{free}")
        return f"{name}#{free}"

    def _has(self, name: str) -> bool:
        return self._table[self._slot(_hash(name))] != 0

    def _add(self, name: str) -> bool:
        """Whether the name is new; from now on it is not."""
        key = _hash(name)
        slot = self._slot(key)
        if self._table[slot]:
            return False
        self._table[slot] = key
        self._used += 1
        if self._used > _FULLEST * len(self._table):
            before, self._table = self._table, array("Q", bytes(16 * len(self._table)))
            for key in filter(None, before):
                self._table[self._slot(key)] = key
        return True

    def _slot(self, key: int) -> int:
        """The place of the key, or the free one where it belongs."""
        table, mask = self._table, len(self._table) - 1
        slot = key & mask
        while table[slot] not in (0, key):
            slot = (slot + 1) & mask
        return slot


def _hash(name: str) -> int:
    """A hash that is never 0, which marks a free place."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little") or 1
