"""The files that stages publish: one of each name in the build's folder, over all configs. Parquet files of one name become one; of what
is no Parquet, a plot or JSON, one config alone may have a name.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.errors import BuildError
from curation.core.parquet import AtomicParquetWriter, read_records, whole_file, write_text
from curation.core.row import Config
from curation.release.published import PUBLISHED, published

LISTED = PUBLISHED
"""Their names, written before the first of them: what an interrupted or earlier build left is found by it."""


def publish_files(out: Path, of_configs: Mapping[Config, Sequence[tuple[str, Path]]]) -> None:
    """Write each Parquet file to `out`, the lines of all configs one after the other, with the column `config` in front, and the others as
    they are.

    Raises:
        BuildError: two files of one name have different columns, or are no Parquet.
    """
    unpublish(out)
    parts: dict[str, list[tuple[Config, Path]]] = {}
    for config, files in of_configs.items():
        for name, file in files:
            parts.setdefault(name, []).append((config, file))
    write_text(out / LISTED, json.dumps(sorted(parts)))
    for name, files_of_name in parts.items():
        if not name.endswith(".parquet"):
            _copy(name, [file for _, file in files_of_name], out)
            continue
        schemas = [pq.read_schema(file) for _, file in files_of_name]
        if differing := [
            f for (_, f), schema in zip(files_of_name, schemas, strict=True) if not schema.equals(schemas[0])
        ]:
            raise BuildError(
                f"{name}: {differing[0]} has other columns than {files_of_name[0][1]}; publish one of another name"
            )
        schema = schemas[0].insert(0, pa.field("config", pa.string()))
        with AtomicParquetWriter(out / name, schema) as writer:
            for config, file in files_of_name:
                for line in read_records(file):
                    n_bytes = sum(len(value) for value in line.values() if isinstance(value, str | bytes))
                    writer.write({"config": config, **line}, n_bytes)


def _copy(name: str, files: Sequence[Path], out: Path) -> None:
    if len(files) > 1:
        raise BuildError(
            f"{name}: {files[1]} has the name of {files[0]}, and the two are no Parquet; publish one of another name"
        )
    with whole_file(out / name) as copied:
        copied.write(files[0].read_bytes())


def unpublish(out: Path) -> None:
    """Remove what an earlier build published; nothing where the list is damaged: what is published anew replaces the files."""
    with suppress(BuildError):
        for name in published(out):
            if Path(name).name == name:  # a list that somebody else wrote may lead out of the folder
                (out / name).unlink(missing_ok=True)
    (out / LISTED).unlink(missing_ok=True)
