"""The files of the shards: all that the summary names and no other, whole, with the bytes that were written."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from curation.build.publish import LISTED
from curation.commands.check.base import Check, Finding, Looked, Said, Skipped
from curation.commands.check.subject import Subject
from curation.core.digests import sha256_of
from curation.core.words import listed

AGAIN = "copy or build the file again"
_NUMBERED = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.parquet")
_OF_RELEASES_NEVER = (
    "contamination.parquet", "suspect_gold.parquet", "ledger.parquet", "stages", "rollouts", "control",
)  # fmt: skip
"""What a released set must not have: texts of rows that ended, texts of evaluation items."""


class Files(Check):
    """Missing, stray, cut short or changed shards, and what a release must not have."""

    kind: Literal["files"] = "files"
    place: ClassVar[int] = 10

    def run(self, subject: Subject) -> Iterator[Said]:
        there = {shard.path: shard for shard in subject.shards}
        recorded = _recorded(subject)
        without = 0
        for path in subject.listed:
            name = subject.name(path)
            if not path.exists():
                yield Finding(name, "is missing; summary.json names it", AGAIN)
            elif path in subject.broken:
                yield Finding(name, f"is no whole Parquet file: {subject.broken[path]}", AGAIN)
            elif there[path].n_rows != (expected := recorded[path][0]):
                yield Finding(name, f"has {there[path].n_rows} rows, summary.json says {expected}", AGAIN)
            if path.exists() and (digest := recorded[path][1]) is None:
                without += 1
            elif path.exists() and sha256_of(path) != digest:
                yield Finding(name, "its SHA-256 is not the one in summary.json: its bytes were changed", AGAIN)
        if without:
            yield Skipped("shards, their bytes: the summary of an earlier version has no sha256", without)
        yield from _strays(subject)
        yield from _numbers(subject)
        yield from _others(subject)
        if not subject.dataset.is_build:
            yield from _kept_back(subject)
        empty = [config for config, of in subject.dataset.summary["configs"].items() if not of["shards"]]
        if len(empty) == len(subject.dataset.summary["configs"]):
            what = f"no row is left of {listed(empty)}: the build failed"
            yield Finding("summary.json", what, "change the manifest; the build says where the rows went")
        elif empty:  # the build has said it, and the other set is whole
            yield Skipped(f"{listed(empty)}: no row is left of it")
        yield Looked(len(subject.listed), "shards")


def _recorded(subject: Subject) -> dict[Path, tuple[int, str | None]]:
    """Shard -> its rows and its digest by the summary."""
    found: dict[Path, tuple[int, str | None]] = {}
    for path, (config, control) in subject.listed.items():
        of = subject.dataset.summary["configs"][config]
        of = of["control"]["sets"][control] if control else of
        found[path] = of["shards"][path.name], (of.get("sha256") or {}).get(path.name)
    return found


def _strays(subject: Subject) -> Iterator[Finding]:
    """What is below `data/` and belongs to nothing: `load_dataset` would read it along."""
    for folder in (subject.path / "data", *sorted(subject.path.glob("control/*/data"))):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path not in subject.listed:
                what = "summary.json does not name it, and whoever loads the folder would read it"
                yield Finding(subject.name(path), what, "move it away")


def _numbers(subject: Subject) -> Iterator[Finding]:
    """The numbers in the names: 00000 to 000NN of 000NN in every split."""
    splits: dict[tuple[Path, str], list[tuple[int, int]]] = defaultdict(list)
    for path in subject.listed:
        if match := _NUMBERED.fullmatch(path.name):
            splits[path.parent, match[1]].append((int(match[2]), int(match[3])))
        else:
            yield Finding(subject.name(path), "its name is not SPLIT-00000-of-000NN.parquet", "build the set again")
    for (folder, split), numbers in splits.items():
        if sorted(numbers) != [(i, len(numbers)) for i in range(len(numbers))]:
            counted = ", ".join(f"{i:05d}-of-{n:05d}" for i, n in sorted(numbers))
            what = f"the shards of the split {split!r} in summary.json are {counted}"
            yield Finding(subject.name(folder), what, "build the set again")


def _others(subject: Subject) -> Iterator[Finding]:
    """The Parquet files beside the shards: whole, and all that the build has published."""
    listed = subject.path / LISTED
    published = json.loads(listed.read_text()) if listed.exists() else []
    for name in sorted({*published, *(path.name for path in subject.path.glob("*.parquet"))}):
        try:
            if not (subject.path / name).exists():
                yield Finding(name, "is missing; the build has published it", AGAIN)
            elif name.endswith(".parquet"):
                pq.read_metadata(subject.path / name)
        except (pa.ArrowException, OSError) as error:
            yield Finding(name, f"is no whole Parquet file: {' '.join(str(error).split())[:120]}", AGAIN)


def _kept_back(subject: Subject) -> Iterator[Finding]:
    for name in _OF_RELEASES_NEVER:
        if (subject.path / name).exists():
            what = "is not to be released: it has texts of rows that ended or of evaluation items"
            yield Finding(name, what, "take it out of the set")
    removed = subject.path / "removed.parquet"
    with suppress(pa.ArrowException, OSError):  # said above
        if removed.exists() and "detail" in pq.read_schema(removed).names:
            yield Finding(removed.name, "has the column 'detail', which quotes texts of rows", "write it without")
