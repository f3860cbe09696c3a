"""The step that puts another row in the place of each, or ends it; and what it does with the text (see `curation.normalise`)."""

from collections.abc import Callable, Iterable, Iterator

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.decision import Decision, drop
from curation.core.errors import BadRowError
from curation.core.ledger import LedgerWriter
from curation.core.row import Row, from_document, to_document
from curation.normalise import Normalise, normalise_row


class ChangeRows(PipelineStep):  # type: ignore[misc]
    """Passes on what `change` makes of every row; a row for which it gives a decision ends."""

    type, name = "map", "rows"

    def __init__(self, change: Callable[[Row], Row | Decision], ledger: LedgerWriter, name: str) -> None:
        super().__init__()
        self.change, self.ledger, self.name = change, ledger, name

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        with self.ledger as ledger:
            for row in map(from_document, data):
                changed = self.change(row)
                if isinstance(changed, Row):
                    yield to_document(changed)
                else:
                    self.stat_update(changed.reason)
                    ledger.end(row.id, row.source, row.source_id, changed, rank)


def normalise_text(options: Normalise, row: Row) -> Row | Decision:
    """The row with its text normalised; one that is nothing but a wrapper ends as `question_empty`, one whose text places other pictures
    than it has as `placeholder_count`."""
    try:
        changed = normalise_row(row, options)
    except BadRowError as error:
        return drop(error.reason, error.detail)
    return changed if changed.question.strip() else drop("question_empty", row.question[:200])
