"""What the filters' rules say of a question, beside what the judge says, and the rows that the filters have dropped by them."""

from collections.abc import Iterator
from heapq import nsmallest
from itertools import compress
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.core.ledger import ledger_lines
from curation.core.order import choice_key
from curation.core.row import Row, from_record
from curation.core.rows import RowFile, Rows
from curation.core.stage import Run
from curation.filters.missing_picture import MissingPicture
from curation.filters.open_ended import OpenEnded
from curation.filters.several_questions import SeveralQuestions
from curation.filters.url_only import UrlOnly

_FILTERS = (MissingPicture(), SeveralQuestions(), OpenEnded(), UrlOnly())
_REASONS = frozenset(reason for one in _FILTERS for reason in one.remedies)
RULES: Final = ("missing_picture", "answer_leaked", "any")
"""The patterns that a rule looks for, too; `any`: whether one of the filters named here drops the row, for whatever reason."""


def rules_on(row: Row) -> tuple[str, ...]:
    """Which of `RULES` find something in a row."""
    judgements = [one.judge(row) for one in _FILTERS]
    reasons = {judgement[1] for judgement in judgements if judgement is not True}
    finds = (judgements[0] is not True, "answer_in_question" in reasons, bool(reasons))
    return tuple(compress(RULES, finds))


def dropped_by_rules(run: Run, n: int, seed: int) -> Iterator[Row]:
    """At most `n` of the rows that the filters dropped by these rules, as they were before: the ledger has the ids, and the rows are still
    in the files that the filters read.
    """
    folder = run.stages.get("filter")
    if folder is None or not n:
        return
    ended = (line.id for line in ledger_lines(folder / "ledger") if line.reason in _REASONS)
    wanted = set(nsmallest(n, ended, key=lambda one: (choice_key("questions", seed, one), one)))
    if not wanted:
        return
    found = 0
    for file in run.rows.files:
        number = next((i for i, lines in enumerate(file.decisions) if lines.parent.parent == folder), None)
        if number is None:
            continue
        kept = pq.read_table(file.decisions[number], columns=["keep"]).column("keep").to_numpy()
        before = RowFile(file.path, len(kept), file.decisions[:number])
        named = pc.is_in(before.column("id"), pa.array(sorted(wanted))).to_numpy()
        for _, record in Rows([before]).at(np.flatnonzero(~kept & named)[: n - found]):
            found += 1
            yield from_record(record)
