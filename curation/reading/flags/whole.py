"""Flags of a source as a whole: what cannot be read, questions that are all the same, and those whose golds differ."""

from collections import Counter
from typing import Self

import numpy as np

from curation.core.row import BadRow
from curation.reading.flag import Finding, Flag, Lookup
from curation.reading.values import Values
from curation.reading.view import View


class BadRows(Flag):
    """Many records that could not become rows."""

    name = "bad_rows"
    remedy = "mend what the reason names; stages/01-*-collect/ledger has every such record"
    least = 5
    share = 0.1

    def __init__(self) -> None:
        super().__init__()
        self.reasons: Counter[str] = Counter()
        self.first: dict[str, tuple[str, str]] = {}

    def read(self, row: View) -> None:
        self.of += 1

    def bad(self, row: BadRow) -> None:
        self.of += 1
        self.reasons[row.reason] += 1
        self.first.setdefault(row.reason, (row.source_id, row.detail))

    def extend(self, other: Self, offset: int) -> None:
        super().extend(other, offset)
        self.reasons.update(other.reasons)
        self.first = other.first | self.first

    def finding(self, rows: Lookup) -> Finding:
        self.count = self.reasons.total()
        if self.count:
            reason, n = self.reasons.most_common(1)[0]
            self.source_id, detail = self.first[reason]
            self.quoted = f"{reason} {n}, {detail}"
        return super().finding(rows)


class ConstantQuestion(Flag):
    """One question for many rows, or few for all, with the same options, images and trace."""

    name = "constant_question"
    remedy = "name the field that differs from row to row in `fields.question`"
    least = 20
    share = 0.2
    most_copies = 10
    """Rows to a question, on average."""

    def __init__(self) -> None:
        super().__init__()
        self.questions = Values()

    def read(self, row: View) -> None:
        prompt = (text for message in row.row.prompt for text in (message.role, message.content))
        self.questions.add(row.number, row.row.id, row.row.answer_options, row.row.completion, *prompt)

    def extend(self, other: Self, offset: int) -> None:
        self.questions.extend(other.questions, offset)

    def finding(self, rows: Lookup) -> Finding:
        self.of, distinct = len(self.questions), self.questions.distinct
        self.count, number = self.questions.most()
        if self.count:
            self.number, self.quoted = number, View(rows(number)).question
        if distinct * self.most_copies <= self.of:
            self.count, self.quoted = self.of - distinct, f"{distinct} questions, {self.quoted}"
        return super().finding(rows)


class ConflictingGolds(Flag):
    """One question, with the same options and images, that has different golds: what tells the rows apart is not read."""

    name = "conflicting_golds"
    remedy = "name the field that tells such rows apart (a passage, a table, an image) in `fields.question` or `fields.images`"
    least = 10
    share = 0.1

    def __init__(self) -> None:
        super().__init__()
        self.questions, self.golds = Values(), Values()

    def read(self, row: View) -> None:
        if row.gold:
            self.questions.add(row.number, row.row.id, row.row.answer_options)
            self.golds.add(row.number, row.gold.casefold())

    def extend(self, other: Self, offset: int) -> None:
        self.questions.extend(other.questions, offset)
        self.golds.extend(other.golds, offset)

    def finding(self, rows: Lookup) -> Finding:
        self.of, golds = len(self.questions), np.asarray(self.golds.hashes)
        _, first, question = np.unique(np.asarray(self.questions.hashes), return_index=True, return_inverse=True)
        differs = golds != golds[first][question]  # from that of the first row with the question
        conflicting = np.bincount(question[differs], minlength=len(first)) > 0
        self.count = int(conflicting[question].sum())
        if self.count:
            self.number = self.golds.numbers[int(differs.argmax())]
            row = View(rows(self.number))
            self.quoted = f"{row.gold}: {row.question}"
        return super().finding(rows)
