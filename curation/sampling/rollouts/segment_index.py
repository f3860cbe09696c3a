"""Which segments a folder has and where its keys are in them, kept up with what writers add and merge.

Memory: twelve bytes for every key of every row group, never a line.
"""

from pathlib import Path

import numpy as np

from curation.sampling.rollouts.key_index import KeyIndex, Keys, row_hashes
from curation.sampling.rollouts.layout import Layout
from curation.sampling.rollouts.segments import (
    MAX_GROUPS,
    Contents,
    contents_of,
    open_segment,
    visit,
)

_FEW_GONE = 64


class SegmentIndex:
    """The segments of `folder`, as they were at the last `refresh`. `replaced`: files whose lines are in another as well."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.folder, self.layout = folder, layout
        self.segments: dict[Path, Contents] = {}
        self.replaced: set[Path] = set()
        self._keys = KeyIndex()
        self._slots: dict[Path, int] = {}
        self._paths: list[Path | None] = []
        self._free: list[int] = []
        self._gone: list[int] = []

    def refresh(self) -> None:
        """Take in what has changed in the folder: a listing, and the keys of what is new.

        Raises:
            SamplingError: a segment is damaged, or of another version.
        """
        listed = set(visit(self.folder, self._look_at))
        self.replaced &= listed
        for path in self.segments.keys() - (listed - self.replaced):
            self._remove(path)

    def find(self, keys: Keys) -> list[tuple[Path, int]]:
        """The row groups that hold one of the keys (see `row_hashes`), and perhaps others."""
        found = (divmod(location, MAX_GROUPS) for location in self._keys.find(keys))
        return [(path, group) for slot, group in found if (path := self._paths[slot]) is not None]

    def _look_at(self, path: Path) -> list[Path]:
        if path not in self.segments and path not in self.replaced:
            self._add(path)
        return [path]

    def _add(self, path: Path) -> None:
        with open_segment(path, self.layout.schema) as file:
            contents = contents_of(file)
            groups = [
                np.unique(row_hashes(file.read_row_group(group, columns=list(self.layout.key), use_threads=False)))
                for group in range(file.num_row_groups)
            ]
        slot = self._free.pop() if self._free else len(self._paths)
        self._paths[slot:] = [path, *self._paths[slot + 1 :]]
        numbers = np.arange(len(groups), dtype=np.uint32) + np.uint32(slot * MAX_GROUPS)
        if groups:
            self._keys.add(np.concatenate(groups), np.repeat(numbers, [len(keys) for keys in groups]))
        self._slots[path], self.segments[path] = slot, contents
        self.replaced |= {self.folder / name for name in contents.replaces}

    def _remove(self, path: Path) -> None:
        """Forget a segment; its entries go when there are as many of such as of others."""
        del self.segments[path]
        slot = self._slots.pop(path)
        self._paths[slot] = None
        self._gone.append(slot)
        if len(self._gone) > max(_FEW_GONE, len(self.segments)):
            self._keys.remove((slot * MAX_GROUPS for slot in self._gone), MAX_GROUPS)
            self._free, self._gone = self._free + self._gone, []
