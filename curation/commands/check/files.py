"""The files of the shards: all that the summary names and no other, whole, with the bytes that were written."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Literal, cast

import pyarrow as pa
import pyarrow.parquet as pq

from curation.commands.check.base import Check, Finding, Looked, Said, Skipped
from curation.commands.check.left import AGAIN, files_beside, unreadable
from curation.commands.check.subject import Subject
from curation.core.digests import sha256_of
from curation.core.errors import BuildError
from curation.core.row import Config
from curation.core.words import listed
from curation.release.shards import digests_as_written

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
        recorded = _recorded(subject)
        yield from files_beside(subject)
        for path in subject.listed:
            if what := _fault(subject, path, *recorded[path]):
                yield Finding(subject.name(path), what, AGAIN)
        if without := sum(not digests for _, digests in recorded.values()):
            yield Skipped("shards, their bytes: the summary of an earlier version has no sha256", without)
        yield from _strays(subject)
        yield from _numbers(subject)
        if not subject.dataset.is_build:
            yield from _kept_back(subject)
        empty = [config for config, of in subject.dataset.summary["configs"].items() if not of["shards"]]
        if len(empty) == len(subject.dataset.summary["configs"]):
            what = f"no row is left of {listed(empty)}: the build failed"
            yield Finding("summary.json", what, "change the manifest; the build says where the rows went")
        elif empty:  # the build has said it, and the other set is whole
            yield Skipped(f"{listed(empty)}: no row is left of it")
        yield Looked(len(subject.listed), "shards")


def _recorded(subject: Subject) -> dict[Path, tuple[int, dict[str, str]]]:
    """Shard -> its rows by the summary, and its digest by each file that records one."""
    found: dict[Path, tuple[int, dict[str, str]]] = {}
    for path, (config, control) in subject.listed.items():
        of = subject.dataset.summary["configs"][config]
        of = of["control"]["sets"][control] if control else of
        by = {
            "summary.json": (of.get("sha256") or {}).get(path.name),
            "its stage's record": _written(path).get(path.name),
        }
        found[path] = of["shards"][path.name], {name: digest for name, digest in by.items() if digest}
    return found


def _written(shard: Path) -> dict[str, str]:
    """The digests with which the stage wrote a shard and those beside it; none where its record cannot be read, which is a finding."""
    with suppress(BuildError):
        return digests_as_written(shard.parents[2], cast(Config, shard.parent.name))
    return {}


def _fault(subject: Subject, path: Path, n_rows: int, digests: dict[str, str]) -> str:
    """What is wrong with a shard; empty where nothing is."""
    if not path.exists():
        subject.broken.add(path)
        return "is missing; summary.json names it"
    digest = sha256_of(path)
    other = [name for name, expected in digests.items() if digest != expected]
    if why := unreadable(path, to_the_end=bool(other)):
        subject.broken.add(path)
        return why
    if other:
        return f"its SHA-256 is not the one in {listed(other)}: its bytes were changed"
    found = pq.read_metadata(path).num_rows
    return f"has {found} rows, summary.json says {n_rows}" if found != n_rows else ""


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


def _kept_back(subject: Subject) -> Iterator[Finding]:
    for name in _OF_RELEASES_NEVER:
        if (subject.path / name).exists():
            what = "is not to be released: it has texts of rows that ended or of evaluation items"
            yield Finding(name, what, "take it out of the set")
    removed = subject.path / "removed.parquet"
    with suppress(pa.ArrowException, OSError):  # said above
        if removed.exists() and "detail" in pq.read_schema(removed).names:
            yield Finding(removed.name, "has the column 'detail', which quotes texts of rows", "write it without")
