"""Which rows are asked for: by id, by the beginning of one, or by SOURCE/SOURCE_ID."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.commands.preview_text import plain_text
from curation.commands.why.samples import short
from curation.core.errors import BuildError
from curation.core.ledger import LEDGER
from curation.release.dataset import Dataset
from curation.release.shards import base_id, split_of_shard

MOST_NAMED = 20


def lines_of(dataset: Dataset, wanted: str) -> list[dict[str, Any]]:
    """The ledger's lines of a row, and of those that were made of it.

    Raises:
        BuildError: no such row, or the beginning of several ids.
    """
    if not wanted.strip():
        raise BuildError("got an empty id; expected an id, the beginning of one, or SOURCE/SOURCE_ID")
    wanted = wanted.encode(errors="backslashreplace").decode()
    table, file = _lines(dataset)
    named = pc.binary_join_element_wise(table["source"], table["source_id"], "/")
    of_id = pc.or_(pc.equal(table["id"], wanted), pc.starts_with(table["id"], f"{wanted}."))
    of_name = pc.or_(pc.equal(named, wanted), pc.starts_with(named, f"{wanted}#trace"))
    if found := list(table.filter(pc.or_(of_id, of_name)).to_pylist()):
        return found
    begun = list(table.filter(pc.starts_with(table["id"], wanted)).to_pylist())
    ids = list(dict.fromkeys(base_id(line["id"]) for line in begun))
    if len(ids) > 1:
        shown = "\n".join(_one(line) for line in begun[:MOST_NAMED])
        more = f"\n... and {len(begun) - MOST_NAMED} more" if len(begun) > MOST_NAMED else ""
        raise BuildError(f"{wanted!r} is the beginning of {len(ids)} ids; give more of one:\n{shown}{more}")
    if not begun:
        raise BuildError(f"{file}: no row has id or SOURCE/SOURCE_ID {short(wanted)!r}")
    return begun


def _one(line: dict[str, Any]) -> str:
    return plain_text(f"  {line['id']}  {line['config']} {line['source']}/{line['source_id']}")


def _lines(dataset: Dataset) -> tuple[pa.Table, str]:
    """The ledger; of a released set what was removed, and the rows of its shards."""
    if ledger := dataset.file("ledger.parquet"):
        return pq.read_table(ledger), str(ledger)
    tables = []
    if removed := dataset.file("removed.parquet"):
        table = pq.read_table(removed)
        details = pa.array([""] * len(table))
        tables.append(
            (table if "detail" in table.column_names else table.append_column("detail", details)).select(LEDGER.names)
        )
    for config in dataset.configs:
        for shard in dataset.shards(config):
            table = pq.read_table(shard, columns=["id", "source", "source_id"])
            same = {"config": config, "stage": "shards", "action": "out", "reason": split_of_shard(shard), "detail": ""}
            for name, value in same.items():
                table = table.append_column(name, pa.array([value] * len(table)))
            tables.append(table.select(LEDGER.names))
    tables = [table.replace_schema_metadata(None).cast(LEDGER) for table in tables]
    return pa.concat_tables(tables) if tables else LEDGER.empty_table(), str(dataset.path)
