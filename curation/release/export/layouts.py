"""What the layouts of several trainers share."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from curation.release.export.rows import META, ExportRow, ExportSet

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
GOLD = ("answer", "answer_kind", "answer_options")


def file_name(one: ExportSet, split: str, ending: str) -> str:
    """The file of a split: `rl_train.parquet`."""
    return f"{one.config}_{split}.{ending}"


def splits_of(sets: list[ExportSet], config: str, ending: str) -> dict[str, str]:
    """Split -> file of a config; empty where it is not exported."""
    return {split: file_name(one, split, ending) for one in sets if one.config == config for split in one.shards}


def held_back(splits: Iterable[str]) -> str:
    """The split to evaluate with: the first beside `train`, or `train` where it is alone."""
    return next((split for split in splits if split != "train"), "train")


def sized(row: ExportRow, record: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """A record and its rough size."""
    return record, sum(map(len, row.images)) + sum(len(m["content"]) for m in row.messages) + len(row.completion)


def columns(row: ExportRow) -> dict[str, Any]:
    """The gold and where the row is from, as columns."""
    return {**row.meta, **row.gold, "weight": row.weight, "pass_rate": row.pass_rate}


COLUMN_TYPES = [
    *((name, pa.string()) for name in (*META, *GOLD)), ("weight", pa.float32()), ("pass_rate", pa.float64()),
]  # fmt: skip
"""The types of `columns`."""


def conversation(row: ExportRow) -> list[dict[str, str]]:
    """The prompt, and the trace behind it where there is one."""
    answer = [{"role": "assistant", "content": row.completion}] if row.completion else []
    return [*row.messages, *answer]


def every_split(sets: list[ExportSet]) -> Iterator[tuple[ExportSet, str]]:
    """Every set with every of its splits."""
    for one in sets:
        yield from ((one, split) for split in one.shards)
