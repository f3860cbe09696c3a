"""What becomes of a row in a stage, and the file that says so of every row.

keep()                                   it stays as it is
keep("options found", stratum="easy")    it stays, with a note in its provenance and columns set
drop("too_long", "9,000 characters")     it ends here, under a reason and a detail in the ledger
merge("duplicate", "gsm8k/17")           it ends here because another row is kept for it
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from curation.core.parquet import AtomicParquetWriter
from curation.core.row import plain
from curation.core.schema import LITERALS, ROW, Column

Action = Literal["keep", "dropped", "merged"]


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason` is a short code, `detail` says more; both go to the ledger. `note` goes to the provenance of a kept row, and `columns` sets
    its columns: what is None leaves a column as it was.
    """

    action: Action = "keep"
    reason: str = ""
    detail: str = ""
    note: str = ""
    columns: Mapping[str, Any] = field(default_factory=dict)


KEEP = Decision()


def keep(note: str = "", **columns: Any) -> Decision:
    return Decision(note=note, columns=columns) if note or columns else KEEP


def drop(reason: str, detail: str = "") -> Decision:
    return Decision("dropped", reason, detail)


def merge(reason: str, survivor: str) -> Decision:
    return Decision("merged", reason, survivor)


def decision_schema(stage: str, sets: Iterable[str], adds: Iterable[Column]) -> pa.Schema:
    """One line for every row that came in. `stage` is what the provenance calls the stage that decided."""
    columns = {name: ROW[name] for name in sets} | {column.name: column.type for column in adds}
    return pa.schema([("keep", pa.bool_()), ("note", pa.string()), *columns.items()], {"ovr.stage": stage})


def write_decisions(path: Path, schema: pa.Schema, decisions: Iterable[Decision | None]) -> int:
    """Write the lines of one file of rows, None for a row that ended; returns the number of kept rows.

    Raises:
        TypeError: a decision sets a column that its stage does not declare.
    """
    kept = 0
    with AtomicParquetWriter(path, schema, row_group_rows=10_000) as writer:
        for decision in decisions:
            if decision is None or decision.action != "keep":
                writer.write({"keep": False})
                continue
            if unknown := decision.columns.keys() - set(schema.names):
                raise TypeError(f"sets the column {min(unknown)!r}, which is neither in its `sets` nor in its `adds`")
            columns = {name: _checked(schema.field(name), value) for name, value in decision.columns.items()}
            writer.write({"keep": True, "note": decision.note or None, **columns}, sum(map(_size, columns.values())))
            kept += 1
    return kept


def _checked(field: pa.Field, value: Any) -> Any:
    """The value as Arrow takes it. Arrow itself would cut 7.5 to the 7 of an integer column, and knows no values of a Literal."""
    if pa.types.is_integer(field.type) and value is not None and not isinstance(value, Integral):
        raise TypeError(f"sets the column {field.name!r} to {value!r}, expected a whole number")
    if (known := LITERALS.get(field.name)) and value is not None and value not in known:
        raise TypeError(f"sets the column {field.name!r} to {value!r}, expected one of {sorted(known)}")
    return plain(value)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str | bytes) else sum(map(_size, value)) if isinstance(value, list) else 8
