"""The shards against the stages' files that they were written from: every column of every row, byte for byte."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np

from curation.commands.check.base import Check, Finding, Looked, Said, Skipped
from curation.commands.check.ids import read_columns
from curation.commands.check.subject import Shard, Subject
from curation.core.row import Config, from_record
from curation.core.rows import Rows
from curation.core.schema import Column, released_record
from curation.core.stage_rows import rows_before_shards
from curation.release.shards import split_of
from curation.sampling.template import apply_template

TODO = "copy or build the files again"
WHO = ("source", "source_id")


class Origin(Check):
    """A value that is not what the stages left."""

    kind: Literal["origin"] = "origin"
    place: ClassVar[int] = 100
    whole: ClassVar[bool] = True

    def run(self, subject: Subject) -> Iterator[Said]:
        if not subject.dataset.is_build:
            yield Skipped("rows against the stages that they came from: a released set has none")
            return
        for config in subject.dataset.summary["configs"]:
            shards = [shard for shard in subject.of_the_set if shard.config == config]
            try:
                rows = rows_before_shards(subject.path, config)
                yield from _compared(subject, config, shards, rows)
            except (OSError, ValueError, KeyError) as error:
                yield Skipped(
                    f"{config} against its stages: {type(error).__name__}: {' '.join(str(error).split())[:120]}"
                )


def _compared(subject: Subject, config: Config, shards: list[Shard], rows: Rows) -> Iterator[Said]:
    """The shards of each split beside the rows that belong to it, in their order."""
    manifest: dict[str, Any] = subject.dataset.lock["manifest"]
    splits, seed = manifest[config].get("splits") or {}, manifest.get("seed", 0)
    numbers: dict[str, dict[tuple[str, str], int]] = {}
    for number, record in enumerate(rows.records(["id", *WHO])):
        numbers.setdefault(split_of(record["id"], seed, splits), {})[_who(record)] = number
    for split, of_split in numbers.items():
        mine = [shard for shard in shards if shard.split == split]
        places = [of_split.pop(_who(record), -1) for shard in mine for record in read_columns(shard, [*WHO])]
        ordered = longest_ascending(places)
        wanted = np.array([places[i] for i in sorted(ordered)], np.int64)
        stages = (record for _, record in rows.at(wanted))
        for where, place, shard, record in _numbered(subject, mine):
            if place in ordered:
                yield from _differing(shard, where, record, next(stages), manifest["prompt_template"])
            else:
                what = "no row" if places[place] < 0 else "in another place than the one"
                yield Finding(where, f"is {what} that the stages left in the split {split!r}", TODO)
        for source, source_id in of_split:
            what = f"the stages left {source}/{source_id} in the split {split!r}, and no shard has it"
            yield Finding(f"data/{config}", what, TODO)
        yield Looked(len(places), "rows")


def _who(record: dict[str, Any]) -> tuple[str, str]:
    """What a row is matched by: its record, and which of its traces."""
    return str(record.get("source")), str(record.get("source_id"))


def longest_ascending(numbers: Sequence[int]) -> set[int]:
    """The places of a longest ascending run among numbers from 0 on: of what was moved, the fewest are left out.

    >>> sorted(longest_ascending([0, 4, 1, 2, -1, 3]))
    [0, 2, 3, 5]
    """
    ends: list[int] = []
    """Length - 1 -> the place of the smallest number that such a run ends with."""
    before: dict[int, int | None] = {}
    for place, number in enumerate(numbers):
        if number < 0:
            continue
        length = bisect_left(ends, number, key=lambda end: numbers[end])
        before[place] = ends[length - 1] if length else None
        ends[length : length + 1] = [place]
    found, at = set[int](), ends[-1] if ends else None
    while at is not None:
        found.add(at)
        at = before[at]
    return found


def _numbered(subject: Subject, shards: list[Shard]) -> Iterator[tuple[str, int, Shard, dict[str, Any]]]:
    """Of every row where it is, its number among those of the split, its shard and its record."""
    first = 0
    for shard in shards:
        for row, record in enumerate(read_columns(shard, shard.schema.names)):
            where = f"{subject.name(shard.path)} row {row} ({record.get('id') or 'no id'})"
            yield where, first + row, shard, record
        first += shard.n_rows


def _differing(
    shard: Shard, where: str, record: dict[str, Any], stage: dict[str, Any], template: str
) -> Iterator[Finding]:
    """The columns of a row that are not what the stages left."""
    row, added = from_record(stage), [Column(field.name, field.type) for field in shard.schema]
    made = released_record(shard.config, replace(row), apply_template(template, row.question), added)
    for name in (name for name in record if name in made and not same(record[name], made[name])):
        was, now = (_short(of) for of in (made[name], record[name]))
        what = f"{name} is {now}, and the stages left {was}" if was else f"{name} is not what the stages left"
        yield Finding(where, what, TODO)


def same(one: Any, other: Any) -> bool:
    """Equal, as Arrow keeps values: what is null is empty, a single precision number is near, nan is nan."""
    if isinstance(one, float) and isinstance(other, float | int):
        return one == other or (one != one and other != other) or abs(one - other) <= 1e-6 * max(abs(one), abs(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return all(same(one[key], other[key]) for key in one.keys() & other.keys())
    if isinstance(one, list) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (one is None and not other) or (other is None and not one)


def _short(value: Any) -> str:
    """A value as it is shown; empty where it is long or has bytes."""
    text = repr(value)
    return "" if "b'" in text or 'b"' in text or len(text) > 200 else text
