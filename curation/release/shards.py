"""The last stage: the kept rows as the Parquet shards of a config."""

import json
import shutil
import uuid
from array import array
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from pydantic import Field

from curation.core.digests import sha256_of
from curation.core.errors import BuildError, CurationError, first_line
from curation.core.parquet import AtomicParquetWriter, write_text
from curation.core.row import Config, Row, from_record
from curation.core.rows import Numbers, Rows
from curation.core.schema import released_record, released_schema
from curation.core.stage import Run, Stage
from curation.core.steps import row_bytes
from curation.sampling.template import apply_template, template_hash

SHARDS = "shards.json"
"""In the stage's folder: shard -> the SHA-256 with which it was written."""


class ShardsStage(Stage):
    """Writes `DIR/data/CONFIG/SPLIT-00000-of-000NN.parquet`; the folder appears when all shards are whole."""

    kind: Literal["shards"] = "shards"
    manifest: str = ""
    """Its name, for the shards' metadata."""
    build: str = ""
    """What the rows depend on, as a digest; for the metadata too."""
    template: str = "{question}"
    seed: int = 0
    splits: dict[str, float] = Field(default_factory=dict)
    rows_per_shard: int = 20_000

    def steps(self, run: Run) -> list[PipelineStep]:
        return [WriteShards(self, run)]

    def is_whole(self, run: Run) -> bool:
        try:
            written = digests_as_written(run.out, run.config)
            same = all(sha256_of(folder_of(run) / name) == of for name, of in written.items())
            return same and (run.folder / SHARDS).exists()
        except CurationError:
            return False

    def arrow_schema(self, run: Run) -> pa.Schema:
        metadata = {
            "manifest": self.manifest,
            "build": self.build,
            "seed": str(self.seed),
            "prompt_template": self.template,
            "prompt_template_hash": template_hash(self.template),
        }
        return released_schema(run.config, metadata, run.columns)


def folder_of(run: Run) -> Path:
    """Where the shards of a config are."""
    return run.out / "data" / run.config


def digests_as_written(out: Path, config: Config) -> dict[str, str]:
    """Shard -> the SHA-256 with which the stage wrote it; `out` is the folder of a build or of a control. Empty without its stages.

    Raises:
        BuildError: the record cannot be read.
    """
    found: dict[str, str] = {}
    for file in (out / "stages").glob(f"[0-9][0-9]-{config}-shards/{SHARDS}"):
        try:
            written = json.loads(file.read_text(encoding="utf-8"))
            found |= written if isinstance(written, dict) else {}  # an earlier version kept their names alone
        except (OSError, ValueError) as error:
            raise BuildError(f"{file}: cannot be read: {first_line(error)}; build again") from error
    return found


def base_id(row_id: str) -> str:
    """The id without the number that copies have in a control (see `build.control.equal`).

    >>> base_id("3f.2"), base_id("3f")
    ('3f', '3f')
    """
    return row_id.partition(".")[0]


def split_of(row_id: str, seed: int, splits: dict[str, float]) -> str:
    """The split of a row: decided by the seed and the row's id alone, so it survives any other change; `train` is the rest."""
    share = int.from_bytes(blake2b(f"{seed}:{base_id(row_id)}".encode(), digest_size=8).digest()) / 2**64
    for split, size in sorted(splits.items()):
        if share < size:
            return split
        share -= size
    return "train"


def split_of_shard(shard: Path) -> str:
    """The split that a shard is of, by its name."""
    return shard.name.rpartition("-of-")[0].rpartition("-")[0]


class WriteShards(PipelineStep):  # type: ignore[misc]
    """Writes the rows of every split in the order in which they came in."""

    type, name = "writer", "shards"

    def __init__(self, stage: ShardsStage, context: Run) -> None:
        super().__init__()
        self.stage, self.context, self.progress = stage, context, context.progress

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        folder = folder_of(self.context)
        building = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.building")
        building.mkdir(parents=True)
        for split, numbers in sorted(self._splits(self.context.rows).items()):
            rows = (from_record(record) for _, record in self.context.rows.at(numbers))
            n_shards = ceil(len(numbers) / self.stage.rows_per_shard)
            for number in range(n_shards):
                shard = building / f"{split}-{number:05d}-of-{n_shards:05d}.parquet"
                self._write(shard, islice(rows, self.stage.rows_per_shard), split)
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
        written = {file.name: sha256_of(file) for file in sorted(folder.iterdir())}
        write_text(self.context.folder / SHARDS, json.dumps(written))
        self.progress.flush()
        yield from ()

    def _splits(self, rows: Rows) -> dict[str, Numbers]:
        """Split -> the numbers of its rows."""
        members: dict[str, array[int]] = {}
        for number, record in enumerate(rows.records(["id"])):
            split = split_of(record["id"], self.stage.seed, self.stage.splits)
            members.setdefault(split, array("q")).append(number)
        return {split: np.array(numbers) for split, numbers in members.items()}

    def _write(self, shard: Path, rows: Iterable[Row], split: str) -> None:
        config, added = self.context.config, self.context.columns
        with AtomicParquetWriter(shard, self.stage.arrow_schema(self.context), content_defined=True) as writer:
            for row in rows:
                text = apply_template(self.stage.template, row.question)
                writer.write(released_record(config, row, text, added), row_bytes(row))
                self.progress.advance()
                self.stat_update("rows", split)
