"""The evaluation sets as an index: their items, the different questions among them, and their images.

Built once in a build, loaded by every task of the scan.

    FOLDER/items.parquet     one line an item: benchmark, item (its id; a second `17` is `17#2`), text, the number of its question, pictures
    FOLDER/keys.npz          the keyring of the questions
    FOLDER/pictures.parquet  the index of the images; their keys are ITEM/NUMBER
    FOLDER/benchmarks.json   benchmark -> {rows, unreadable: {reason: n}}

Memory: about 30 bytes for every 3-gram of the evaluation sets; 100,000 items of 60 words take 200 MB.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import xxhash
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.parquet import AtomicParquetWriter, read_records, write_text
from curation.core.row import asked_in
from curation.core.stage import Run, Stage
from curation.decontamination.keyring import Keyring, make_keyring
from curation.decontamination.options import Decontaminate
from curation.decontamination.text import options_of, question_words, signs_of
from curation.images import ImageError
from curation.images.similarity import ImageIndex
from curation.sources.base import BadRow
from curation.sources.unique import UniqueIds

ITEMS = pa.schema(
    [
        *((name, pa.string()) for name in ("benchmark", "item", "text")),
        ("question", pa.int32()),
        ("n_pictures", pa.int32()),
        ("pictures", pa.list_(pa.binary())),
    ]
)


INDEX = "index"
"""In the stage's folder."""
PICTURES = "pictures.parquet"
"""In the index."""


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
        questions, images, n = Questions(), ImageIndex(), 0
        counts: dict[str, dict[str, Any]] = {}
        with AtomicParquetWriter(self.folder / "items.parquet", ITEMS) as writer:
            for benchmark in self.options.benchmarks:
                unreadable, unique, rows = Counter[str](), UniqueIds(), 0
                for row in benchmark.read(self.seed):
                    rows += 1
                    if isinstance(row, BadRow):
                        unreadable[row.reason] += 1
                        continue
                    if self.options.pictures:
                        unreadable.update(_add(images, n, row.images))
                    number = questions.add(asked_in(row.prompt), row.images) if self.options.text else -1
                    record = {
                        "benchmark": benchmark.name,
                        "item": unique(row.source_id),
                        "text": asked_in(row.prompt),
                        "question": number,
                    }
                    pictures = {"n_pictures": len(row.images), "pictures": row.images}
                    writer.write(record | pictures, sum(map(len, row.images)))
                    n += 1
                counts[benchmark.name] = {"rows": rows, "unreadable": dict(sorted(unreadable.items()))}
        questions.keyring().save(self.folder / "keys.npz")
        images.save(self.folder / PICTURES)
        write_text(self.folder / "benchmarks.json", json.dumps(counts))
        yield from ()


class Questions:
    """The different questions of the evaluation sets: other words, other signs or other options, or none of these and other images."""

    def __init__(self) -> None:
        self._words: list[list[str]] = []
        self._numbers: dict[bytes, int] = {}
        self._images: set[tuple[int, bytes]] = set()

    def add(self, text: str, images: tuple[bytes, ...]) -> int:
        """The number of the question."""
        words = question_words(text)
        parts = (" ".join(words), signs_of(text), *sorted(options_of(text)))
        number = self._numbers.setdefault(_digest(*(part.encode() for part in parts)), len(self._words))
        if number == len(self._words):
            self._words.append([sys.intern(word) for word in words])
        self._images.add((number, _digest(*images)))
        return number

    def keyring(self) -> Keyring:
        n = len(self._words)
        copies = np.bincount(np.array([number for number, _ in self._images], np.int64), minlength=n)
        visual = np.ones(n, bool)
        visual[[number for number, images in self._images if images == _digest()]] = False
        return make_keyring(self._words, copies, visual)


def _digest(*parts: bytes) -> bytes:
    digest = xxhash.xxh3_128()
    for part in parts:
        digest.update(part)
        digest.update(b"\0")
    return digest.digest()


def _add(index: ImageIndex, item: int, images: tuple[bytes, ...]) -> Iterator[str]:
    """Add an item's images; the reason of each that cannot be decoded, beside which its text still counts."""
    for number, data in enumerate(images):
        try:
            index.add(f"{item}/{number}", data)
        except ImageError as error:
            yield error.reason


def load_images(folder: Path) -> ImageIndex:
    return ImageIndex.load(folder / PICTURES)


def read_items(folder: Path, columns: list[str] | None = None) -> list[dict[str, Any]]:
    """The items in their order, with all columns or those given."""
    return list(read_records(folder / "items.parquet", columns))
