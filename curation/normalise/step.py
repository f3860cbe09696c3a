"""The step that normalises every row; see `curation.normalise` for what it does."""

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

from curation.core.ledger import LedgerWriter
from curation.core.row import from_document
from curation.filters.base import Judgement
from curation.normalise import Normalise, normalise_row


class NormaliseRows(BaseFilter):  # type: ignore[misc]
    """Normalises; drops what is nothing but a wrapper (`question_empty`)."""

    name = "normalise"

    def __init__(self, options: Normalise, ledger: LedgerWriter) -> None:
        super().__init__(exclusion_writer=ledger)
        self.options = options

    def filter(self, doc: Document) -> Judgement:
        before = from_document(doc)
        row = normalise_row(before, self.options)
        if not row.question.strip():
            doc.metadata["filter_detail"] = before.question[:200]
            return False, "question_empty"
        if row is not before:
            doc.metadata["row"] = row
            doc.id, doc.text = row.id, row.question
            self.stat_update("changed")
        return True
