"""The rows of a config as numbers: who each is and a hash of every column, some 170 bytes a row and nothing of its content."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from curation.core.row import Config
from curation.release.dataset import Dataset
from curation.release.shards import split_of_shard
from curation.sampling.template import PLACEHOLDER

Keys = npt.NDArray[np.uint64]
BATCH_ROWS = 500
NAMES = ("source", "source_id")
SPLIT, TEMPLATE = "split", "prompt_template"
"""What a row has beside its columns: its split, and whether its prompt differs in the template alone."""
_NULL = 0


@dataclass
class Side:
    """The rows of one config of one set, by number over its shards."""

    keys: Keys
    """By the id, in the cold-start set with the trace."""
    names: Keys
    """By source and source_id."""
    columns: dict[str, Keys] = field(default_factory=dict)
    bare: Keys = field(default_factory=lambda: np.empty(0, np.uint64))
    """The prompt without the template."""

    def __len__(self) -> int:
        return len(self.keys)


def side_of(dataset: Dataset, config: Config) -> Side:
    """Read a config once.

    Raises:
        OSError, ArrowException: a shard cannot be read.
    """
    shards = dataset.shards(config) if config in dataset.summary["configs"] else []
    n = sum(pq.read_metadata(shard).num_rows for shard in shards)
    names = list(dict.fromkeys(name for shard in shards for name in pq.read_schema(shard).names))
    side = Side(
        np.zeros(n, np.uint64), np.zeros(n, np.uint64), {name: np.zeros(n, np.uint64) for name in (*names, SPLIT)}
    )
    side.bare = np.zeros(n, np.uint64)
    before, _, after = str(dataset.manifest.get("prompt_template") or PLACEHOLDER).partition(PLACEHOLDER)
    at = 0
    for shard in shards:
        split = hash_of(split_of_shard(shard))
        with pq.ParquetFile(shard) as file:
            for batch in file.iter_batches(BATCH_ROWS):
                _add(side, batch, slice(at, at + len(batch)), split, (before, after))
                at += len(batch)
    return side


def _add(side: Side, batch: pa.RecordBatch, rows: slice, split: int, template: tuple[str, str]) -> None:
    columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
    for name, values in columns.items():
        side.columns[name][rows] = [hash_of(value) for value in values]
    side.columns[SPLIT][rows] = split
    empty = [""] * len(batch)
    named = zip(*(columns.get(name, empty) for name in NAMES), strict=True)
    side.names[rows] = [hash_of(f"{source}\0{source_id}") for source, source_id in named]
    side.keys[rows] = side.columns["id"][rows]
    if "completion" in columns:
        side.keys[rows] ^= side.columns["completion"][rows] * np.uint64(0x9E3779B97F4A7C15)
    side.bare[rows] = [hash_of(_bare(prompt, *template)) for prompt in columns.get("prompt", [None] * len(batch))]


def _bare(prompt: list[dict[str, str]] | None, before: str, after: str) -> list[str]:
    texts = [part for message in prompt or () for part in (message["role"], message["content"])]
    return [*texts[:-1], texts[-1].removeprefix(before).removesuffix(after)] if texts else []


def hash_of(value: Any) -> int:
    """64 bits of a value, whatever it is; 0 for null."""
    if value is None:
        return _NULL
    if isinstance(value, str):
        return xxhash.xxh3_64_intdigest(value.encode(errors="surrogatepass"))
    digest = xxhash.xxh3_64()
    for part in _parts(value):
        digest.update(part)
    return digest.intdigest()


def _parts(value: Any) -> Iterator[bytes]:
    """A value as bytes, each with what kind of thing it is."""
    if isinstance(value, bytes):
        yield b"b%d:" % len(value)
        yield value
    elif isinstance(value, dict):
        yield b"{"
        for key, member in sorted(value.items()):
            if key != "path":  # of an image inside the shard: null, or a name that nothing reads
                yield key.encode()
                yield from _parts(member)
    elif isinstance(value, list | tuple):
        yield b"[%d" % len(value)
        for member in value:
            yield from _parts(member)
    else:
        yield repr(value).encode(errors="surrogatepass")
