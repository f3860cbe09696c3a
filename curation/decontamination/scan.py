"""The scan: per row, in parallel, which items of the evaluation sets it might be, and how common their 3-grams are.

It decides nothing: how much a 3-gram proves depends on the whole corpus. What it leaves is small: candidates are rare, and counts are of
the evaluation sets' keys alone.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.parquet import write_records
from curation.core.row import from_document
from curation.decontamination.benchmarks import Ints, Keyring, load_images
from curation.decontamination.grams import gram_keys, template_key, whole_key
from curation.decontamination.text import question_words
from curation.decontamination.weigh import weights
from curation.images import ImageError
from curation.images.similarity import ImageIndex

BATCH_ROWS = 64
MIN_CONTAINMENT = 0.3
"""Of the weight of an item's grams: well below what makes a match, as the corpus may yet weigh them otherwise."""
MAX_ITEMS = 16
"""Candidates of one row, the likeliest first."""
MAX_POSTINGS = 200
"""A gram in more items than this finds no candidates."""

_IMAGE_MATCH = pa.struct(
    [("item", pa.int32()), ("numbers", pa.list_(pa.int32())), ("kind", pa.string()), ("score", pa.float64())]
)
CANDIDATES = pa.schema(
    [("row", pa.int32()), ("visual", pa.bool_()), ("items", pa.list_(pa.int32())), ("pictures", pa.list_(_IMAGE_MATCH))]
)
"""`pictures` are matches already, `numbers` says which of the row's images is which of the item's; `items` are yet to be compared."""
COUNTS = pa.schema([("key", pa.int32()), ("rows", pa.int32())])


SCAN = "scan"
"""In the folder of the stage that scans."""


class ScanContamination(PipelineStep):  # type: ignore[misc]
    """Passes the rows on; leaves `RANK-candidates.parquet` and `RANK-counts.parquet` in `folder`.

    `row` is the number of the row among those the task passed on, and of the row in the file that the stage writes.
    """

    type, name = "scan", "contamination"

    def __init__(self, index: Path, folder: Path) -> None:
        super().__init__()
        self.index, self.folder = index, folder

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        finder, index = Finder(Keyring.load(self.index / "keys.npz")), load_images(self.index)
        found: list[dict[str, Any]] = []
        documents, n = iter(data), 0
        while batch := list(islice(documents, BATCH_ROWS)):
            rows = [from_document(document) for document in batch]
            items = dict(finder.candidates([row.question for row in rows]))
            for i, row in enumerate(rows):
                images = search(index, row.images)
                if i in items or images:
                    line = {"row": n + i, "visual": bool(row.images), "items": items.get(i, []), "pictures": images}
                    found.append(line)
            n += len(batch)
            yield from batch
        counts = finder.counts
        seen = np.flatnonzero(counts)
        lines = ({"key": int(key), "rows": int(counts[key])} for key in seen)
        write_records(self.folder / f"{rank:05d}-counts.parquet", COUNTS, lines)
        write_records(self.folder / f"{rank:05d}-candidates.parquet", CANDIDATES, found)


class Finder:
    """Finds candidates batch by batch, and counts in how many rows each key occurs."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self.counts = np.zeros(len(keyring.keys), np.int64)
        self.weights = weights(keyring.item_counts, keyring.n_items)
        self.weights[keyring.item_counts > MAX_POSTINGS] = 0
        item_of_gram = np.repeat(np.arange(keyring.n_items), np.diff(keyring.gram_starts))
        self.totals = np.bincount(item_of_gram, self.weights[keyring.grams], keyring.n_items)
        self.is_text = np.zeros(len(keyring.keys), bool)
        for numbers in (keyring.whole, keyring.template):
            self.is_text[numbers[numbers >= 0]] = True

    def candidates(self, texts: list[str]) -> list[tuple[int, list[int]]]:
        """(number of the text, its likeliest items) for those that have any."""
        words = [question_words(text) for text in texts]
        grams, owner = gram_keys(words)
        n = np.arange(len(words))
        others = np.array([[whole_key(w), template_key(w)] for w in words], np.uint64).T.ravel()
        numbers = self.keyring.find(np.concatenate([grams, others]))
        rows = np.concatenate([owner, n, n])
        rows, numbers = rows[numbers >= 0], numbers[numbers >= 0]
        np.add.at(self.counts, numbers, 1)
        useful = (self.weights[numbers] > 0) | self.is_text[numbers]
        return self._likeliest(rows[useful], numbers[useful])

    def _likeliest(self, rows: Ints, numbers: Ints) -> list[tuple[int, list[int]]]:
        """The candidates of each row for its keys, by the share of an item's weight that they make up."""
        keyring = self.keyring
        # `offsets` counts 0, 1, 2 ... anew for every key, and so spells out its list of items. A (row, item) pair is one integer, so
        # that `unique` and `bincount` sum the weights of all pairs at once; a whole text or template in common counts as a share of 1.
        lengths = np.minimum(keyring.item_counts[numbers], MAX_POSTINGS)
        offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        items = keyring.items_at[np.repeat(keyring.starts[numbers], lengths) + offsets]
        pair, inverse = np.unique(np.repeat(rows, lengths) * keyring.n_items + items, return_inverse=True)
        shares = np.bincount(
            inverse, np.repeat(np.where(self.is_text[numbers], 0.0, self.weights[numbers]), lengths), len(pair)
        )
        pair_rows, pair_items = np.divmod(pair, max(keyring.n_items, 1))
        shares = shares / np.maximum(self.totals[pair_items], 1e-9)
        shares += np.bincount(inverse, np.repeat(self.is_text[numbers], lengths), len(pair))
        likely = shares >= MIN_CONTAINMENT
        pair_rows, pair_items, shares = pair_rows[likely], pair_items[likely], shares[likely]
        order = np.lexsort((pair_items, -shares, pair_rows))
        return _grouped(pair_rows[order], pair_items[order])


def search(index: ImageIndex, images: tuple[bytes, ...]) -> list[dict[str, Any]]:
    """The matches of a row's images among the evaluation sets'. One that cannot be decoded has none; `normalise_images` drops its row."""
    matches = []
    for number, data in enumerate(images if len(index) else ()):
        with suppress(ImageError):
            for match in index.search(data):
                item, of_item = match.key.split("/")
                numbers = [number, int(of_item)]
                matches.append({"item": int(item), "numbers": numbers, "kind": match.kind, "score": match.score})
    return matches


def _grouped(rows: Ints, items: Ints) -> list[tuple[int, list[int]]]:
    """Sorted pairs by row, at most `MAX_ITEMS` of each."""
    found, starts = np.unique(rows, return_index=True)
    ends = np.append(starts, len(rows))[1:]
    return [(int(r), items[s : min(s + MAX_ITEMS, e)].tolist()) for r, s, e in zip(found, starts, ends, strict=True)]
