"""Matches the candidates of the scan, over the whole corpus, and writes a line of evidence for every row and benchmark that match."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np

from curation.core.parquet import AtomicParquetWriter
from curation.core.row import Message, asked_in
from curation.core.rows import Rows, file_of
from curation.decontamination.background import Background, Pairs
from curation.decontamination.benchmarks import read_items
from curation.decontamination.candidates import Candidate, read_candidates
from curation.decontamination.comparison import Comparison
from curation.decontamination.finder import Finder
from curation.decontamination.keyring import Ints, Keyring
from curation.decontamination.options import Decontaminate
from curation.decontamination.overlap import FLAGGED
from curation.decontamination.text_matcher import Kind, TextMatch

COLUMNS = ["id", "source", "source_id", "prompt"]
BATCH_ROWS = 64
MAX_SIMILAR = 64
"""Evaluation questions that are looked at as variants of one."""
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
        return -get_args(Kind).index(self.kind), self.score


class Matcher:
    """Matches the rows of a stage by what the scan left in `scans`.

    A row is compared twice: first as if it were its question's only candidate, then with those that did not match in the background.
    """

    def __init__(self, rows: Rows, index: Path, scans: Path, options: Decontaminate) -> None:
        self.rows, self.scans, self.item_rows = rows, scans, Rows([file_of(index / "items.parquet")])
        self.numbers = rows.numbers_by_task()
        self.keyring = Keyring.load(index / "keys.npz")
        self.items = read_items(index, ["benchmark", "item", "text", "question", "n_pictures"])
        self.items_of = _items_of_questions(self.items)
        self.background = Background(self.keyring, rows, self.numbers, scans)
        self.comparison = Comparison(self.keyring, self.background, self._text_of, options)

    def contaminated(self, evidence: AtomicParquetWriter) -> dict[int, Match]:
        """Row -> its strongest match; the evidence has the strongest of each benchmark."""
        families = self._leave_out_families()
        contaminated: dict[int, Match] = {}
        for task in read_candidates(self.numbers, self.scans):
            left = {row: found for row, candidate in task.items() if (found := candidate.among(families.of(row)))}
            compared = (
                (row, record, self._matches(record, left[row], by_text))
                for row, record, by_text in self._compared(left)
            )
            matched = [(row, record, matches) for row, record, matches in compared if matches]
            contaminated |= {row: max(matches, key=lambda m: m.rank) for row, _, matches in matched}
            # Images are read for the few rows that match, not for every candidate.
            images = self.rows.at(np.array([row for row, _, _ in matched], np.int64), ["images"])
            for (_, record, matches), (_, its_images) in zip(matched, images, strict=True):
                for match in matches:
                    self.write(evidence, record | its_images, match)
        return contaminated

    def finds(self, texts: Sequence[tuple[str, int]]) -> list[bool]:
        """Whether each text is taken for the evaluation question beside it, as a further row would be; asked behind `contaminated`. Nothing
        is asked of a second opinion.
        """
        found = []
        finder = Finder(self.keyring)
        for start in range(0, len(texts), BATCH_ROWS):
            batch = texts[start : start + BATCH_ROWS]
            of_text, keys = finder.keys_of([text for text, _ in batch])
            likely, other = dict(finder.likeliest(of_text, keys)), dict(finder.reworded(of_text, keys))
            rows = [
                Candidate(-1 - i, False, tuple(likely.get(i, ())), tuple(other.get(i, ())), ())
                for i in range(len(batch))
            ]
            matches = self.comparison.matches([text for text, _ in batch], rows)
            found += [any(m.kind and m.kind not in FLAGGED for m in of_row.values()) for of_row in matches]
        return found

    def write(self, evidence: AtomicParquetWriter, record: dict[str, Any], match: Match, copy_of: str = "") -> None:
        """Write a line of evidence; `copy_of` is the id of the row that a copy is a copy of."""
        item = self.items[match.item]
        of_row, of_item = match.images
        item_images: list[bytes] = []
        if item["n_pictures"]:
            _, found = next(self.item_rows.at(np.array([match.item]), ["pictures"]))
            item_images = found["pictures"]
        line = {
            **{name: record[name] for name in ("id", "source", "source_id")},
            "benchmark": item["benchmark"],
            "benchmark_item": item["item"],
            "kind": match.kind,
            "score": match.score,
            "row_text": _question(record),
            "benchmark_text": item["text"],
            "row_picture": _small(record["images"], of_row),
            "benchmark_picture": _small(item_images, of_item),
            "copy_of": copy_of,
        }
        evidence.write(line, sum(len(line[name] or b"") for name in ("row_picture", "benchmark_picture")))

    def _leave_out_families(self) -> Pairs:
        """Leave the family of every question out of the background; returns the rows that may be of one, with the question."""
        candidates = _joined(self._candidates())
        similar = self._similar_questions(np.unique(candidates.pairs.b))
        self.background.leave_out(candidates.own, similar)
        matched = _joined(self._matched())
        confirmed = np.array([row for row, _ in self.comparison.ask()], np.int64)
        similar = similar.where(np.isin(similar.b, matched.pairs.b))
        alike = [
            is_so for a in np.unique(similar.a).tolist() for is_so in self.comparison.are_similar(a, similar.of(a))
        ]
        self.background.leave_out(np.union1d(matched.own, confirmed), similar.where(np.array(alike, bool)))
        return matched.pairs

    def _candidates(self) -> Iterator[tuple[int, int, bool]]:
        """(row, question, whether the row may be of its family): beside another image the same words are another question."""
        for task in read_candidates(self.numbers, self.scans):
            for row, candidate in task.items():
                for question in candidate.all_questions:
                    yield row, question, not candidate.visual

    def _matched(self) -> Iterator[tuple[int, int, bool]]:
        """The same of those that match."""
        for task in read_candidates(self.numbers, self.scans):
            for row, _, matches in self._compared(task):
                for question, match in matches.items():
                    yield row, question, match.is_own

    def _similar_questions(self, questions: Ints) -> Pairs:
        """(other, question): the other evaluation questions, those beside images aside, that might be one of these."""
        finder, pairs = Finder(self.keyring), []
        for start in range(0, len(questions), BATCH_ROWS):
            batch = questions[start : start + BATCH_ROWS].tolist()
            for i, others in finder.candidates([self._text_of(number) for number in batch], MAX_SIMILAR):
                pairs += [(o, batch[i]) for o in others if o != batch[i] and not self.keyring.visual[o]]
        return Pairs.sorted(pairs)

    def _compared(self, candidates: dict[int, Candidate]) -> Iterator[tuple[int, dict[str, Any], dict[int, TextMatch]]]:
        """(row, record, question -> how it matches) of the rows."""
        records = self.rows.at(np.array(sorted(candidates), np.int64), COLUMNS)
        while batch := list(islice(records, BATCH_ROWS)):
            texts = [_question(record) for _, record in batch]
            matches = self.comparison.matches(texts, [candidates[row] for row, _ in batch])
            yield from ((row, record, of_row) for (row, record), of_row in zip(batch, matches, strict=True))

    def _matches(self, record: dict[str, Any], candidate: Candidate, by_text: dict[int, TextMatch]) -> list[Match]:
        """The row's strongest match in each benchmark, by image or by text, by the benchmark's name."""
        strongest: dict[str, Match] = {}
        found: list[tuple[int, Kind, float, tuple[int, int]]]
        found = [(f["item"], "picture", f["score"], tuple(f["numbers"])) for f in candidate.pictures]
        found += [(i, m.kind, m.score, (0, 0)) for q, m in by_text.items() if m.kind for i in self.items_of[q]]
        for item, kind, score, images in found:
            name = self.items[item]["benchmark"]
            detail = f"{name}/{self.items[item]['item']}: {kind} {score:.2f}"
            match = Match(record["id"], item, kind, score, detail, images)
            if name not in strongest or match.rank > strongest[name].rank:
                strongest[name] = match
        return [strongest[name] for name in sorted(strongest)]

    def _text_of(self, question: int) -> str:
        return str(self.items[self.items_of[question][0]]["text"])


class _Joined(NamedTuple):
    """Pairs of row and question, and the rows that are of a question's family."""

    pairs: Pairs
    own: Ints


def _joined(pairs: Iterator[tuple[int, int, bool]]) -> _Joined:
    table = np.fromiter(chain.from_iterable(pairs), np.int64).reshape(-1, 3)
    return _Joined(Pairs(table[:, 0], table[:, 1]), np.unique(table[table[:, 2] == 1, 0]))


def _items_of_questions(items: list[dict[str, Any]]) -> dict[int, list[int]]:
    """Question -> the first item of each benchmark that is it."""
    first: dict[int, dict[str, int]] = {}
    for number, item in enumerate(items):
        first.setdefault(item["question"], {}).setdefault(item["benchmark"], number)
    return {question: list(of_benchmark.values()) for question, of_benchmark in first.items()}


def _question(record: dict[str, Any]) -> str:
    return asked_in(Message(**message) for message in record["prompt"])


def _small(images: list[bytes], number: int) -> bytes | None:
    """The image, where there is one and it is small enough for the evidence."""
    return images[number] if number < len(images) and len(images[number]) <= MAX_IMAGE_BYTES else None
