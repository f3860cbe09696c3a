"""`removed.parquet`: the rows that are not in the set, by content hash, without a word of their text.

Who has the raw data recomputes the ids (`curation.core.row.row_id`) and sees which rows were judged contaminated, suspect or else.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.core.parquet import read_records, write_records

REMOVED = "removed.parquet"
COLUMNS = ("config", "id", "source", "source_id", "stage", "action", "reason")
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])


def write_removed(folder: Path) -> Path:
    """Write the ledger's lines of rows that ended, without their `detail`, which quotes them."""
    write_records(folder / REMOVED, SCHEMA, _ended(folder / "ledger.parquet"))
    return folder / REMOVED


def _ended(ledger: Path) -> Iterator[dict[str, Any]]:
    for line in read_records(ledger, list(COLUMNS), batch_rows=10_000):
        if line["action"] != "out":
            yield line
