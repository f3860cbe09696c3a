"""The reading report of one source: what its reader gave, counted while it is written, and what the flags found.

    report = ReadingReport("chartqa")
    for row in source.read(seed):
        report.bad(row) if isinstance(row, BadRow) else report.read(row)
    report.described(rows)              # {"source": "chartqa", "rows": 231, "read": 229, "bad": {...}, ..., "flags": {...}}

It holds 120 bytes a row at most, and depends on the rows alone: the same rows give the same report, read by one or in parts by many, whose
reports `extend` puts together. In between each is kept as JSON (`reading.state`).
"""

from array import array
from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np

from curation.core.row import BadRow, Row
from curation.reading.flag import Finding, Lookup
from curation.reading.flags import FLAGS
from curation.reading.values import Values
from curation.reading.view import View

Described = dict[str, Any]


class ReadingReport:
    """Counts of one source."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.bad_rows: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.chars = array("I")
        self.ids, self.questions, self.golds = Values(), Values(), Values()
        self.flags = [flag() for flag in FLAGS]

    def read(self, row: Row) -> None:
        """Count a row that was read."""
        view = View(row, number := len(self.chars))
        self.counts["images"] += len(row.images)
        self.counts["with_images"] += bool(row.images)
        self.counts["with_options"] += bool(view.choices)
        self.counts["without_gold"] += not view.gold
        self.kinds[row.answer_kind if view.gold else "none"] += 1
        self.languages[row.language or "not stated"] += 1
        self.chars.append(len(view.question))
        self.ids.add(number, row.source_id)
        self.questions.add(number, view.question)
        if view.gold:
            self.golds.add(number, view.gold)
        for flag in self.flags:
            flag.read(view)

    def bad(self, row: BadRow) -> None:
        """Count a record that could not become a row."""
        self.bad_rows[row.reason] += 1
        for flag in self.flags:
            flag.bad(row)

    def extend(self, other: "ReadingReport") -> None:
        """Take in what was read behind."""
        offset = len(self.chars)
        for mine, its in zip(self._counters, other._counters, strict=True):
            mine.update(its)
        for values, more in zip(self._values, other._values, strict=True):
            values.extend(more, offset)
        for flag, same in zip(self.flags, other.flags, strict=True):
            flag.extend(same, offset)
        self.chars.extend(other.chars)

    @property
    def _counters(self) -> tuple[Counter[str], ...]:
        return self.bad_rows, self.counts, self.kinds, self.languages

    @property
    def _values(self) -> tuple[Values, ...]:
        return self.ids, self.questions, self.golds

    def described(self, rows: Lookup) -> Described:
        """As JSON: counts, shares of the rows that were read, and under `flags` every flag that found a row, raised or not."""
        n_read = len(self.chars)
        findings = [finding for flag in self.flags if (finding := flag.finding(rows)).count]
        return {
            "source": self.source,
            "rows": n_read + self.bad_rows.total(),
            "read": n_read,
            "bad": dict(self.bad_rows.most_common()),
            "images": self.counts["images"],
            **{name: share(self.counts[name], n_read) for name in ("with_images", "with_options", "without_gold")},
            "answer_kinds": shares(self.kinds),
            "languages": shares(self.languages),
            "question_chars": quartiles(self.chars),
            "distinct_questions": self.questions.distinct,
            "distinct_golds": self.golds.distinct,
            "flags": {finding.flag: as_record(finding) for finding in findings},
        }


def as_record(finding: Finding) -> Described:
    """A finding as JSON; its name is the key."""
    return {key: value for key, value in asdict(finding).items() if key != "flag"}


def share(n: int, of: int) -> float:
    return round(n / of, 4) if of else 0.0


def shares(counts: Counter[str]) -> dict[str, float]:
    """Value -> its share of all, the most frequent first; values of one count by name."""
    return {
        value: share(n, counts.total()) for value, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    }


def quartiles(chars: "array[int]") -> dict[str, int]:
    """The shortest, the quartiles and the longest; empty where there is nothing."""
    if not chars:
        return {}
    values = np.percentile(np.frombuffer(chars, np.uint32), [0, 25, 50, 75, 100])
    return dict(zip(("min", "p25", "median", "p75", "max"), map(int, values), strict=True))
