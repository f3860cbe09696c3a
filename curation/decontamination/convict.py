"""Weighs what the scan found, over the whole corpus, and writes a line of evidence for every row and benchmark that match."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from curation.core.parquet import AtomicParquetWriter, read_records
from curation.decontamination.benchmarks import Ints, Keyring, read_items
from curation.decontamination.options import Decontaminate
from curation.decontamination.rows import RowFiles, question_of
from curation.decontamination.text import question_words
from curation.decontamination.verdict import Judge, Verdict
from curation.decontamination.weigh import Scale

Items = list[dict[str, Any]]
COLUMNS = ["id", "source", "source_id", "prompt"]
MAX_PICTURE_BYTES = 2**19
"""A larger picture is left out of the evidence."""


class Conviction(NamedTuple):
    """Of the row `id`: the item it is, and what the ledger tells."""

    id: str
    item: int
    verdict: Verdict
    told: str
    pictures: tuple[int, int] = (0, 0)
    """Which of the row's pictures is which of the item's."""

    @property
    def rank(self) -> tuple[int, float]:
        """The larger, the stronger."""
        return -["exact", "picture", "near", "template", "copy"].index(self.verdict.kind), self.verdict.score


class Court:
    """Convicts the rows of a stage by what the scan left in `scans`."""

    def __init__(self, rows: RowFiles, index: Path, scans: Path, options: Decontaminate) -> None:
        keyring = Keyring.load(index / "keys.npz")
        self.rows, self.scans, self.item_rows = rows, scans, RowFiles([index / "items.parquet"])
        self.items: Items = read_items(index, ["benchmark", "item", "text"])
        self.judge = Judge(Scale(keyring, _counts(scans, len(keyring.keys)), rows.n_rows), options)
        self.words_of = lru_cache(10_000)(lambda item: question_words(self.items[item]["text"]))

    def convict(self, evidence: AtomicParquetWriter) -> dict[int, Conviction]:
        """Row -> its strongest conviction; the evidence has the strongest of each benchmark."""
        convicted: dict[int, Conviction] = {}
        for candidates in self._candidates():
            numbers = np.array(sorted(candidates), np.int64)
            judged = (
                (number, record, self._convictions(record, candidates[number]))
                for number, record in self.rows.at(numbers, COLUMNS)
            )
            guilty = [(number, record, found) for number, record, found in judged if found]
            convicted |= {number: max(found, key=lambda c: c.rank) for number, _, found in guilty}
            images = self.rows.at(np.array([number for number, _, _ in guilty], np.int64), ["images"])
            for (_, record, found), (_, pictures) in zip(guilty, images, strict=True):
                for conviction in found:
                    self.tell(evidence, record | pictures, conviction)
        return convicted

    def tell(self, evidence: AtomicParquetWriter, record: dict[str, Any], conviction: Conviction, of: str = "") -> None:
        """Write a line of evidence; `of` is the row that a copy is a copy of."""
        item = self.items[conviction.item]
        ours, theirs = conviction.pictures
        _, pictures = next(self.item_rows.at(np.array([conviction.item]), ["pictures"]))
        line = {
            **{name: record[name] for name in ("id", "source", "source_id")},
            "benchmark": item["benchmark"],
            "benchmark_item": item["item"],
            "kind": conviction.verdict.kind,
            "score": conviction.verdict.score,
            "row_text": question_of(record),
            "benchmark_text": item["text"],
            "row_picture": _small(record["images"], ours),
            "benchmark_picture": _small(pictures["pictures"], theirs),
            "copy_of": of,
        }
        evidence.write(line, sum(len(line[name] or b"") for name in ("row_picture", "benchmark_picture")))

    def _convictions(self, record: dict[str, Any], candidate: dict[str, Any]) -> list[Conviction]:
        """The row's strongest conviction for each benchmark, by the benchmark's name."""
        strongest: dict[str, Conviction] = {}
        for item, verdict, pictures in self._verdicts(question_words(question_of(record)), candidate):
            name = self.items[item]["benchmark"]
            told = f"{name}/{self.items[item]['item']}: {verdict.kind} {verdict.score:.2f}"
            conviction = Conviction(record["id"], item, verdict, told, pictures)
            if name not in strongest or conviction.rank > strongest[name].rank:
                strongest[name] = conviction
        return [strongest[name] for name in sorted(strongest)]

    def _verdicts(self, words: list[str], candidate: dict[str, Any]) -> Iterator[tuple[int, Verdict, tuple[int, int]]]:
        """(item, verdict, the row's and the item's picture) by picture, then by text."""
        for match in candidate["pictures"]:
            yield match["item"], Verdict("picture", match["score"]), tuple(match["numbers"])
        row = self.judge.scale.weigh(words)
        for item in candidate["items"]:
            if verdict := self.judge.judge(row, item, self.words_of(item), candidate["visual"]):
                yield item, verdict, (0, 0)

    def _candidates(self) -> Iterator[dict[int, dict[str, Any]]]:
        """Task by task: row -> its candidates."""
        for file in sorted(self.scans.glob("*-candidates.parquet")):
            records = list(read_records(file, batch_rows=10_000))
            start = self.rows.first_of_task(file.name[:5]) if records else 0
            yield {start + record["row"]: record for record in records}


def _small(pictures: list[bytes], number: int) -> bytes | None:
    """The picture, where there is one that is small enough to be shown."""
    return pictures[number] if number < len(pictures) and len(pictures[number]) <= MAX_PICTURE_BYTES else None


def _counts(scans: Path, n_keys: int) -> Ints:
    """Key -> rows of the corpus that have it."""
    counts = np.zeros(n_keys, np.int64)
    for file in sorted(scans.glob("*-counts.parquet")):
        for record in read_records(file, batch_rows=10_000):
            counts[record["key"]] += record["rows"]
    return counts
