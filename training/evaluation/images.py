"""`--images real,blank,swapped,none`: is the image needed? The same rows with other images, and rates side by side.

`blank` is an image of the same size in one color, `swapped` those of another row of the source, `none` no image at all. Rows without
images stay as they are and are the control. Every kind draws its samples with a seed of its own, so that a difference of 0 is not one by
construction.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curation.core.row import PLACE, Message, Row, row_id
from curation.sampling.images import blank, donors
from training.evaluation.compare import paired
from training.evaluation.results import RowResult

KINDS = ("real", "blank", "swapped", "none")


def parse_kinds(text: str) -> list[str]:
    """The kinds in `text`, `real` first, with which the others are compared.

    Raises:
        ValueError: a kind is unknown.
    """
    kinds = [kind.strip() for kind in text.split(",")]
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise ValueError(f"--images: unknown kind {unknown[0]!r}; known: {', '.join(KINDS)}")
    return ["real", *dict.fromkeys(kind for kind in kinds if kind != "real")]


class OtherImages:
    """Rows of shards with their images replaced; which row lends to which is looked up once."""

    def __init__(self, files: Sequence[Path], rows: Iterable[Row], seed: int) -> None:
        self.files = list(files)
        described = []
        self._place: dict[str, int] = {}
        for number, row in enumerate(rows):
            if row.images:
                self._place[row.id] = number
                described.append((number, row.id, row.source, len(row.images), row_id("", row.images)))
        self.n_with_images = len(described)
        self._donor_of = donors(described, seed)

    def rows(self, rows: Iterable[Row], kind: str) -> Iterator[Row]:
        """The rows with images of a kind; for `swapped` without those that no other row can lend images to."""
        lent = (
            self._images({donor for donor in self._donor_of.values() if donor is not None}) if kind == "swapped" else {}
        )
        for row in rows:
            if not row.images or kind == "real":
                yield row
            elif kind == "blank":
                yield replace(row, images=tuple(map(blank, row.images)))
            elif kind == "none":
                yield replace(row, images=(), prompt=tuple(without_places(message) for message in row.prompt))
            elif (donor := self._donor_of[self._place[row.id]]) is not None:
                yield replace(row, images=lent[donor])

    def _images(self, numbers: set[int]) -> dict[int, tuple[bytes, ...]]:
        """The encoded images of some rows, read in one pass."""
        found: dict[int, tuple[bytes, ...]] = {}
        first = 0
        for path in self.files:
            for batch in pq.ParquetFile(path).iter_batches(64, columns=["images"]):
                for at, images in enumerate(batch["images"].to_pylist(), first):
                    if at in numbers:
                        found[at] = tuple(image["bytes"] for image in images)
                first += batch.num_rows
        return found


def without_places(message: Message) -> Message:
    """A message without the marks of its images."""
    return replace(message, content=re.sub(rf"[ \t]*{re.escape(PLACE)}[ \t]*\n?", " ", message.content).strip())


def comparison(by_kind: Mapping[str, Sequence[RowResult]], seed: int = 0) -> dict[str, Any]:
    """{KIND: {picture, text, by_domain, by_stratum}}: rates with real images less those with the other kind, over the same rows. A row
    is a picture row where it has images with `real`, whatever the other kind leaves of them.
    """
    real = by_kind["real"]
    with_images = {result.row.id for result in real if result.modality == "picture"}
    found: dict[str, Any] = {}
    for kind, results in by_kind.items():
        if kind == "real":
            continue
        found[kind] = {
            "picture": paired(real, results, _among(with_images), seed),
            "text": paired(real, results, lambda result: result.row.id not in with_images, seed),
            "n_left_out": len(real) - len(results),
        }
        for by in ("domain", "stratum"):
            names = sorted({getattr(result.row, by) for result in real if result.row.id in with_images} - {"", None})
            members = {n: {r.row.id for r in real if getattr(r.row, by) == n} & with_images for n in names}
            found[kind][f"by_{by}"] = {name: paired(real, results, _among(ids), seed) for name, ids in members.items()}
    return found


def _among(ids: set[str]) -> Callable[[RowResult], bool]:
    return lambda result: result.row.id in ids
