"""The scan: per row, in parallel, which questions of the evaluation sets it might be, and which of their keys it has.

It decides nothing: how much a 3-gram proves depends on the whole corpus, of which it sees a part. So it leaves the keys of every row, those
that no evaluation question has aside: about 40 numbers for a question of 60 words.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.parquet import AtomicParquetWriter
from curation.core.row import asked_in, from_document
from curation.decontamination.benchmarks import load_images
from curation.decontamination.finder import Finder
from curation.decontamination.keyring import Keyring
from curation.decontamination.row_keys import KeysWriter
from curation.images import ImageError
from curation.images.similarity import ImageIndex

BATCH_ROWS = 64

_IMAGE_MATCH = pa.struct(
    [("item", pa.int32()), ("numbers", pa.list_(pa.int32())), ("kind", pa.string()), ("score", pa.float64())]
)
CANDIDATES = pa.schema(
    [
        ("row", pa.int32()),
        ("visual", pa.bool_()),
        ("questions", pa.list_(pa.int32())),
        ("reworded", pa.list_(pa.int32())),
        ("pictures", pa.list_(_IMAGE_MATCH)),
    ]
)
"""`pictures` are matches already, `numbers` says which of the row's images is which of the item's; `questions`
and those that it may be in other words, `reworded`, are yet to be compared."""
SCAN = "scan"
"""In the folder of the stage that scans."""


class ScanContamination(PipelineStep):  # type: ignore[misc]
    """Passes the rows on; leaves `RANK-candidates.parquet` and `RANK-keys.parquet` in `folder`.

    `row` is the number of the row among those the task passed on, and of the row in the file that the stage writes.
    """

    type, name = "scan", "contamination"

    def __init__(self, index: Path, folder: Path) -> None:
        super().__init__()
        self.index, self.folder = index, folder

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        finder, index = Finder(Keyring.load(self.index / "keys.npz")), load_images(self.index)
        documents, n = iter(data), 0
        candidates = AtomicParquetWriter(self.folder / f"{rank:05d}-candidates.parquet", CANDIDATES, 10_000)
        with candidates, KeysWriter(self.folder / f"{rank:05d}-keys.parquet") as keys:
            while batch := list(islice(documents, BATCH_ROWS)):
                rows = [from_document(document) for document in batch]
                texts, numbers = finder.keys_of([asked_in(row.prompt) for row in rows])
                keys.write(len(rows), texts, numbers)
                questions, reworded = dict(finder.likeliest(texts, numbers)), dict(finder.reworded(texts, numbers))
                for i, row in enumerate(rows):
                    images = search(index, row.images)
                    line = {"questions": questions.get(i, []), "reworded": reworded.get(i, []), "pictures": images}
                    if any(line.values()):
                        candidates.write({"row": n + i, "visual": bool(row.images), **line})
                n += len(batch)
                yield from batch


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
