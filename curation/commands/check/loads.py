"""The set loads where it is used: through `datasets`, whole and streaming, and through the trainer's own reader."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from typing import ClassVar, Literal

from curation.commands.check.base import Check, Finding, Looked, Said, Skipped
from curation.commands.check.subject import Shard, Subject
from curation.core.errors import first_line

ROWS = 8
"""Rows of every split that `datasets` decodes, images included."""
TIMEOUT_S = 1800


class Loads(Check):
    """`datasets.load_dataset` and `ovr-train` read every split."""

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
        yield from _trained(subject, list(splits))


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


def _trained(subject: Subject, splits: list[tuple[str, str]]) -> Iterator[Said]:
    """What the trainer says, in a process of its own: it loads torch."""
    if find_spec("trl") is None or find_spec("training") is None:
        yield Skipped("the trainer's reader: the extra `train` is not installed")
        return
    names = [f"{config}/{split}" for config, split in splits]
    command = [sys.executable, "-m", "training.data.read_back", str(subject.path), *names]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        yield Skipped(f"the trainer's reader: it had not ended after {TIMEOUT_S} s")
        return
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    for line in map(json.loads, lines):
        if line["error"]:
            yield Finding(
                f"data/{line['split']}",
                f"the trainer cannot read it: {line['error'][:300]}",
                "see `ovr-train preflight`",
            )
        else:
            yield Looked(line["rows"], "rows by the trainer")
    if len(lines) != len(names):
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        yield Skipped(f"the trainer's reader: it ended with {done.returncode} and said {said[:160]!r}")
