"""What the filters' rules say of a question, beside what the judge says, and the rows that the filters have dropped by them."""

from collections.abc import Callable, Iterator
from hashlib import blake2b
from heapq import nsmallest
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.core.ledger import ledger_lines
from curation.core.row import Row, from_record
from curation.core.rows import RowFile, Rows
from curation.core.stage import Run
from curation.filters.missing_picture import MissingPicture
from curation.filters.open_ended import OpenEnded
from curation.filters.several_questions import SeveralQuestions
from curation.filters.url_only import UrlOnly

_FILTERS = (MissingPicture(), SeveralQuestions(), OpenEnded(), UrlOnly())
_REASONS = frozenset(reason for one in _FILTERS for reason in one.remedies)
LEAKED = "answer_in_question"
RULES: Final[dict[str, Callable[[Row], bool]]] = {
    "missing_picture": lambda row: not row.images and _FILTERS[0].judge(row) is not True,
    "answer_leaked": lambda row: _reason(row, 1) == LEAKED,
    "any": lambda row: any(one.judge(row) is not True for one in _FILTERS),
}
"""Pattern that a judge is asked for -> whether a rule finds it; `any`: whether the filters named here drop the row, for whatever reason."""


def _reason(row: Row, number: int) -> str:
    judgement = _FILTERS[number].judge(row)
    return "" if judgement is True else judgement[1]


def key_of(row_id: str, seed: int) -> int:
    """What a row is chosen by: as good as random, and the same in every build of one seed."""
    return int.from_bytes(blake2b(f"questions:{seed}:{row_id}".encode(), digest_size=8).digest(), "big")


def dropped_by_rules(run: Run, n: int, seed: int) -> Iterator[Row]:
    """At most `n` of the rows that the filters dropped by these rules, as they were before: the ledger has the ids, and the rows are still
    in the files that the filters read.
    """
    folder = run.stages.get("filter")
    if folder is None or not n:
        return
    ended = (line.id for line in ledger_lines(folder / "ledger") if line.reason in _REASONS)
    wanted = set(nsmallest(n, ended, key=lambda one: (key_of(one, seed), one)))
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
