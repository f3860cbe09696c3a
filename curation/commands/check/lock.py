"""Lock, summary and split: the files say that they are of one build, and every row is in the split that seed and id choose."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from curation.commands.check.base import Check, Finding, Looked, Said, Skipped
from curation.commands.check.ids import read_columns
from curation.commands.check.subject import Subject
from curation.core.lock import build_name
from curation.core.schema import SCHEMA_VERSION
from curation.core.stage_run import digest_of
from curation.release.shards import split_of


class Lock(Check):
    """The summary's `build` is the hash of the lock; config, schema and manifest of both agree."""

    kind: Literal["lock"] = "lock"
    place: ClassVar[int] = 15

    def run(self, subject: Subject) -> Iterator[Said]:
        todo = "copy all files of one build"
        summary, lock = subject.dataset.summary, subject.dataset.lock
        found = build_name(lock)
        if summary.get("build") not in (found, digest_of(lock)):  # the latter named the builds of schema 1
            what = f"is the build {found}, and summary.json is of {summary.get('build')}"
            yield Finding("manifest.lock.yaml", what, todo)
        name = (lock.get("manifest") or {}).get("name")
        if name != summary.get("name"):
            yield Finding("summary.json", f"is of {summary.get('name')!r}, and the lock of {name!r}", todo)
        for config in summary["configs"]:
            if not (lock.get("manifest") or {}).get(config):
                yield Finding("summary.json", f"has {config}, of which the lock says nothing", todo)
        if (version := (lock.get("versions") or {}).get("schema")) not in (None, SCHEMA_VERSION):
            yield Skipped(f"what schema {version} had otherwise: this is {SCHEMA_VERSION}")
        if subject.manifest is None:
            yield Skipped(f"what needs the manifest: it cannot be read here ({subject.manifest_error})")
        yield Looked(2, "files")


class Splits(Check):
    """Every row is in the split that the seed and its id choose."""

    kind: Literal["splits"] = "splits"
    place: ClassVar[int] = 38

    def run(self, subject: Subject) -> Iterator[Said]:
        manifest: dict[str, Any] = subject.dataset.lock.get("manifest") or {}
        for shard in subject.shards:
            splits, n = (manifest.get(shard.config) or {}).get("splits") or {}, 0
            for row, record in enumerate(read_columns(shard, ["id"])):
                n += 1
                if (
                    record.get("id")
                    and (split := split_of(record["id"], manifest.get("seed", 0), splits)) != shard.split
                ):
                    where = f"{subject.name(shard.path)} row {row} ({record['id']})"
                    what = f"belongs to the split {split!r} by its id and the seed"
                    yield Finding(where, what, "build the set again; a row of the test split must not be trained on")
            yield Looked(n, "rows")
