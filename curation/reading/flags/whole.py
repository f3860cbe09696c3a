"""Flags of a source as a whole: what cannot be read, questions that are all the same, and those whose golds differ."""

from array import array
from collections import Counter

import numpy as np

from curation.core.row import BadRow
from curation.reading.flag import Finding, Flag
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

    def finding(self) -> Finding:
        self.count = self.reasons.total()
        if self.count:
            reason, n = self.reasons.most_common(1)[0]
            self.source_id, detail = self.first[reason]
            self.quoted = f"{reason} {n}, {detail}"
        return super().finding()


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
        content = (row.row.prompt, row.row.id, row.row.answer_options, row.row.completion)
        self.questions.add(content, row.row.source_id, row.question)

    def finding(self) -> Finding:
        self.of, distinct = len(self.questions), self.questions.distinct
        self.count, self.source_id, self.quoted = self.questions.most()
        if distinct * self.most_copies <= self.of:
            self.count, self.quoted = self.of - distinct, f"{distinct} questions, {self.quoted}"
        return super().finding()


class ConflictingGolds(Flag):
    """One question, with the same options and images, that has different golds: what tells the rows apart is not read."""

    name = "conflicting_golds"
    remedy = "name the field that tells such rows apart (a passage, a table, an image) in `fields.question` or `fields.images`"
    least = 10
    share = 0.1
    remembered = 10_000
    """Questions that an example is looked for among."""

    def __init__(self) -> None:
        super().__init__()
        self.questions, self.golds = array("q"), array("q")
        self.first: dict[int, int] = {}

    def read(self, row: View) -> None:
        if not row.gold:
            return
        question, gold = hash((row.row.id, row.row.answer_options)), hash(row.gold.casefold())
        self.questions.append(question)
        self.golds.append(gold)
        if len(self.first) < self.remembered and self.first.setdefault(question, gold) != gold:
            self.mark(row.row.source_id, f"{row.gold}: {row.question}")

    def finding(self) -> Finding:
        self.of = len(self.questions)
        pairs = np.unique(np.array([self.questions, self.golds], np.int64), axis=1)
        questions, n_golds = np.unique(pairs[0], return_counts=True)
        differ = questions[n_golds > 1]
        self.count = int(np.isin(np.array(self.questions, np.int64), differ).sum())
        return super().finding()
