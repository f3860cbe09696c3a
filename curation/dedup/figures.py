"""Clusters are parted where their images differ in a detail: many problems have one question ("Find x.") and one drawing with other labels.

The hashes of a row are too coarse to see a digit, and finer ones would cost every row. So the images themselves are looked at, but only of
rows that would be merged and whose pixels differ. What cannot be told is parted: a copy too many is cheaper than a lost row.

Cost: see docs/build.md; a row is compared with `NEAREST` others at most. Memory: that of `find_clusters`, a few images, and `MOST_FIGURES`
sketches of 16 kB an image; the encoded images of the rows that are looked at lie in a temporary file.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curation.core.rows import Numbers, Rows
from curation.dedup.clusters import Labels, column, groups, rows_that_share
from curation.images import decode
from curation.images.similarity.details import same_details

Sketch = NDArray[np.uint8]

NEAREST = 3
"""Figures of its cluster with which a row is compared, the most similar by their sketches; a copy of another one is missed."""
MOST_FIGURES = 256
"""The last figures of a cluster among which the most similar are sought."""
SIDE = 128
"""Pixels of a sketch: on it a digit is a pixel or two, which is enough to rank figures by, not to decide."""


def part_by_details(clusters: Labels, signatures: list[Path], rows: Rows, scratch: Path) -> Labels:
    """Row -> a row of its cluster with the same figure, which stands for all of them.

    `clusters` and `signatures` are of the rows as they were written; those that are no longer in `rows` keep their label. `scratch` is a
    folder for a temporary file.
    """
    written = rows.written
    labels, pictures = clusters[written], column(signatures, "pictures")[written]
    same_pixels = groups(pictures, labels.astype(np.uint64))
    firsts = np.flatnonzero((same_pixels == np.arange(len(labels))) & (column(signatures, "n_pictures")[written] > 0))
    doubtful = firsts[rows_that_share(labels[firsts])]
    figures = np.arange(len(labels))
    with _Images(rows, doubtful, scratch) as images:
        order = doubtful[np.argsort(labels[doubtful], kind="stable")].tolist()
        for _, cluster in groupby(order, labels.__getitem__):
            known = _Figures(images)
            for row in cluster:
                figures[row] = known.of(row)
    parted = clusters.copy()
    apart = np.isin(labels, labels[doubtful])
    parted[written[apart]] = written[figures[same_pixels[apart]]]
    return parted


class _Images:
    """The encoded images of some rows, in a temporary file: they are read from the rows once, in their order."""

    def __init__(self, rows: Rows, numbers: Numbers, scratch: Path) -> None:
        self._places: dict[int, list[tuple[int, int]]] = {}
        self._rows, self._numbers, self._scratch = rows, numbers, scratch

    def __enter__(self) -> "_Images":
        with ExitStack() as stack:
            self._file = stack.enter_context(TemporaryFile(dir=self._scratch))
            for row, record in self._rows.at(self._numbers, ["images"]):
                self._places[row] = [(self._file.tell(), self._file.write(image)) for image in record["images"]]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def of(self, row: int) -> Iterator[bytes]:
        for start, length in self._places[row]:
            self._file.seek(start)
            yield self._file.read(length)

    def sketch(self, row: int) -> Sketch:
        """The luma of its images at `SIDE` pixels a side."""
        images = (decode(image).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX) for image in self.of(row))
        return np.stack([np.asarray(image) for image in images])

    def are_copies(self, one: int, other: int) -> bool:
        """Whether two rows have the same images in the same order."""
        pairs = zip(self.of(one), self.of(other), strict=True)
        return all(a == b or same_details(decode(a), decode(b)) for a, b in pairs)


class _Figures:
    """The figures of one cluster: rows no two of which were found to be copies."""

    def __init__(self, images: _Images) -> None:
        self._images = images
        self._rows: list[int] = []
        self._sketches: list[Sketch] = []

    def of(self, row: int) -> int:
        """The row that stands for the figure of this one: itself where it is new."""
        sketch = self._images.sketch(row)
        for i in self._nearest(sketch):
            if self._images.are_copies(self._rows[i], row):
                return self._rows[i]
        self._rows, self._sketches = [*self._rows, row][-MOST_FIGURES:], [*self._sketches, sketch][-MOST_FIGURES:]
        return row

    def _nearest(self, sketch: Sketch) -> list[int]:
        """By fourth powers: another label changes a pixel or two by much, an encoder all of them by little."""
        if len(self._rows) <= 1:
            return list(range(len(self._rows)))
        distances = [float((np.subtract(known, sketch, dtype=np.float32) ** 4).sum()) for known in self._sketches]
        nearest: list[int] = np.argsort(distances, kind="stable")[:NEAREST].tolist()
        return nearest
