"""The shards against the stages' files that they were written from: every column of every row, byte for byte."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, ClassVar, Literal

import numpy as np

from curation.commands.check.base import Check, Finding, Looked, Said, Skipped
from curation.commands.check.ids import read_columns
from curation.commands.check.subject import Shard, Subject
from curation.core.row import from_record
from curation.core.rows import Rows
from curation.core.schema import Column, released_record
from curation.core.stage_rows import rows_before_shards
from curation.release.shards import split_of
from curation.sampling.template import apply_template


class Origin(Check):
    """A value that is not what the stages left."""

    kind: Literal["origin"] = "origin"
    place: ClassVar[int] = 100

    def run(self, subject: Subject) -> Iterator[Said]:
        if not subject.dataset.is_build:
            yield Skipped("rows against the stages that they came from: a released set has none")
            return
        for config in subject.dataset.summary["configs"]:
            shards = [shard for shard in subject.of_the_set if shard.config == config]
            try:
                rows = rows_before_shards(subject.path, config)
                yield from _compared(subject, shards, rows)
            except (OSError, ValueError, KeyError) as error:
                yield Skipped(
                    f"{config} against its stages: {type(error).__name__}: {' '.join(str(error).split())[:120]}"
                )


def _compared(subject: Subject, shards: list[Shard], rows: Rows) -> Iterator[Said]:
    """The shards of each split beside the rows that belong to it, in their order."""
    manifest: dict[str, Any] = subject.dataset.lock["manifest"]
    splits, seed = (manifest[shards[0].config] or {}).get("splits") or {} if shards else {}, manifest.get("seed", 0)
    numbers: dict[str, list[int]] = {}
    for number, record in enumerate(rows.records(["id"])):
        numbers.setdefault(split_of(record["id"], seed, splits), []).append(number)
    for split, of_split in numbers.items():
        mine = [shard for shard in shards if shard.split == split]
        records = (record for _, record in rows.at(np.array(of_split)))
        for shard in mine:
            expected = islice(records, shard.n_rows)
            yield from _of_shard(subject, shard, expected, manifest["prompt_template"])
        if sum(shard.n_rows for shard in mine) != len(of_split):
            n = sum(shard.n_rows for shard in mine)
            what = f"the split {split!r} has {n} readable rows, and the stages left {len(of_split)}"
            yield Finding(f"data/{shards[0].config}", what, "copy or build the files again")


def _of_shard(subject: Subject, shard: Shard, expected: Iterator[dict[str, Any]], template: str) -> Iterator[Said]:
    added = [Column(f.name, f.type) for f in shard.schema]
    n, todo = 0, "copy or build the file again"
    for number, (record, stage) in enumerate(zip(read_columns(shard, shard.schema.names), expected, strict=False)):
        n += 1
        row = from_record(stage)
        where = f"{subject.name(shard.path)} row {number} ({record.get('id') or 'no id'})"
        if record.get("id") != row.id:
            yield Finding(where, f"is another row than the stages left in this place, {row.id}", todo)
            continue
        made = released_record(shard.config, replace(row), apply_template(template, row.question), added)
        differing = [name for name in record if name in made and not _same(record[name], made[name])]
        for name in differing:
            was, now = (_short(of) for of in (made[name], record[name]))
            yield Finding(
                where,
                f"{name} is {now}, and the stages left {was}" if was else f"{name} is not what the stages left",
                todo,
            )
    yield Looked(n, "rows")


def _same(one: Any, other: Any) -> bool:
    """Equal, as Arrow keeps values: what is null is empty, a single precision number is near, nan is nan."""
    if isinstance(one, float) and isinstance(other, float | int):
        return one == other or (one != one and other != other) or abs(one - other) <= 1e-6 * max(abs(one), abs(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_same(one[key], other[key]) for key in one.keys() & other.keys())
    if isinstance(one, list) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) or (one is None and not other) or (other is None and not one)


def _short(value: Any) -> str:
    """A value as it is shown; empty where it is long or has bytes."""
    text = repr(value)
    return "" if "b'" in text or 'b"' in text or len(text) > 200 else text
