"""Matches the candidates of the scan, over the whole corpus, and writes a line of evidence for every row and benchmark that match."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from curation.core.parquet import AtomicParquetWriter, read_records
from curation.core.row import Message, question_of
from curation.core.rows import Rows, file_of
from curation.decontamination.benchmarks import Ints, Keyring, read_items
from curation.decontamination.options import Decontaminate
from curation.decontamination.text import question_words
from curation.decontamination.text_matcher import Kind, TextMatcher
from curation.decontamination.weigh import Scale

COLUMNS = ["id", "source", "source_id", "prompt"]
MAX_IMAGE_BYTES = 2**19
"""A larger image is left out of the evidence."""


class Match(NamedTuple):
    """The row `id` is `item`; `detail` is what the ledger says of it."""

    id: str
    item: int
    kind: Kind
    score: float
    detail: str
    images: tuple[int, int] = (0, 0)
    """Which of the row's images is which of the item's."""

    @property
    def rank(self) -> tuple[int, float]:
        """The larger, the stronger."""
        return -["exact", "picture", "near", "template", "copy"].index(self.kind), self.score


class Matcher:
    """Matches the rows of a stage by what the scan left in `scans`."""

    def __init__(self, rows: Rows, index: Path, scans: Path, options: Decontaminate) -> None:
        keyring = Keyring.load(index / "keys.npz")
        self.rows, self.scans, self.item_rows = rows, scans, Rows([file_of(index / "items.parquet")])
        self.items = read_items(index, ["benchmark", "item", "text"])
        self.by_text = TextMatcher(Scale(keyring, _counts(scans, len(keyring.keys)), len(rows)), options)
        self.words_of = lru_cache(10_000)(lambda item: question_words(self.items[item]["text"]))

    def contaminated(self, evidence: AtomicParquetWriter) -> dict[int, Match]:
        """Row -> its strongest match; the evidence has the strongest of each benchmark."""
        contaminated: dict[int, Match] = {}
        for candidates in self._candidates():
            numbers = np.array(sorted(candidates), np.int64)
            matched = (
                (number, record, self._matches(record, candidates[number]))
                for number, record in self.rows.at(numbers, COLUMNS)
            )
            matched_rows = [(number, record, matches) for number, record, matches in matched if matches]
            contaminated |= {number: max(matches, key=lambda m: m.rank) for number, _, matches in matched_rows}
            # Images are read for the few rows that match, not for every candidate.
            images = self.rows.at(np.array([number for number, _, _ in matched_rows], np.int64), ["images"])
            for (_, record, matches), (_, its_images) in zip(matched_rows, images, strict=True):
                for match in matches:
                    self.write(evidence, record | its_images, match)
        return contaminated

    def write(self, evidence: AtomicParquetWriter, record: dict[str, Any], match: Match, copy_of: str = "") -> None:
        """Write a line of evidence; `copy_of` is the id of the row that a copy is a copy of."""
        item = self.items[match.item]
        of_row, of_item = match.images
        _, item_images = next(self.item_rows.at(np.array([match.item]), ["pictures"]))
        line = {
            **{name: record[name] for name in ("id", "source", "source_id")},
            "benchmark": item["benchmark"],
            "benchmark_item": item["item"],
            "kind": match.kind,
            "score": match.score,
            "row_text": _question(record),
            "benchmark_text": item["text"],
            "row_picture": _small(record["images"], of_row),
            "benchmark_picture": _small(item_images["pictures"], of_item),
            "copy_of": copy_of,
        }
        evidence.write(line, sum(len(line[name] or b"") for name in ("row_picture", "benchmark_picture")))

    def _matches(self, record: dict[str, Any], candidate: dict[str, Any]) -> list[Match]:
        """The row's strongest match in each benchmark, by the benchmark's name."""
        strongest: dict[str, Match] = {}
        for item, kind, score, images in self._compared(question_words(_question(record)), candidate):
            name = self.items[item]["benchmark"]
            detail = f"{name}/{self.items[item]['item']}: {kind} {score:.2f}"
            match = Match(record["id"], item, kind, score, detail, images)
            if name not in strongest or match.rank > strongest[name].rank:
                strongest[name] = match
        return [strongest[name] for name in sorted(strongest)]

    def _compared(
        self, words: list[str], candidate: dict[str, Any]
    ) -> Iterator[tuple[int, Kind, float, tuple[int, int]]]:
        """(item, kind, score, the row's and the item's image) of what matches, by image and then by text."""
        for found in candidate["pictures"]:
            yield found["item"], "picture", found["score"], tuple(found["numbers"])
        row = self.by_text.scale.weigh(words)
        for item in candidate["items"]:
            if match := self.by_text.match(row, item, self.words_of(item), candidate["visual"]):
                yield item, *match, (0, 0)

    def _candidates(self) -> Iterator[dict[int, dict[str, Any]]]:
        """Task by task: row -> its candidates. The scan numbered the rows as they were written; some may have been dropped since."""
        numbers = self.rows.numbers_by_task()
        for file in sorted(self.scans.glob("*-candidates.parquet")):
            if (of_task := numbers.get(file.name[:5])) is not None:
                found = ((int(of_task[record["row"]]), record) for record in read_records(file, batch_rows=10_000))
                yield {number: record for number, record in found if number >= 0}


def _question(record: dict[str, Any]) -> str:
    return question_of(Message(**message) for message in record["prompt"])


def _small(images: list[bytes], number: int) -> bytes | None:
    """The image, where there is one and it is small enough for the evidence."""
    return images[number] if number < len(images) and len(images[number]) <= MAX_IMAGE_BYTES else None


def _counts(scans: Path, n_keys: int) -> Ints:
    """Key -> rows of the corpus that have it."""
    counts = np.zeros(n_keys, np.int64)
    for file in sorted(scans.glob("*-counts.parquet")):
        for record in read_records(file, batch_rows=10_000):
            counts[record["key"]] += record["rows"]
    return counts
