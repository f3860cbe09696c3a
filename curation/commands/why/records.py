"""A row where it lies: in a shard, or in the files of the stages. Of every file only what is asked for is read, and nothing is locked."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.core.rows import Rows
from curation.core.stage_rows import stages_of

WHO = ("id", "source", "source_id")


def shard_record(build: Path, line: dict[str, Any]) -> dict[str, Any] | None:
    """The row in the shards of its split; one row group is read whole."""
    for shard in sorted((build / "data" / line["config"]).glob(f"{line['reason']}-*.parquet")):
        with pq.ParquetFile(shard) as file:
            place, start = _place(file.read(columns=list(WHO)), line, WHO), 0
            for group in range(file.num_row_groups if place >= 0 else 0):
                end = start + file.metadata.row_group(group).num_rows
                if place < end:
                    found: dict[str, Any] = file.read_row_group(group).slice(place - start, 1).to_pylist()[0]
                    return found
                start = end
    return None


def _place(columns: Any, line: dict[str, Any], names: tuple[str, ...]) -> int:
    """The first row that is the line's, -1 where none is."""
    same = None
    for name in names:
        equal = pc.equal(columns[name], line[name])
        same = equal if same is None else pc.and_(same, equal)
    return int(pc.index(same, True).as_py())


def record_in(rows: Rows, line: dict[str, Any]) -> dict[str, Any] | None:
    """The row among those of a stage, by source and source_id: its id changes where its text does."""
    for number, file in enumerate(rows.files):
        columns = {name: file.column(name) for name in WHO[1:]}
        if (place := _place(columns, line, WHO[1:])) >= 0:
            return next(record for _, record in rows.at(np.array([rows.starts[number] + place])))
    return None


def ended_record(build: Path, line: dict[str, Any]) -> dict[str, Any] | None:
    """The row as it came into the stage in which it ended; None where it was not measured by then, or the stages' files are gone."""
    stages = stages_of(build, line["config"])
    try:
        before = next((stage.rows_in for stage in stages if stage.name == line["stage"]), Rows([]))
        found = record_in(before, line)
    except (OSError, KeyError, ValueError):
        return None
    return found if found and "difficulty" in found else None
