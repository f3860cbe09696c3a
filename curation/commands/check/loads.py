"""The set loads through `datasets`, streaming, with its images decoded."""

from collections import defaultdict
from collections.abc import Iterator
from typing import ClassVar, Literal

from curation.commands.check.base import Check, Finding, Looked, Said
from curation.commands.check.subject import Shard, Subject
from curation.core.errors import first_line

ROWS = 8
"""Rows of every split that `datasets` decodes, images included."""


class Loads(Check):
    """`datasets.load_dataset` reads every split."""

    kind: Literal["loads"] = "loads"
    place: ClassVar[int] = 130

    def run(self, subject: Subject) -> Iterator[Said]:
        splits: dict[tuple[str, str], list[Shard]] = defaultdict(list)
        for shard in subject.of_the_set:
            splits[shard.config, shard.split].append(shard)
        for (config, split), shards in splits.items():
            where = f"data/{config}, split {split}"
            try:
                _streamed(shards)
            except Exception as error:  # datasets, fsspec, Arrow and Pillow raise whatever they like
                what = f"does not load through `datasets`: {type(error).__name__}: {first_line(error)[:200]}"
                yield Finding(where, what, "copy or build the files again")
            yield Looked(1, "splits")


def _streamed(shards: list[Shard]) -> None:
    """Read the first rows of each file as a stream, decoded, and of all the features and the number of rows.

    Raises:
        ValueError: rows are missing, or images are not decoded; anything that the libraries raise.
    """
    import datasets

    for shard in shards:
        stream = datasets.load_dataset("parquet", data_files=[str(shard.path)], split="train", streaming=True)
        if "images" in shard.schema.names and "Image" not in str((stream.features or {}).get("images")):
            raise ValueError(f"{shard.path.name}: images load as {(stream.features or {}).get('images')}")
        n = sum(1 for _ in stream.take(ROWS))
        if n != min(ROWS, shard.n_rows):
            raise ValueError(f"{shard.path.name}: {n} rows come out of the first {min(ROWS, shard.n_rows)}")
