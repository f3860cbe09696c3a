"""Which rows the page shows: by the seed and their ids, a few of every source and stratum, a few of every reason; nothing by hand."""

import heapq
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.core.order import choice_key
from curation.core.parquet import read_records
from curation.release.dataset import Dataset

PURPOSE = "report"
ROW = ["prompt", "images", "answer", "answer_kind", "answer_options", "completion", "verified", "domain", "stratum"]
"""What is shown of a row, where it has it."""


@dataclass(frozen=True)
class Ended:
    """A row that did not reach the set."""

    config: str
    id: str
    source: str
    source_id: str
    stage: str
    action: str
    reason: str
    detail: str


def smallest(items: Iterable[tuple[Hashable, str, Any]], seed: int, each: int) -> dict[Hashable, list[Any]]:
    """Group -> its `each` items that come first in the order of choice; `items` are (group, row id, item). One pass, flat memory."""
    heaps: dict[Hashable, list[tuple[int, int, Any]]] = {}
    for number, (group, row_id, item) in enumerate(items):
        heap, entry = heaps.setdefault(group, []), (-choice_key(PURPOSE, seed, row_id), -number, item)
        if len(heap) < each:
            heapq.heappush(heap, entry)
        elif entry[:2] > heap[0][:2]:
            heapq.heapreplace(heap, entry)
    ordered = {group: sorted(heap, key=lambda entry: (-entry[0], -entry[1])) for group, heap in heaps.items()}
    return {group: [item for *_, item in heap] for group, heap in ordered.items()}


def ended_rows(dataset: Dataset, seed: int, each: int) -> dict[tuple[str, str, str], list[Ended]]:
    """(config, stage, reason) -> `each` of the rows that ended so, of the ledger; empty where there is none."""
    if (ledger := dataset.file("ledger.parquet")) is None:
        return {}
    keyed = (((e.config, e.stage, e.reason), e.id or f"{e.source}/{e.source_id}", e) for e in _ended(ledger))
    grouped = smallest(keyed, seed, each)
    return {key: grouped[key] for key in sorted(grouped)}  # type: ignore[misc, type-var]


def _ended(ledger: Path) -> Iterator[Ended]:
    with pq.ParquetFile(ledger) as file:
        for batch in file.iter_batches(batch_size=50_000):
            lines = batch.filter(pc.not_equal(batch["action"], "out"))
            yield from (Ended(**line) for line in lines.to_pylist())


def kept_rows(dataset: Dataset, config: str, seed: int, most: int) -> list[dict[str, Any]]:
    """At most `most` rows of a config, as many of every source and stratum as of any other, in the order of the shards. Two passes: one
    over ids, sources and strata, one over the row groups that hold a chosen row."""
    cells = smallest(_cells(dataset, config), seed, most)
    chosen: dict[Path, list[int]] = {}
    for shard, number in _in_turn(cells, most):
        chosen.setdefault(shard, []).append(number)
    return [record for shard in sorted(chosen) for record in _records_at(shard, sorted(chosen[shard]))]


def _cells(dataset: Dataset, config: str) -> Iterator[tuple[Hashable, str, tuple[Path, int]]]:
    for shard in dataset.shards(config):  # type: ignore[arg-type]
        for number, row in enumerate(read_records(shard, ["id", "source", "stratum"], batch_rows=10_000)):
            yield (row["source"], row["stratum"]), row["id"], (shard, number)


def _in_turn(cells: dict[Hashable, list[Any]], most: int) -> list[Any]:
    """The first of each cell, then the second of each, up to `most`."""
    turns = max(map(len, cells.values()), default=0)
    ordered = [cells[key] for key in sorted(cells, key=str)]
    return [cell[turn] for turn in range(turns) for cell in ordered if turn < len(cell)][:most]


def _records_at(shard: Path, numbers: list[int]) -> Iterator[dict[str, Any]]:
    """The rows at ascending numbers of a shard; a row group in memory at a time."""
    with pq.ParquetFile(shard) as file:
        wanted = [*ROW, "id", "source", "source_id", "license", "difficulty", "teacher", "split"]
        columns, start = [name for name in file.schema_arrow.names if name in wanted], 0
        for group in range(file.num_row_groups):
            end = start + file.metadata.row_group(group).num_rows
            inside = [number - start for number in numbers if start <= number < end]
            if inside:
                split = shard.name.rpartition("-of-")[0].rpartition("-")[0]
                table = file.read_row_group(group, columns=columns).take(inside)
                yield from ({**record, "split": split} for record in table.to_pylist())
            start = end
