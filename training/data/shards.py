"""Read curated Parquet shards. All that the trainer knows of `curation` is here: file names, columns and the schema's version.

    DIR/data/<config>/<split>-00000-of-00001.parquet

`rl` rows: prompt (messages), images, answer, answer_kind, answer_options; `cold_start` rows: prompt, completion (messages). How pass
rates were measured (`difficulty.sampler`) is read where a shard says it. Whatever is wrong with the shards comes out of
`check_shards`, which loads nothing heavier than pyarrow.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

import rewards
from curation.core.row import Message, Row
from curation.core.schema import SCHEMA_VERSION, version_fault, version_of
from training.data.table import ShardTable

Config = Literal["rl", "cold_start"]

SAMPLING = ("temperature", "top_p", "max_tokens")
SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.parquet")
MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
IMAGES = pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
TYPES: dict[str, Any] = {"prompt": MESSAGES, "completion": MESSAGES, "images": IMAGES}
"""Every other column that is needed holds text."""
COLUMNS: dict[Config, tuple[str, ...]] = {
    "rl": ("id", "prompt", "images", "answer", "answer_kind", "answer_options", "source", "domain"),
    "cold_start": ("prompt", "completion"),
}


def shard_files(data: Path, config: Config, split: str) -> list[Path]:
    """The shards of one split, sorted; `data` is a build's directory or the folder that holds the Parquet files.

    Raises:
        FileNotFoundError: the directory or the split is not there, and which splits are; or a part of the split is missing.
        ValueError: the split's files are of several builds.
    """
    folder = data / "data" / config if (data / "data").is_dir() else data
    if not folder.is_dir():
        raise FileNotFoundError(f"no {config} shards: {folder} is not a directory")
    split_of = {path: shard[1] for path in sorted(folder.iterdir()) if (shard := SHARD.fullmatch(path.name))}
    files = [path for path, name in split_of.items() if name == split]
    if not files:
        found = ", ".join(sorted(set(split_of.values()))) or "no Parquet shards"
        raise FileNotFoundError(f"no split {split!r} in {folder}; found: {found}")
    _check_parts(files)
    return files


def _check_parts(files: list[Path]) -> None:
    """A split of which not every file is there would be read as a smaller one.

    Raises:
        FileNotFoundError: a number is missing of those that the names count to.
        ValueError: the names count to different totals.
    """
    parts = [(int(match[2]), int(match[3])) for path in files if (match := SHARD.fullmatch(path.name))]
    totals = sorted({total for _, total in parts})
    folder = files[0].parent
    if len(totals) > 1:
        raise ValueError(f"{folder}: files of several builds lie together: -of- {totals}; expected one number")
    if missing := sorted(set(range(totals[0])) - {number for number, _ in parts}):
        raise FileNotFoundError(
            f"{folder}: {len(files)} files of {totals[0]}: number {missing[0]:05d} is missing; copy it too"
        )


def default_split(data: Path) -> str:
    """`test` for an evaluation, or the only split of the rl shards."""
    folder = data / "data" / "rl" if (data / "data").is_dir() else data
    names = {shard[1] for path in folder.glob("*.parquet") if (shard := SHARD.fullmatch(path.name))}
    return names.pop() if len(names) == 1 else "test"


def check_shards(data: str | Path, config: Config, split: str) -> list[Path]:
    """The shards of a split that have rows; reads their metadata, and of `rl` shards which reward kinds they name.

    Raises:
        FileNotFoundError: see `shard_files`.
        ValueError: a file is not Parquet, has another schema version, lacks a column or names a kind that does not exist, or the
            split has no rows.
    """
    files = [path for path in shard_files(Path(data), config, split) if _n_rows(path, config)]
    if not files:
        raise ValueError(f"split {split!r} of {data} has no rows")
    for path in files if config == "rl" else ():
        _check_kinds(path)
    _warn_of_an_earlier_version(files)
    return files


def _warn_of_an_earlier_version(files: Iterable[Path]) -> None:
    """Say once that shards are of an earlier schema: what the trainer reads, it has; columns that came since are absent."""
    earlier = {version: path for path in files if (version := version_of(pq.read_schema(path))) != SCHEMA_VERSION}
    for version, path in earlier.items():
        message = f"{path}: ovr.schema_version {version}, today's is {SCHEMA_VERSION}: read without the columns that came since"
        warnings.warn(message, stacklevel=3)


def read_shards(data: str | Path, config: Config, split: str = "train") -> ShardTable:
    """The rows of a split by number, with the columns of `COLUMNS[config]`; `.dataset()` is what TRL takes.

    Raises:
        FileNotFoundError, ValueError: see `check_shards`.
    """
    files = check_shards(data, config, split)
    if config == "rl":
        warn_of_another_template(files)
    return ShardTable(files, COLUMNS[config])


def read_rows(files: Iterable[Path]) -> Iterator[Row]:
    """The rows of rl shards, with what sampling and judging need; images stay encoded."""
    for path in files:
        file = pq.ParquetFile(path)
        columns = [*COLUMNS["rl"], *(name for name in ("stratum", "source_id") if name in file.schema_arrow.names)]
        for batch in file.iter_batches(256, columns=columns):
            for record in batch.to_pylist():
                yield _row(record, path)


def _row(record: dict[str, Any], path: Path) -> Row:
    """A record as a row.

    Raises:
        ValueError: it has no id or no prompt, a message without text, or an image without bytes; says which row it is.
    """
    given = {name: value for name, value in record.items() if value}
    try:
        given["prompt"] = tuple(Message(**message) for message in record["prompt"])
        given["images"] = tuple(bytes(image["bytes"]) for image in record["images"] or ())
        if not given["prompt"] or any(message.content is None for message in given["prompt"]):
            raise TypeError("a message has no text")
        return Row(**{"source": "", "source_id": "", **given})
    except (TypeError, KeyError) as error:
        what = "has no id, no text, or an image without bytes; `ovr-train preflight` says which"
        raise ValueError(f"{path}: row {record.get('id')} {what}") from error


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


def template_hash(path: Path) -> str:
    """The hash of the prompt template that a shard was written with; empty where it does not say."""
    return str((pq.read_schema(path).metadata or {}).get(b"ovr.prompt_template_hash", b"").decode())


def warn_of_another_template(files: Iterable[Path]) -> None:
    """Warn of pass rates that were measured with another prompt template than the shard's: they say little about its prompts."""
    for path in files:
        written = template_hash(path)
        other = next((s["template_hash"] for s in _samplers(path) if s["template_hash"] != written), None)
        if other is not None:
            message = f"{path}: prompts have template {written}, their pass rates were measured with {other}"
            warnings.warn(message, stacklevel=3)


def _check_kinds(path: Path) -> None:
    """Make sure that every reward kind which a shard names exists.

    Raises:
        ValueError: names the file, the kind and the known kinds.
    """
    known = rewards.kinds()
    for kind in pq.read_table(path, columns=["answer_kind"])["answer_kind"].unique().to_pylist():
        if kind and kind not in known:
            raise ValueError(f"{path} has answer_kind {kind!r}; known: {', '.join(sorted(known))}")


def _n_rows(path: Path, config: Config) -> int:
    """How many rows a shard has, once its version and columns are what they should be."""
    for _, fault in file_faults(path, config):
        raise ValueError(f"{path}: {fault}")
    return int(pq.read_metadata(path).num_rows)


def file_faults(path: Path, config: Config) -> Iterator[tuple[str, str]]:
    """What makes a file unreadable as a shard: what is looked at (shards, schema), and what was got, expected and can be done."""
    try:
        schema = pq.read_metadata(path).schema.to_arrow_schema()
    except (pa.ArrowException, OSError) as error:
        yield "shards", f"not a whole Parquet file ({error}); build or copy it again"
        return
    if fault := version_fault(version_of(schema)):
        yield "schema", fault
        return
    for name in COLUMNS[config]:
        if name not in schema.names:
            yield "schema", f"no column {name!r}, which a {config} shard needs; it has {', '.join(schema.names)}"
        elif not _has_type(schema.field(name).type, name):
            yield "schema", f"column {name!r} is {schema.field(name).type}, expected {TYPES.get(name, 'string')}"


def _has_type(found: pa.DataType, name: str) -> bool:
    """`images` may be null in all rows, which are text rows then."""
    if name not in TYPES:
        return bool(pa.types.is_string(found) or pa.types.is_large_string(found))
    if name == "images" and pa.types.is_null(found):
        return True
    if not (pa.types.is_list(found) or pa.types.is_large_list(found)) or not pa.types.is_struct(found.value_type):
        return False
    return {field.name for field in found.value_type} >= {field.name for field in TYPES[name].value_type}
