"""Read curated Parquet shards. All that the trainer knows of `curation` is here: file names, columns and the schema's version.

    DIR/data/<config>/<split>-00000-of-00001.parquet

`rl` rows: prompt (messages), images, answer, answer_kind, answer_options; `cold_start` rows: prompt, completion (messages). What is
told of how pass rates were measured (`difficulty.sampler`) is read where it is there.
"""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

Config = Literal["rl", "cold_start"]

SCHEMA_VERSION = "1"
SAMPLING = ("temperature", "top_p", "max_tokens")
SHARD = re.compile(r"(.+)-\d{5}-of-\d{5}\.parquet")
COLUMNS: dict[Config, tuple[str, ...]] = {
    "rl": ("id", "prompt", "images", "answer", "answer_kind", "answer_options", "source", "domain"),
    "cold_start": ("prompt", "completion"),
}


def shard_files(data: Path, config: Config, split: str) -> list[Path]:
    """The shards of one split, sorted; `data` is a build's directory or the folder that holds the Parquet files.

    Raises:
        FileNotFoundError: the directory or the split is not there; says which splits are.
    """
    folder = data / "data" / config if (data / "data").is_dir() else data
    if not folder.is_dir():
        raise FileNotFoundError(f"no {config} shards: {folder} is not a directory")
    split_of = {path: shard[1] for path in sorted(folder.iterdir()) if (shard := SHARD.fullmatch(path.name))}
    files = [path for path, name in split_of.items() if name == split]
    if not files:
        found = ", ".join(sorted(set(split_of.values()))) or "no Parquet shards"
        raise FileNotFoundError(f"no split {split!r} in {folder}; found: {found}")
    return files


def read_shards(data: str | Path, config: Config, split: str = "train") -> Any:
    """The split as a `datasets.Dataset` with the columns of `COLUMNS[config]`, pictures decoded on access.

    Raises:
        FileNotFoundError: see `shard_files`.
        ValueError: a file is not Parquet, has another schema version, lacks a column, or the split has no rows.
    """
    from datasets import Dataset, concatenate_datasets

    files = shard_files(Path(data), config, split)
    full = [path for path in files if _n_rows(path, config)]
    if not full:
        raise ValueError(f"split {split!r} of {data} has no rows")
    for path in full if config == "rl" else ():
        _warn_of_another_template(path)
    columns = list(COLUMNS[config])
    return concatenate_datasets([Dataset.from_parquet(str(path)).select_columns(columns) for path in full])


def measured_sampling(data: str | Path, split: str) -> dict[str, Any]:
    """`SAMPLING` as the pass rates of an rl split were measured with it; {} where no row has a pass rate.

    Raises:
        FileNotFoundError: see `shard_files`.
        ValueError: the rows were measured in several ways.
    """
    files = shard_files(Path(data), "rl", split)
    ways = {tuple(sampler[name] for name in SAMPLING) for path in files for sampler in _samplers(path)}
    if len(ways) > 1:
        raise ValueError(
            f"split {split!r} of {data} was measured with several values of {', '.join(SAMPLING)}: {sorted(ways)}"
        )
    return {name: value for way in ways for name, value in zip(SAMPLING, way, strict=True)}


def _samplers(path: Path) -> Iterator[dict[str, Any]]:
    """`difficulty.sampler` of every row of a shard that has a pass rate."""
    file = pq.ParquetFile(path)
    if "difficulty" not in file.schema_arrow.names:
        return
    for batch in file.iter_batches(columns=["difficulty"]):
        for difficulty in filter(None, batch["difficulty"].to_pylist()):
            yield difficulty["sampler"]


def _warn_of_another_template(path: Path) -> None:
    """Pass rates that were measured with another prompt template than the shard's prompts have say little about them."""
    written = (pq.read_schema(path).metadata or {}).get(b"ovr.prompt_template_hash", b"").decode()
    for sampler in _samplers(path):
        if (sampled := sampler["template_hash"]) != written:
            warnings.warn(
                f"{path}: prompts have template {written}, their pass rates were measured with {sampled}",
                stacklevel=3,
            )
            return


def _n_rows(path: Path, config: Config) -> int:
    """How many rows a shard has, once its version and columns are what they should be."""
    try:
        file = pq.read_metadata(path)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path} is not a whole Parquet file: {error}") from error
    schema = file.schema.to_arrow_schema()
    version = (schema.metadata or {}).get(b"ovr.schema_version", b"none").decode()
    if version != SCHEMA_VERSION:
        raise ValueError(
            f"{path} has ovr.schema_version {version}, expected {SCHEMA_VERSION}: was it made by ovr-curate?"
        )
    missing = [name for name in COLUMNS[config] if name not in schema.names]
    if missing:
        raise ValueError(
            f"{path} has no column {missing[0]!r}, which a {config} shard needs; it has {', '.join(schema.names)}"
        )
    return int(file.num_rows)
