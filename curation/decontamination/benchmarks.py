"""The evaluation sets as an index: which item holds which key. Built once in a build, loaded by every task of the scan.

    FOLDER/items.parquet     one line an item: benchmark, item, text, pictures
    FOLDER/keys.npz          the keys, sorted, and both directions between keys and items
    FOLDER/pictures.pickle   the index of the images; their keys are ITEM/NUMBER
    FOLDER/benchmarks.json   benchmark -> {rows, unreadable: {reason: n}}

Memory: about 30 bytes for every 3-gram of the evaluation sets; 100,000 items of 60 words take 200 MB.
"""

import json
import pickle
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.parquet import AtomicParquetWriter, read_records, whole_file, write_text
from curation.core.stage import Run, Stage
from curation.decontamination.grams import Keys, gram_keys, template_key, whole_key
from curation.decontamination.options import Decontaminate
from curation.decontamination.text import question_words
from curation.images import ImageError
from curation.images.similarity import ImageIndex
from curation.sources.base import BadRow

ITEMS = pa.schema(
    [("benchmark", pa.string()), ("item", pa.string()), ("text", pa.string()), ("pictures", pa.list_(pa.binary()))]
)
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Keyring:
    """`items_at[starts[k]:starts[k+1]]` are the items with key k, `grams[gram_starts[i]:gram_starts[i+1]]` the 3-gram keys of item i."""

    keys: Keys
    starts: Ints
    items_at: Ints
    gram_starts: Ints
    grams: Ints
    whole: Ints
    """Item -> number of its whole-text key, -1 for none."""
    template: Ints

    @property
    def n_items(self) -> int:
        return len(self.whole)

    @property
    def item_counts(self) -> Ints:
        """Key -> number of items that have it."""
        return np.diff(self.starts)

    def find(self, keys: Keys) -> Ints:
        """The number of each key, -1 for one that no item has."""
        if not len(self.keys):
            return np.full(len(keys), -1)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, at, -1)

    def grams_of(self, item: int) -> Ints:
        return self.grams[self.gram_starts[item] : self.gram_starts[item + 1]]

    def save(self, path: Path) -> None:
        with whole_file(path) as file:
            np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        with np.load(path) as arrays:
            return cls(**{field.name: arrays[field.name] for field in fields(cls)})


def make_keyring(texts: Iterable[str]) -> Keyring:
    """The keyring of the items' texts, in their order."""
    words = [question_words(text) for text in texts]
    grams, owner = gram_keys(words)
    wholes = np.array([whole_key(w) for w in words], np.uint64)
    templates = np.array([template_key(w) for w in words], np.uint64)
    n = np.arange(len(words))
    pairs_key = np.concatenate([grams, wholes[wholes > 0], templates[templates > 0]])
    pairs_item = np.concatenate([owner, n[wholes > 0], n[templates > 0]])
    # Sorted by key, the pairs are the lists of items of all keys, one after the other: `keys` and `first` say where each list begins.
    order = np.lexsort((pairs_item, pairs_key))
    keys, first = np.unique(pairs_key[order], return_index=True)
    numbers = np.searchsorted(keys, grams)
    return Keyring(
        keys=keys,
        starts=np.append(first, len(order)),
        items_at=pairs_item[order],
        gram_starts=np.searchsorted(owner, np.arange(len(words) + 1)),
        grams=numbers,
        whole=np.where(wholes > 0, np.searchsorted(keys, wholes), -1),
        template=np.where(templates > 0, np.searchsorted(keys, templates), -1),
    )


INDEX = "index"
"""In the stage's folder."""


class IndexBenchmarks(Stage):
    """Reads the evaluation sets into an index."""

    kind: Literal["benchmarks"] = "benchmarks"
    options: Decontaminate
    seed: int = 0

    def digests(self) -> dict[str, dict[str, str]]:
        return {f"benchmark {benchmark.name}": benchmark.inputs() for benchmark in self.options.benchmarks}

    def steps(self, run: Run) -> list[PipelineStep]:
        return [ReadBenchmarks(self.options, self.seed, run.folder / INDEX)]


class ReadBenchmarks(PipelineStep):  # type: ignore[misc]
    """One task: reads every benchmark and leaves the index in `folder`."""

    type, name = "reader", "benchmarks"

    def __init__(self, options: Decontaminate, seed: int, folder: Path) -> None:
        super().__init__()
        self.options, self.seed, self.folder = options, seed, folder

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        texts, images = list[str](), ImageIndex()
        counts: dict[str, dict[str, Any]] = {}
        with AtomicParquetWriter(self.folder / "items.parquet", ITEMS) as writer:
            for benchmark in self.options.benchmarks:
                unreadable, rows = Counter[str](), 0
                for row in benchmark.read(self.seed):
                    rows += 1
                    if isinstance(row, BadRow):
                        unreadable[row.reason] += 1
                        continue
                    if self.options.pictures:
                        _add(images, len(texts), row.images)
                    texts.append(row.question if self.options.text else "")
                    record = {"benchmark": benchmark.name, "item": row.source_id, "text": row.question}
                    writer.write({**record, "pictures": row.images}, sum(map(len, row.images)))
                counts[benchmark.name] = {"rows": rows, "unreadable": dict(sorted(unreadable.items()))}
        make_keyring(texts).save(self.folder / "keys.npz")
        with whole_file(self.folder / "pictures.pickle") as file:
            pickle.dump(images, file)
        write_text(self.folder / "benchmarks.json", json.dumps(counts))
        yield from ()


def _add(index: ImageIndex, item: int, images: tuple[bytes, ...]) -> None:
    """Add an item's images; its text counts where one cannot be decoded."""
    for number, data in enumerate(images):
        with suppress(ImageError):
            index.add(f"{item}/{number}", data)


def load_images(folder: Path) -> ImageIndex:
    index: ImageIndex = pickle.loads((folder / "pictures.pickle").read_bytes())
    return index


def read_items(folder: Path, columns: list[str] | None = None) -> list[dict[str, Any]]:
    """The items in their order, with all columns or those given."""
    return list(read_records(folder / "items.parquet", columns))
