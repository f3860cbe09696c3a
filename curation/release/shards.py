"""The last stage: the kept rows as the Parquet shards of a config."""

import json
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from curation.core.decide import decided
from curation.core.ledger import LedgerWriter
from curation.core.parquet import AtomicParquetWriter, read_records, write_text
from curation.core.progress import TaskProgress
from curation.core.row import from_record
from curation.core.schema import released_record, released_schema
from curation.core.write import row_bytes
from curation.sampling.template import apply_template

SHARDS = "shards.json"
"""In the stage's folder: the names of the shards that it wrote."""


def shards_are_there(stage_folder: Path, folder: Path) -> bool:
    """Whether every shard that the stage wrote still stands in `folder`."""
    listed = stage_folder / SHARDS
    return listed.exists() and all((folder / name).exists() for name in json.loads(listed.read_text()))


def split_of(row_id: str, seed: int, splits: dict[str, float]) -> str:
    """The split of a row: decided by the seed and the row's id alone, so it survives any other change; `train` is the rest."""
    share = int.from_bytes(blake2b(f"{seed}:{row_id}".encode(), digest_size=8).digest()) / 2**64
    for split, size in sorted(splits.items()):
        if share < size:
            return split
        share -= size
    return "train"


class WriteShards(PipelineStep):  # type: ignore[misc]
    """Writes `SPLIT-00000-of-000NN.parquet`, in the order of the stage before; the folder appears when all shards are whole.

    `decisions` are the mixture's, a file for each of `files`; rows that it did not choose go to the ledger.
    """

    type, name = "writer", "shards"

    def __init__(
        self,
        files: list[Path],
        decisions: list[Path],
        folder: Path,
        config: str,
        template: str,
        seed: int,
        splits: dict[str, float],
        rows_per_shard: int,
        metadata: dict[str, str],
        stage_folder: Path,
        ledger: LedgerWriter,
    ) -> None:
        super().__init__()
        self.decisions, self.ledger = decisions, ledger
        self.files, self.folder, self.config, self.template = files, folder, config, template
        self.seed, self.splits, self.rows_per_shard = seed, splits, rows_per_shard
        self.metadata, self.stage_folder = metadata, stage_folder

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        progress = TaskProgress(self.stage_folder / "progress", rank)
        sizes = self._sizes(rank)
        schema = released_schema(self.config, self.metadata)
        building = self.folder.with_name(f".{self.folder.name}.{uuid.uuid4().hex[:8]}.building")
        building.mkdir(parents=True)
        for split, n_rows in sorted(sizes.items()):
            rows = (
                decided(from_record(record), line, "mixture")
                for record, line in self._decided()
                if line["action"] == "keep" and self._split(record["id"]) == split
            )
            n_shards = ceil(n_rows / self.rows_per_shard)
            for number in range(n_shards):
                with AtomicParquetWriter(
                    building / f"{split}-{number:05d}-of-{n_shards:05d}.parquet", schema
                ) as writer:
                    for row in islice(rows, self.rows_per_shard):
                        released = released_record(self.config, row, apply_template(self.template, row.question))
                        writer.write(released, row_bytes(row))
                        progress.advance()
                        self.stat_update("rows", split)
        shutil.rmtree(self.folder, ignore_errors=True)
        building.rename(self.folder)
        write_text(self.stage_folder / SHARDS, json.dumps(sorted(file.name for file in self.folder.iterdir())))
        progress.tell()
        yield from ()

    def _sizes(self, rank: int) -> Counter[str]:
        """Split -> number of its rows; the others get their line in the ledger."""
        sizes = Counter[str]()
        with self.ledger as ledger:
            for record, line in self._decided(["id", "source", "source_id"]):
                if line["action"] == "keep":
                    sizes[self._split(record["id"])] += 1
                else:
                    ledger.add({**record, **{name: line[name] for name in ("action", "reason", "detail")}}, rank)
        return sizes

    def _decided(self, columns: list[str] | None = None) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Every record with its decision."""
        for file, decisions in zip(self.files, self.decisions, strict=True):
            yield from zip(read_records(file, columns), read_records(decisions, batch_rows=10_000), strict=True)

    def _split(self, row_id: str) -> str:
        return split_of(row_id, self.seed, self.splits)
