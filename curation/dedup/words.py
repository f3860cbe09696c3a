"""The words of signed rows, on disk: one row's at a time, since a search may have millions of rows and compares a few; and how often
each word is used."""

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation.dedup.minhash import word_hashes
from curation.dedup.signature import words_file

KNOWN_FROM = 5
"""Uses in the corpus from which a word is no slip of the pen."""
_SLOTS = 1 << 22
_CHUNK = 1 << 18


class WordStore:
    """`read(row)` gives the words of a row, rows counted over all signature files in the order given. Memory: 12 bytes a row."""

    def __init__(self, signatures: list[Path]) -> None:
        self._signatures = signatures

    def __enter__(self) -> "WordStore":
        tables = [pq.read_table(file, columns=["start", "length"]) for file in self._signatures]
        self._starts = np.concatenate([table["start"].to_numpy() for table in tables])
        self._lengths = np.concatenate([table["length"].to_numpy() for table in tables])
        self._first_rows = np.cumsum([0, *(table.num_rows for table in tables)])
        self._files: list[BinaryIO] = [open(words_file(file), "rb") for file in self._signatures]  # noqa: SIM115 - closed in __exit__
        return self

    def read(self, row: int) -> bytes:
        file = self._files[int(np.searchsorted(self._first_rows, row, side="right")) - 1]
        file.seek(int(self._starts[row]))
        return file.read(int(self._lengths[row]))

    def is_known(self, word: str) -> bool:
        """Whether the corpus uses the word at least `KNOWN_FROM` times."""
        return bool(self._uses[_slots(word.encode())[0]] >= KNOWN_FROM)

    @cached_property
    def _uses(self) -> NDArray[np.uint32]:
        """Uses of the words of all rows, by hash; 16 MB. Two words of one slot count together, which only makes a word known."""
        uses = np.zeros(_SLOTS, dtype=np.uint32)
        for file in self._files:
            file.seek(0)
            rest = b""
            while chunk := file.read(_CHUNK):
                whole, _, rest = (rest + chunk).rpartition(b" ")
                np.add.at(uses, _slots(whole), 1)
        return uses

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()


def _slots(words: bytes) -> NDArray[np.uint64]:
    return word_hashes(words) & np.uint64(_SLOTS - 1)
