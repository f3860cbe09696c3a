"""The last stage: the kept rows as the Parquet shards of a config, a task for each shard."""

import json
import shutil
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import ceil
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from pydantic import Field

from curation.core.digests import sha256_of
from curation.core.errors import BuildError, first_line
from curation.core.parquet import AtomicParquetWriter, write_text
from curation.core.progress import TaskProgress
from curation.core.row import Config, Row, from_record
from curation.core.rows import Numbers, RowFile, Rows
from curation.core.schema import released_record, released_schema
from curation.core.stage import Run, Stage
from curation.core.steps import row_bytes
from curation.sampling.template import apply_template, template_hash

SHARDS = "shards.json"
"""In the stage's folder: shard -> the SHA-256 with which it was written."""
DIGESTS = "digests"
"""There too: those of the shards, by part, until all of them are written."""
BUILDING = "shards"
"""There too: the shards, until all of them are written."""


@dataclass(frozen=True)
class Shard:
    """One of the `of` shards of a split, and the numbers of its rows."""

    split: str
    number: int
    of: int
    rows: Numbers

    @property
    def name(self) -> str:
        return f"{self.split}-{self.number:05d}-of-{self.of:05d}.parquet"


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

    def n_parts(self, run: Run) -> int:
        return max(len(self.shards(run.rows)), 1)

    def steps(self, run: Run) -> list[PipelineStep]:
        return [WriteShards(self, run)]

    def shards(self, rows: Rows) -> list[Shard]:
        """What is written, split by split, the rows of each in the order in which they came in."""
        return [
            Shard(split, number, n_shards, numbers[number * self.rows_per_shard : (number + 1) * self.rows_per_shard])
            for split, numbers in sorted(numbers_of_splits(rows, self.seed, self.splits).items())
            for n_shards in [ceil(len(numbers) / self.rows_per_shard)]
            for number in range(n_shards)
        ]

    def conclude(self, run: Run) -> None:
        """Put the shards in their place, all in one step.

        Raises:
            BuildError: one is not there.
        """
        building, folder = run.folder / BUILDING, folder_of(run)
        names = {shard.name for shard in self.shards(run.rows)}
        building.mkdir(exist_ok=True)  # no part has made it where there is no shard
        if missing := sorted(name for name in names if not (building / name).exists()):
            raise BuildError(f"{building}: {missing[0]} is not there, though its part is done; remove {run.folder}")
        for other in {file.name for file in building.iterdir()} - names:  # what a killed task was writing
            (building / other).unlink()
        digests = [json.loads(file.read_text()) for file in sorted((run.folder / DIGESTS).glob("*.json"))]
        write_text(run.folder / SHARDS, json.dumps({name: of for part in digests for name, of in sorted(part.items())}))
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        building.rename(folder)

    def outside(self, run: Run) -> list[Path]:
        return sorted(folder_of(run).glob("*.parquet"))

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


def numbers_of_splits(rows: Rows, seed: int, splits: Mapping[str, float]) -> dict[str, Numbers]:
    """Split -> the numbers of its rows; looked for once in a process, which writes several shards, as long as the files stay the same."""
    paths = [path for file in rows.files for path in (file.path, *file.decisions)]
    state = tuple((status.st_ino, status.st_mtime_ns, status.st_size) for status in map(Path.stat, paths))
    return _numbers_of_splits(rows.files, seed, tuple(splits.items()), state)


@lru_cache(maxsize=1)
def _numbers_of_splits(
    files: tuple[RowFile, ...],
    seed: int,
    splits: tuple[tuple[str, float], ...],
    state: tuple[tuple[int, int, int], ...],
) -> dict[str, Numbers]:
    rows = Rows(files)
    if not splits:
        return {"train": np.arange(len(rows))}
    members: dict[str, array[int]] = {}
    for number, record in enumerate(rows.records(["id"])):
        members.setdefault(split_of(record["id"], seed, dict(splits)), array("q")).append(number)
    return {split: np.array(numbers) for split, numbers in members.items()}


class WriteShards(PipelineStep):  # type: ignore[misc]
    """Task i writes shard i into the stage's folder."""

    type, name = "writer", "shards"

    def __init__(self, stage: ShardsStage, context: Run) -> None:
        super().__init__()
        self.stage, self.context = stage, context

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        rows, building = self.context.rows, self.context.folder / BUILDING
        building.mkdir(parents=True, exist_ok=True)
        progress = TaskProgress(self.context.folder / "progress", rank)
        for shard in self.stage.shards(rows)[rank : rank + 1]:
            records = (from_record(record) for _, record in rows.at(shard.rows))
            self._write(building / shard.name, records, shard.split, progress)
            digests = self.context.folder / DIGESTS / f"{rank:05d}.json"
            write_text(digests, json.dumps({shard.name: sha256_of(building / shard.name)}))
        progress.flush()
        yield from ()

    def _write(self, shard: Path, rows: Iterable[Row], split: str, progress: TaskProgress) -> None:
        config, added = self.context.config, self.context.columns
        with AtomicParquetWriter(shard, self.stage.arrow_schema(self.context), content_defined=True) as writer:
            for row in rows:
                text = apply_template(self.stage.template, row.question)
                writer.write(released_record(config, row, text, added), row_bytes(row))
                progress.advance()
        self.stat_update("rows", split, value=writer.n_rows)
