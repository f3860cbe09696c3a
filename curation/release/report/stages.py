"""The rows of a build that ended on the way, read where they ended: of a stage the rows that came into it."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.core.rows import Rows
from curation.core.stage_rows import stages_of

Key = tuple[str, str, str, str]
"""Of a row that ended: stage, id, source and source_id. Exact duplicates have one id."""


def ended_records(build: Path, config: str, ended: Iterable[Key], columns: list[str]) -> dict[Key, dict[str, Any]]:
    """The records of rows as they came into the stage in which they ended, of those that the stages' files have.

    Of the other rows nothing but the ids is read, and those only of stages where a wanted row ended.
    """
    wanted: dict[str, set[Key]] = {}
    for key in ended:
        wanted.setdefault(key[0], set()).add(key)
    found: dict[Key, dict[str, Any]] = {}
    for stage in stages_of(build, config):
        if keys := wanted.get(stage.name):
            for record in _of_ids(stage.rows_in, {key[1] for key in keys}, columns):
                key = (stage.name, record["id"], record["source"], record["source_id"])
                if key in keys:
                    found.setdefault(key, record)
    return found


def _of_ids(rows: Rows, ids: set[str], columns: list[str]) -> Iterator[dict[str, Any]]:
    known, numbers = pa.array(sorted(ids)), []
    for start, file in zip(rows.starts.tolist(), rows.files, strict=False):
        numbers.append(start + np.flatnonzero(pc.is_in(file.column("id"), value_set=known).to_numpy()))
    wanted = np.concatenate([np.empty(0, np.int64), *numbers])
    yield from (record for _, record in rows.at(wanted, ["id", "source", "source_id", *columns]))
